"""Was a picture among those of a run? The same file, the same pixels, or a copy that was resized or saved anew."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.data import closer_look, fingerprint
from engine.data.modalities import registry as modalities
from engine.data.modalities.image_facts import NO_FACTS, ImageFacts, image_facts
from engine.data.split import SPLITS
from engine.storage.registry import Item
from engine.storage.workspace import Workspace

MOST_COMPARED = 8  # pictures that look alike; more are frames of one scene


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


def find(content: bytes, pictures: Sequence[Picture], workspace: Workspace) -> Found | None:
    """Return where the picture of this content is among `pictures`, None where it is new.

    What only seems to be a copy is compared with the original in the workspace.
    Raises DataError where the content is no picture.
    """
    reading = modalities.of(content).read(content)
    sha256, facts = hashlib.sha256(content).hexdigest(), image_facts(reading)
    # Earlier versions hashed the pixels of the thumbnail.
    pixels = {facts.pixels_hash, fingerprint.pixels_hash(reading.small, (facts.width, facts.height))} - {""}
    same = [each for each in pictures if each.sha256 == sha256 or each.facts.pixels_hash in pixels]
    places = [] if same else fingerprint.copies_of(facts, [each.facts for each in pictures])
    copies = same or _copies(content, [pictures[place] for place in places], workspace)
    if not copies:
        return None
    # What a picture was used for, the most telling first: learning from it comes before being measured on it.
    first = min(copies, key=lambda each: SPLITS.index(each.split))
    return Found(first.split, first.label, exact=bool(same))


def _copies(content: bytes, likely: Sequence[Picture], workspace: Workspace) -> list[Picture]:
    """Return those that a closer look at both confirms; where an original is gone, nothing can be said."""
    seen = closer_look.see(content) if likely else None
    found = []
    for each in likely[:MOST_COMPARED]:
        path = workspace.blob_path(each.sha256)
        original = closer_look.see(path.read_bytes()) if path.exists() else None
        if seen and original and closer_look.same(seen, original):
            found.append(each)
    return found


def _picture(row: dict, item: Item | None) -> Picture:
    known = (row["sha256"], row["split"], row["label"])
    return Picture(*known) if item is None else Picture(*known, image_facts(item))
