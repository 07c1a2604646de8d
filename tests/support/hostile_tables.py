"""Tables made to do harm: few bytes, packed, of very many lines, cells or letters."""

from collections.abc import Callable

from tests.support.odd_archives import ONE, zip_of

MB = 2**20
PICTURE = ("cats/1.png", ONE)
ACCENTS = "a" + "\u0301\u0316" * 200_000  # two kinds in turn: composing them means sorting them


def beside(name: str, content: bytes) -> Callable[[], bytes]:
    return lambda: zip_of((name, content), PICTURE)


TOO_LARGE, NO_TABLE = "too large for a table", "does not say which label"
# {what it is: (file name, how it is made, words of the reason; empty: the picture is used)}
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "fifteen million lines": ("a.zip", beside("t.csv", b"file,label\n" + b"a,b\n" * (15 * MB)), TOO_LARGE),
    "sixty million cells": ("a.zip", beside("t.csv", b"file,label\n" + b"," * (60 * MB)), TOO_LARGE),
    "two hundred thousand lines": ("a.zip", beside("t.csv", b"file,label\n" + b"cats/1.png,b\n" * 200_000), ""),
    "a cell of sixty megabytes": ("a.zip", beside("t.csv", b"file,label\n" + b"a" * (60 * MB)), "cannot be read"),
    "twenty million objects": ("a.zip", beside("t.json", b"[" + b"{}," * (20 * MB) + b"{}]"), TOO_LARGE),
    "a million brackets": ("a.zip", beside("t.json", b"[" * MB), NO_TABLE),
    "a million digits": ("a.zip", beside("t.jsonl", b'{"file": "1.png", "label": ' + b"1" * MB + b"}"), NO_TABLE),
    "accents without end as a heading": (
        "a.zip",
        beside("t.csv", f"file,{ACCENTS}\n1.png,x\n".encode()),
        "gives a class",
    ),
    "accents without end as a label": ("a.zip", beside("t.csv", f"file,label\ncats/1.png,{ACCENTS}\n".encode()), ""),
}
