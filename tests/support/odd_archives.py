"""Archives as people and attackers really make them, each with the exact account that is due for it."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.data.importing.archive import ESCAPES, IN_ICLOUD, IS_LINK, LOCKED, SYSTEM_FILE
from engine.data.importing.ingest import NO_CLASS
from engine.data.importing.zip_reader import UNLISTED
from engine.data.modalities.image import NO_PICTURE
from engine.data.modalities.text import TEXT
from tests.support.odd_files import POINTER, encode, photo

INSIDE_DAMAGED = "It is damaged inside the archive. Make the archive again."
BROKEN = "The archive {name} is damaged or not complete. Download or make it again."
NO_FILES = "The archive {name} holds no files. Choose one with pictures in it."
NO_FILES_INSIDE = "An archive that holds no files."
ALL_LOCKED = "The archive {name} is protected by a password. Make it again without one."
OTHER_ARCHIVE = "{name} is a RAR or 7z archive. Zip and tar.gz are understood: unpack it and zip the folder."
NO_ARCHIVE = "{name} has the name of an archive, but does not begin like one. Download or make it again."
EMPTY_ARCHIVE = "The archive {name} is empty (0 bytes). Download or make it again."
TOO_DEEP = "An archive inside an archive inside an archive. Unpack it and add it."
ODD_COMPRESSION = "It is compressed in a way that is not understood here. Zip it again the ordinary way."
BOMB = (
    "Unpacked, the archive is more than {ratio} times as large as before, as only archives made to do harm are. "
    "Nothing was brought in. If you trust it, unpack it yourself and add the folder."
)
EMPTY_FILE = "The file is empty (0 bytes). Copy or download it again."
MISSING = "The file {file} is missing. Put it beside the table."
NO_LINE = "No line of the table names it. Add a line with its label."
OUTSIDE = "{file} lies outside the folder of the table, and no file of this name came with it. Put it beside the table."
TWICE = "The table gives {file} twice, as {first} and as {second}; the first was taken. Remove one line."


def picture(seed: int) -> bytes:
    return encode(photo(seed, 16, 12), "PNG")


ONE, TWO, THREE = picture(1), picture(2), picture(3)


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def tar_of(*members: tuple[str, bytes], mode: str = "w:gz", kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _tar_with(kind: bytes) -> bytes:
    """Return a tar of one picture and one member that is no file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        odd = tarfile.TarInfo("cats/odd.png")
        odd.type, odd.linkname = kind, "/etc/passwd"
        file.addfile(odd)
        info = tarfile.TarInfo("cats/1.png")
        info.size = len(ONE)
        file.addfile(info, io.BytesIO(ONE))
    return buffer.getvalue()


def _locked(content: bytes, only: bytes = b"") -> bytes:
    """Set the flag of encryption in the headers of a zip, of all members or of the one with `only` as its name."""
    changed = bytearray(content)
    for signature, flag, name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = changed.find(signature)
        while at >= 0:
            if changed[at + name :].startswith(only):
                changed[at + flag] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def _wrong_checksum() -> bytes:
    content = bytearray(zip_of(("cats/1.png", ONE), ("cats/2.png", TWO), compression=zipfile.ZIP_STORED))
    content[content.find(TWO) + 60] ^= 255
    return bytes(content)


def _unknown_compression() -> bytes:
    content = bytearray(zip_of(("cats/1.png", ONE)))
    central = content.find(b"PK\x01\x02")
    content[8:10] = content[central + 10 : central + 12] = struct.pack("<H", 9)
    return bytes(content)


def _link_in_zip() -> bytes:
    link = zipfile.ZipInfo("cats/link.png")
    link.external_attr = 0o120777 << 16
    return zip_of((link, b"/etc/passwd"), ("cats/1.png", ONE))


def _overlapping() -> bytes:
    """Two entries of the directory point at one and the same content, as in bombs without nesting (Fifield, 2019)."""
    content = bytearray(zip_of(("cats/1.png", ONE), ("cats/2.png", TWO)))
    second = content.find(b"PK\x01\x02", content.find(b"PK\x01\x02") + 4)
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(content)


