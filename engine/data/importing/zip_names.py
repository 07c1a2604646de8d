"""How the files in a zip are called: by its own Unicode field, as UTF-8, or in one code page for all of its names."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.importing import code_pages
from engine.data.importing.choices import question

UTF8_NAME = 0x800
UNICODE_PATH = 0x7075  # the extra field with the name in UTF-8 (APPNOTE 4.6.9)
EXAMPLES = 3
ABOUT = "{name} does not say how the names in it are written. Read as {encoding}, it holds {example}."


@dataclass(frozen=True)
class CodePage:
    """The code page that was taken for the names of an archive, its rivals, and some names as it reads them."""

    archive: str
    encoding: str
    others: tuple[str, ...]
    example: str

    def question(self) -> dict:
        """Return what a person may be asked."""
        values = {"name": self.archive, "encoding": self.encoding, "example": self.example}
        return question("encoding", ABOUT, self.encoding, self.others, **values)


class ZipNames:
    """Reads the names in the zips of one import; `guessed` holds the code pages that no zip said."""

    def __init__(self, encoding: str | None = None):
        """encoding: the code page that a person chose."""
        self._wanted = encoding
        self.guessed: list[CodePage] = []

    def of(self, infos: Sequence[zipfile.ZipInfo], title: str) -> list[str]:
        """Return the names in the order of `infos`, with / between folders."""
        said = [_unicode_field(info) for info in infos]
        raw = [_bytes(info) for info in infos]
        unsaid = [name for name, own in zip(raw, said, strict=True) if own is None and name is not None]
        guess = code_pages.of_names([name for name in unsaid if not name.isascii()], self._wanted)
        names = [
            own or (info.filename if name is None else code_pages.decoded(name, guess.encoding))
            for info, own, name in zip(infos, said, raw, strict=True)
        ]
        names = [name.replace("\\", "/") for name in names]
        if guess.guessed:
            self.guessed.append(_code_page(names, title, guess))
        return names


def _bytes(info: zipfile.ZipInfo) -> bytes | None:
    """Return a name as it stands in the zip, None where it says that it is UTF-8."""
    return None if info.flag_bits & UTF8_NAME else info.filename.encode("cp437")


def _unicode_field(info: zipfile.ZipInfo) -> str | None:
    """Return the name in the field that Info-ZIP and others add, as long as it belongs to the name beside it."""
    raw, extra = _bytes(info), info.extra
    while raw is not None and len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == UNICODE_PATH and len(field) > 5 and struct.unpack("<I", field[1:5])[0] == zlib.crc32(raw):
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _code_page(names: Sequence[str], title: str, guess: code_pages.Guess) -> CodePage:
    pieces = (piece for name in names for piece in name.split("/") if not piece.isascii())
    return CodePage(title, guess.encoding, guess.others, ", ".join(list(dict.fromkeys(pieces))[:EXAMPLES]))
