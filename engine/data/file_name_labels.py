"""Labels that stand in file names, as in cat.0.jpg or 0001_cat.jpg: looked for, offered, never taken unasked."""

import re
from collections import Counter
from collections.abc import Sequence

from engine.data.split_names import says_no_class

BEFORE_COUNTER = re.compile(r"^(.*?[^\W\d_].*?)[-_. (]*\d+\)?$")  # cat.0, golden_retriever_12, n01440764_18
AFTER_COUNTER = re.compile(r"^\d+[-_. ]+(.*[^\W\d_].*)$")  # 0001_cat
# A camera's or a program's own words, not what a picture shows.
OF_CAMERAS = re.compile(
    r"^(img|dsc[fn]?|p|pict?|image|photo|picture|pxl|frame|scan|screenshot|file|wp|bild|foto)$", re.IGNORECASE
)
MIN_COVERED = 0.9  # of the pictures
MIN_SIZE = 2.0  # pictures of a class on average


def recognise(names: Sequence[str]) -> dict[str, str] | None:
    """Return {path: label} where names give nearly every picture one of a few labels, None where they do not."""
    for pattern in (BEFORE_COUNTER, AFTER_COUNTER):
        found = {name: match[1].strip(" -_.") for name in names if (match := pattern.match(_stem(name)))}
        if _plausible(found, len(names)):
            return found
    return None


def _plausible(found: dict[str, str], pictures: int) -> bool:
    sizes = Counter(found.values())
    if len(sizes) < 2 or len(found) < MIN_COVERED * pictures or len(found) < MIN_SIZE * len(sizes):
        return False
    telling = [label for label in sizes if not OF_CAMERAS.match(label) and not says_no_class(label)]
    return len(telling) == len(sizes) and min(sizes.values()) > 1


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path.rpartition("/")[2]
