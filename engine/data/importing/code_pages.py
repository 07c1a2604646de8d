"""Which code page a text was written in that is neither UTF-8 nor says so: guessed over all of it together.

chardet knows how often letters follow each other in 99 encodings, which a few short class names are enough for; what
it is sure of least is shown with its rivals and can be changed.
"""

import codecs
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import DataError

# What people's programs write, by the name Python knows it by; the first of two with the same letters is taken.
OFFERED = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp437", "cp850"),
    *("cp852", "cp866", "mac_roman", "mac_cyrillic", "koi8_r", "cp932", "euc_jp", "gb18030", "big5"),
    *("cp949", "cp874", "utf-8", "utf-16"),
)
# Where little speaks for any, the usual one is right more often: DOS pages in the names of zips, Windows' in tables.
OF_ZIPS = ("cp437", "cp850", "cp852", "cp866", "cp932", "gb18030", "big5", "cp949")
OF_TABLES = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5", "cp949")
USUAL = 1.3  # times as likely
ODD = 0.3  # a reading with a sign or a capital letter in the middle of a word is so much less likely
OTHERS = 3  # rivals that are shown
MOST_BYTES = 20_000  # that are looked at
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Guess:
    """The code page that was taken, others that are possible, and whether a person should look at it."""

    encoding: str
    others: tuple[str, ...] = ()
    guessed: bool = False


def checked(encoding: str) -> str:
    """Return the name Python has for a code page that somebody typed. Raises DataError where it has none."""
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise DataError(
            "There is no code page called {encoding}. Known are, among others: {known}.",
            encoding=encoding,
            known=", ".join(OFFERED),
        ) from error


def of_names(names: Sequence[bytes], wanted: str | None = None) -> Guess:
    """Return the code page of file names, one for all of them; UTF-8 where all of them are that."""
    if wanted and _all_decode(names, wanted):
        return Guess(wanted)
    if _all_decode(names, "utf-8"):
        return Guess("utf-8")
    return _guess(b"\n".join(dict.fromkeys(piece for name in names for piece in _pieces(name))), OF_ZIPS)


def of_text(content: bytes, wanted: str | None = None) -> Guess:
    """Return the code page of a table: what it says itself, UTF-8, UTF-16 without a mark, or a guess."""
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return Guess(encoding)
    if wide := _without_mark(content):
        return Guess(wide)
    if wanted and _all_decode([content], wanted):
        return Guess(wanted)
    if _all_decode([content], "utf-8"):
        return Guess("utf-8")
    words = (word for word in re.split(rb"[\r\n;,\t|\"]", content) if not word.isascii())
    return _guess(b"\n".join(dict.fromkeys(words)), OF_TABLES)


def decoded(content: bytes, encoding: str) -> str:
    """Return the text; what cannot be read in this code page is replaced by a mark."""
    return content.decode(encoding, "replace")


def _all_decode(texts: Iterable[bytes], encoding: str) -> bool:
    try:
        return all(text.decode(encoding) is not None for text in texts)
    except UnicodeDecodeError:
        return False


def _without_mark(content: bytes) -> str | None:
    """Return UTF-16 with the right order of bytes, by where the zeros of its commas and line ends stand."""
    sample = content[:4000]
    if len(sample) < 4 or sample.count(0) < len(sample) // 10:
        return None
    for encoding, mark in (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n")):
        even = [place for place in range(0, len(sample) - 1, 2) if sample[place : place + 2] == mark]
        if even or sample[encoding == "utf-16-le" :: 2].count(0) > len(sample) // 4:
            return encoding
    return None


def _pieces(name: bytes) -> list[bytes]:
    """Return the folders and the file of a name without counters and suffix, where they hold foreign letters."""
    return [piece for piece in re.split(rb"[/0-9.]", name) if not piece.isascii()]


def _guess(sample: bytes, usual: Sequence[str]) -> Guess:
    import chardet  # here, because its tables take a moment and most imports never need them

    sure: dict[str, float] = {}
    for found in chardet.detect_all(sample[:MOST_BYTES], ignore_threshold=True):
        encoding = _offered(found["encoding"])
        if encoding and encoding not in sure and _all_decode([sample], encoding):
            sure[encoding] = found["confidence"] * _likely(decoded(sample, encoding))
            sure[encoding] *= USUAL if encoding in usual else 1.0
    ranked = sorted(sure, key=lambda encoding: -sure[encoding])
    ranked = _different(sample, [*ranked, usual[0], "cp1252", "cp437"])
    return Guess(ranked[0], tuple(ranked[1 : 1 + OTHERS]), guessed=True)


def _likely(text: str) -> float:
    """Return 1 for words of letters, less where signs or capital letters stand inside them."""
    foreign = [letter for letter in text if not letter.isascii()]
    odd = sum(not letter.isalpha() and unicodedata.category(letter) not in ("Mn", "Mc") for letter in foreign)
    odd += sum(before.islower() and letter.isupper() for before, letter in itertools.pairwise(text))
    return ODD if odd else 1.0


def _offered(name: str | None) -> str | None:
    known = {codecs.lookup(one).name: one for one in OFFERED}
    return known.get(codecs.lookup(name).name) if name and _exists(name) else None


def _exists(name: str) -> bool:
    try:
        return bool(codecs.lookup(name))
    except LookupError:
        return False


def _different(sample: bytes, encodings: Sequence[str]) -> list[str]:
    """Return the encodings that read the sample differently, each reading once."""
    readings: dict[str, str] = {}
    for encoding in encodings:
        readings.setdefault(decoded(sample, encoding), encoding)
    return list(readings.values())
