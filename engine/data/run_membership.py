"""Was a picture among those of a run? The same file, the same pixels, or a copy that was resized or saved anew."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.data import fingerprint
from engine.data.modalities import registry as modalities
from engine.data.modalities.image_facts import NO_FACTS, ImageFacts, image_facts
from engine.data.split import SPLITS
from engine.storage.registry import Item


@dataclass(frozen=True)
class Picture:
    """A picture of a run, with what tells it from others; no facts where only its content hash is left."""

    sha256: str
    split: str
    label: str
    facts: ImageFacts = NO_FACTS


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
    sha256, facts = hashlib.sha256(content).hexdigest(), image_facts(modalities.of(content).read(content))
    same = [each for each in pictures if each.sha256 == sha256 or each.facts.pixels_hash == facts.pixels_hash]
    places = [] if same else fingerprint.copies_of(facts, [each.facts for each in pictures])
    copies = same or [pictures[place] for place in places]
    if not copies:
        return None
    # What a picture was used for, the most telling first: learning from it comes before being measured on it.
    first = min(copies, key=lambda each: SPLITS.index(each.split))
    return Found(first.split, first.label, exact=bool(same))


def _picture(row: dict, item: Item | None) -> Picture:
    known = (row["sha256"], row["split"], row["label"])
    return Picture(*known) if item is None else Picture(*known, image_facts(item))
