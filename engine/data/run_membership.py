"""Was a picture among those of a run? The same file, the same pixels, or a copy that was resized or saved anew."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.data import fingerprint, thumbnails
from engine.data.modalities import image as image_files
from engine.data.split import SPLITS
from engine.storage.registry import Item


@dataclass(frozen=True)
class Picture:
    """A picture of a run, with what tells it from others. `phash` is "" where only its content hash is left."""

    sha256: str
    split: str
    label: str
    pixels_hash: str = ""
    phash: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Found:
    """Which part of a run a picture is in, under which label; `exact`: pixel by pixel, and not a copy of it."""

    split: str
    label: str
    exact: bool


def of_run(snapshot: Iterable[dict], items: Iterable[Item]) -> list[Picture]:
    """Return the pictures of a snapshot with the fingerprints of those that are still in the data."""
    prints = {item.sha256: item for item in items}
    return [_picture(row, prints.get(row["sha256"])) for row in snapshot]


def find(content: bytes, pictures: Sequence[Picture]) -> Found | None:
    """Return where the picture of this content is among `pictures`, None where it is new.

    Raises DataError where the content is no picture.
    """
    image, (width, height) = image_files.open_with_size(content, target=thumbnails.DECODE_SIZE)
    small = thumbnails.shrink(image)
    pixels = fingerprint.pixels_hash(small, (width, height))
    one = Picture(hashlib.sha256(content).hexdigest(), "", "", pixels, fingerprint.phash(small), width, height)
    same = [each for each in pictures if each.sha256 == one.sha256 or each.pixels_hash == pixels]
    copies = same or [pictures[place] for place in fingerprint.copies_of(one, pictures)]
    if not copies:
        return None
    # What a picture was used for, the most telling first: learning from it comes before being measured on it.
    first = min(copies, key=lambda each: SPLITS.index(each.split))
    return Found(first.split, first.label, exact=bool(same))


def _picture(row: dict, item: Item | None) -> Picture:
    known = (row["sha256"], row["split"], row["label"])
    return Picture(*known) if item is None else Picture(*known, item.pixels_hash, item.phash, item.width, item.height)