def _in_cp437(name: str) -> bytes:
    """Return a zip as old programs write it: names in the code page of DOS, without a flag."""
    raw = name.encode("cp437")
    return zip_of(("cats/" + "X" * len(raw) + ".png", ONE)).replace(b"X" * len(raw), raw)


def _deep(levels: int) -> bytes:
    content = zip_of(("1.png", ONE))
    for level in range(levels):
        content = zip_of((f"{level}.zip", content))
    return content


CATS_AND_DOGS = (("cats/1.png", ONE), ("dogs/2.png", TWO))
CAT, DOG = ("cats/1.png", "cats"), ("dogs/2.png", "dogs")
LONG = "a" * 3000


@dataclass(frozen=True)
class Case:
    """`used` are (name, label), `refused` {name: template}; `error` is the template that ends the import."""

    content: Callable[[], bytes]
    used: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)
    error: str = ""
    name: str = "pictures.zip"


CASES: dict[str, Case] = {
    "an ordinary zip": Case(lambda: zip_of(*CATS_AND_DOGS), [CAT, DOG]),
    "an ordinary tar": Case(lambda: tar_of(*CATS_AND_DOGS), [CAT, DOG], name="a.tar.gz"),
    "a zip of zips of classes": Case(
        lambda: zip_of(("cats.zip", zip_of(("1.png", ONE))), ("dogs.zip", zip_of(("2.png", TWO)))), [CAT, DOG]
    ),
    "a zip of zips that hold a folder of their name": Case(
        lambda: zip_of(("cats.zip", zip_of(("cats/1.png", ONE))), ("dogs.zip", zip_of(("dogs/2.png", TWO)))),
        [("cats/cats/1.png", "cats"), ("dogs/dogs/2.png", "dogs")],
    ),
    "a zip with class zips in a folder": Case(
        lambda: zip_of(("all/cats.zip", zip_of(("1.png", ONE))), ("all/dogs.tar.gz", tar_of(("2.png", TWO)))),
        [("all/cats/1.png", "cats"), ("all/dogs/2.png", "dogs")],
    ),
    "zips of the parts": Case(
        lambda: zip_of(("train.zip", zip_of(("cats/1.png", ONE))), ("test.zip", zip_of(("cats/2.png", TWO)))),
        [("train/cats/1.png", "cats"), ("test/cats/2.png", "cats")],
    ),
    "a zip in a zip in a zip": Case(lambda: _deep(2), [("1/0/1.png", "0")]),
    "one level too deep": Case(lambda: _deep(3), [], {"2/1/0.zip": TOO_DEEP}),
    "a damaged zip inside": Case(
        lambda: zip_of(("cats/1.png", ONE), ("dogs.zip", zip_of(("2.png", TWO))[:-30])), [CAT], {"dogs.zip": BROKEN}
    ),
    "an empty zip inside": Case(
        lambda: zip_of(("cats/1.png", ONE), ("dogs.zip", zip_of())), [CAT], {"dogs.zip": NO_FILES_INSIDE}
    ),
    "no zip at all inside": Case(lambda: zip_of(("cats/1.png", ONE), ("dogs.zip", b"hi")), [CAT], {"dogs.zip": BROKEN}),
    "a RAR inside": Case(
        lambda: zip_of(("cats/1.png", ONE), ("cats/old.rar", b"Rar!\x1a\x07\x01\0")),
        [CAT],
        {"cats/old.rar": "This is a RAR archive, not a picture. Unpack it and add its pictures."},
    ),
    "a password on everything": Case(lambda: _locked(zip_of(*CATS_AND_DOGS)), error=ALL_LOCKED),
    "a password on one": Case(lambda: _locked(zip_of(*CATS_AND_DOGS), b"dogs"), [CAT], {"dogs/2.png": LOCKED}),
    "a zip cut off": Case(lambda: zip_of(*CATS_AND_DOGS)[:-40], error=BROKEN),
    "a tar cut off": Case(lambda: tar_of(("cats/1.png", bytes(range(256)) * 900))[:-300], error=BROKEN, name="a.tgz"),
    "a wrong checksum": Case(_wrong_checksum, [CAT], {"cats/2.png": INSIDE_DAMAGED}),
    "a compression nobody knows": Case(_unknown_compression, [], {"cats/1.png": ODD_COMPRESSION}),
    "entries that overlap": Case(_overlapping, [CAT], {"cats/2.png": UNLISTED}),
    "a bomb": Case(lambda: zip_of(*((f"a/{n}.bmp", bytes(23_000_000)) for n in range(3))), error=BOMB),
    "a bomb in a zip": Case(
        lambda: zip_of(("a.zip", zip_of(*((f"{n}.bmp", bytes(23_000_000)) for n in range(3))))), error=BOMB
    ),
    "a bomb as a tar": Case(
        lambda: tar_of(*((f"a/{n}.bmp", bytes(23_000_000)) for n in range(3))), error=BOMB, name="a.tar.gz"
    ),
    "paths that climb out": Case(
        lambda: zip_of(("../../evil.png", THREE), ("cats/../../evil.png", THREE), ("cats/1.png", ONE)),
        [CAT],
        {"../../evil.png": ESCAPES, "cats/../../evil.png": ESCAPES},
    ),
    "absolute paths": Case(
        lambda: tar_of(("/etc/evil.png", THREE), ("C:/evil.png", THREE), ("cats/1.png", ONE)),
        [CAT],
        {"/etc/evil.png": ESCAPES, "C:/evil.png": ESCAPES},
    ),
    "backslashes of Windows": Case(lambda: zip_of(("cats\\1.png", ONE), ("dogs\\2.png", TWO)), [CAT, DOG]),
    "a link in a zip": Case(_link_in_zip, [CAT], {"cats/link.png": IS_LINK}),
    "a symbolic link in a tar": Case(lambda: _tar_with(tarfile.SYMTYPE), [CAT], {"cats/odd.png": IS_LINK}),
    "a hard link in a tar": Case(lambda: _tar_with(tarfile.LNKTYPE), [CAT], {"cats/odd.png": IS_LINK}),
    "a device in a tar": Case(lambda: _tar_with(tarfile.CHRTYPE), [CAT], {"cats/odd.png": IS_LINK}),
    "a pipe in a tar": Case(lambda: _tar_with(tarfile.FIFOTYPE), [CAT], {"cats/odd.png": IS_LINK}),
    "one name twice": Case(lambda: zip_of(("cats/1.png", ONE), ("cats/1.png", TWO)), [CAT, CAT]),
    "names with line breaks and colours": Case(
        lambda: tar_of(("cats/a\nb\x1b[31m.png", ONE)),
        [("cats/a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m.png", "cats")],
    ),
    "names in emoji": Case(
        lambda: zip_of(("\N{CAT}/\N{SLEEPING SYMBOL}.png", ONE)), [("\N{CAT}/\N{SLEEPING SYMBOL}.png", "\N{CAT}")]
    ),
    "names that are no text": Case(lambda: tar_of(("cats/\udcff\udcfe.png", ONE)), [("cats/??.png", "cats")]),
    "a very long name": Case(lambda: zip_of((f"cats/{LONG}.png", ONE)), [(f"cats/{LONG}.png", "cats")]),
    "names of DOS": Case(lambda: _in_cp437("Käse"), [("cats/Käse.png", "cats")]),
    "right to left and zero width": Case(
        lambda: zip_of(("ca\u202ets\u200b/1.png", ONE)),
        [
            (
                "ca\N{REPLACEMENT CHARACTER}ts\N{REPLACEMENT CHARACTER}/1.png",
                "ca\N{REPLACEMENT CHARACTER}ts\N{REPLACEMENT CHARACTER}",
            )
        ],
    ),
    "what systems leave behind": Case(
        lambda: zip_of(
            ("cats/1.png", ONE),
            ("cats/.DS_Store", b"x"),
            ("__MACOSX/cats/._1.png", b"\0\5\x16\7"),
            ("cats/.ipynb_checkpoints/1-checkpoint.png", ONE),
            ("Thumbs.db", b"x"),
            ("cats/.2.jpg.icloud", b"bplist00"),
        ),
        [CAT],
        {
            "cats/.DS_Store": SYSTEM_FILE,
            "__MACOSX/cats/._1.png": SYSTEM_FILE,
            "cats/.ipynb_checkpoints/1-checkpoint.png": SYSTEM_FILE,
            "Thumbs.db": SYSTEM_FILE,
            "cats/.2.jpg.icloud": IN_ICLOUD,
        },
    ),
    "a pointer instead of the picture": Case(
        lambda: zip_of(("cats/1.png", ONE), ("cats/2.png", POINTER)),
        [CAT],
        {"cats/2.png": "This is a Git LFS pointer, not the picture itself. Run 'git lfs pull' first."},
    ),
    "upper case and no suffix": Case(
        lambda: zip_of(("cats/1.PNG", ONE), ("dogs/2", TWO)), [("cats/1.PNG", "cats"), ("dogs/2", "dogs")]
    ),
    "an empty file": Case(lambda: zip_of(("cats/1.png", ONE), ("cats/2.png", b"")), [CAT], {"cats/2.png": EMPTY_FILE}),
    "a picture beside the classes": Case(
        lambda: zip_of(*CATS_AND_DOGS, ("cover.png", THREE), ("read me.txt", b"hello there")),
        [CAT, DOG],
        {"cover.png": NO_CLASS, "read me.txt": TEXT.foreign},
    ),
    "only folders": Case(lambda: zip_of(("cats/", b"")), error=NO_FILES),
    "nothing": Case(lambda: zip_of(), error=NO_FILES),
    "zero bytes": Case(lambda: b"", error=EMPTY_ARCHIVE),
    "a gz that is no tar": Case(lambda: gzip.compress(b"hello" * 99), error=BROKEN, name="a.tar.gz"),
    "a RAR": Case(lambda: b"Rar!\x1a\x07\x01\0" + bytes(40), error=OTHER_ARCHIVE, name="a.rar"),
    "a 7z": Case(lambda: b"7z\xbc\xaf\x27\x1c" + bytes(40), error=OTHER_ARCHIVE, name="a.7z"),
    "words named zip": Case(lambda: b"hello", error=NO_ARCHIVE),
    "a zip named as a picture": Case(lambda: zip_of(*CATS_AND_DOGS), [CAT, DOG], name="cat.jpg"),
    "a table for every picture": Case(
        lambda: zip_of(
            (
                "items.csv",
                b"\xef\xbb\xbffile;label;group;split\r\ncats/1.png;lion;zoo;train\r\ndogs\\2.png;wolf;wild;test\r\n",
            ),
            *CATS_AND_DOGS,
        ),
        [("cats/1.png", "lion"), ("dogs/2.png", "wolf")],
    ),
    "a table as a JSON array": Case(
        lambda: zip_of(
            ("items.json", b'[{"file": "cats/1.png", "label": "lion"}, {"file": "dogs/2.png", "label": 7}]'),
            *CATS_AND_DOGS,
        ),
        [("cats/1.png", "lion"), ("dogs/2.png", "7")],
    ),
    "a table with every fault": Case(
        lambda: zip_of(
            (
                "t.csv",
                (
                    b'id,file,label,note\n1,1.png,lion,"two\nlines"\n2,1.png,wolf,\n3,1.png,lion,again\n'
                    b"4,/etc/passwd,x,\n5,C:\\a.png,x,\n6,gone.png,x,\n7,2.png,,\n8,bad.png,x,\n"
                ),
            ),
            ("1.png", ONE),
            ("2.png", TWO),
            ("3.png", THREE),
            ("bad.png", b"\0\1\2\xff" * 30),
        ),
        [("1.png", "lion"), ("2.png", None)],
        {
            "t.csv:4": TWICE,
            "t.csv:6": OUTSIDE,
            "t.csv:7": OUTSIDE,
            "t.csv:8": MISSING,
            "3.png": NO_LINE,
            "bad.png": NO_PICTURE,
        },
    ),
    "a table in UTF-16": Case(
        lambda: zip_of(("t.tsv", "file\tlabel\r\n1.png\tKäfer\r\n".encode("utf-16")), ("1.png", ONE)),
        [("1.png", "Käfer")],
    ),
}
