"""Copies among pictures that come in: fingerprints name who may be one, and a closer look at both decides."""

import functools
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from PIL import Image

from engine.data import closer_look, fingerprint
from engine.data.modalities.image_facts import ImageFacts, image_facts
from engine.data.modalities.picture import DECODE_SIDE
from engine.storage.registry import ItemRecord
from engine.storage.workspace import Workspace

NOT_LOOKED, ALONE = '"family":null', '"family":""'
TRIES = 3  # pictures that one is compared with in vain; more alike are frames of one scene
KEPT = 24  # decoded pictures in memory
THREADS = 2


class Print(NamedTuple):
    """What is known of a picture that is in the dataset already."""

    sha256: str
    facts: str


def marked(records: Sequence[ItemRecord], workspace: Workspace, known: Sequence[Print] = ()) -> list[ItemRecord]:
    """Return the records with the family of copies in their facts: which picture before them, or `known`, each shows.

    The originals of all of them lie in the workspace. Pixels that only seemed the same, since a large JPEG is decoded
    small, are told apart.
    """
    both: list[Print | ItemRecord] = [*known, *records]
    facts, hashes = [image_facts(one) for one in both], [one.sha256 for one in both]
    before, facts = facts, _told_apart(hashes, facts, len(known), workspace)
    families = _confirmed(hashes, facts, _candidates(hashes, facts, len(known)), workspace)
    found = []
    for place, one in enumerate(records, start=len(known)):
        if place in families or facts[place] is not before[place]:
            own = facts[place]._replace(family=families.get(place, ""))
            found.append(replace(one, facts=own.text()))
        else:  # most are copies of nothing, and writing their facts anew would take longest
            found.append(replace(one, facts=one.facts.replace(NOT_LOOKED, ALONE)))
    return found


def _told_apart(hashes: list[str], facts: list[ImageFacts], known: int, workspace: Workspace) -> list[ImageFacts]:
    """Return the facts with another hash of the pixels where those of an equal one differ at full size."""
    first = {facts[place].pixels_hash: hashes[place] for place in reversed(range(len(facts)))}
    full = functools.lru_cache(KEPT)(lambda sha256: _full_hash(workspace, sha256))
    found = list(facts)
    for place in range(known, len(facts)):
        own, sha256 = facts[place], hashes[place]
        other = first[own.pixels_hash] if own.pixels_hash else sha256
        reduced = max(own.width, own.height) > DECODE_SIDE
        if reduced and other != sha256 and full(sha256) != full(other):
            found[place] = own._replace(pixels_hash=full(sha256))
    return found


def _full_hash(workspace: Workspace, sha256: str) -> str:
    seen = _seen(workspace, sha256)
    return fingerprint.pixels_hash(seen.image, seen.image.size) if seen else sha256


def _candidates(hashes: list[str], facts: list[ImageFacts], known: int) -> dict[int, list[int]]:
    """Return {place of a new picture: those before it that may show the same}."""
    found: dict[int, list[int]] = defaultdict(list)
    for left, right in fingerprint.near_duplicates(facts):
        if right >= known and hashes[left] != hashes[right]:
            found[right].append(left)
    return found


class _Eyes:
    """Looks at pictures of a workspace, each decoded once while it is needed."""

    def __init__(self, workspace: Workspace) -> None:
        self.see = functools.lru_cache(KEPT)(lambda sha256: _seen(workspace, sha256))
        self.thumbnail = functools.lru_cache(10 * KEPT)(lambda sha256: _thumbnail(workspace, sha256))
        self.glance = functools.lru_cache(10 * KEPT)(lambda sha256: _glance(workspace, sha256))

    def same(self, first: str, second: str) -> bool:
        one, two = self.see(first), self.see(second)
        return one is not None and two is not None and closer_look.same(one, two)

    def plainly_different(self, first: str, second: str) -> bool:
        """Tell large pictures apart without decoding them whole: thumbnails are there, a glance takes half the time."""
        for small in (self.thumbnail, self.glance):
            one, two = small(first), small(second)
            if one and two and closer_look.plainly_different(one, two):
                return True
        return False


def _confirmed(
    hashes: list[str], facts: list[ImageFacts], candidates: dict[int, list[int]], workspace: Workspace
) -> dict[int, str]:
    """Return {place: first digits of the content hash of the first of its family} for the pictures that are copies."""
    eyes = _Eyes(workspace)

    def look(place: int) -> int:
        for other in candidates[place][:TRIES]:
            pair = hashes[place], hashes[other]
            large = max(facts[place][:2] + facts[other][:2]) >= closer_look.LARGE_SIDE
            if not (large and eyes.plainly_different(*pair)) and eyes.same(*pair):
                return other
        return -1

    order = sorted(candidates)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="copies") as threads:
        found = dict(zip(order, threads.map(look, order), strict=True))
    families: dict[int, str] = {}
    for place in order:  # an earlier picture has its family by now
        if (other := found[place]) >= 0:
            own = families.get(other) or facts[other].family
            families[place] = own or hashes[other][: fingerprint.FAMILY_DIGITS]
    return families


def _seen(workspace: Workspace, sha256: str) -> closer_look.Seen | None:
    path = workspace.blob_path(sha256)
    return closer_look.see(path.read_bytes()) if path.exists() else None


def _glance(workspace: Workspace, sha256: str) -> Image.Image | None:
    path = workspace.blob_path(sha256)
    return closer_look.glance(path.read_bytes()) if path.exists() else None


def _thumbnail(workspace: Workspace, sha256: str) -> Image.Image | None:
    try:
        return Image.open(workspace.thumbnail_path(sha256)).convert("RGB")
    except OSError:
        return None
