"""Pictures with boxes around objects: a label names the classes that a picture shows, its boxes say where.

A label is written as where pictures show several classes ("|" between names, "|" alone: somebody looked and found
none); the boxes stand beside it, in the item (engine.data.boxes.geometry).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.data.label_kinds import multi_label
from engine.data.label_kinds.label_kind import Row, too_small
from engine.data.label_kinds.multi_label import clean as clean
from engine.data.label_kinds.multi_label import counts as counts
from engine.data.label_kinds.multi_label import dividing_order as dividing_order
from engine.data.label_kinds.multi_label import joined as joined
from engine.data.label_kinds.multi_label import names_of as names_of
from engine.data.label_kinds.multi_label import weight as weight
from engine.errors import DataError

OPTION = multi_label.BOXES  # of a dataset
TASK, SENTENCE = "detection", "Boxes say where the objects of each class are"
DATASET_OPTIONS = ADOPTED_OPTIONS = {OPTION: True}
IMPORT_OPTIONS = {"layout": "boxes", "loose": True}
DESCRIBED = {"detection": True}
# These take a label for one class, or a picture for what is labelled.
NOT_ASKED = frozenset({"conflict", "similar_names", "name_groups"})
EXCLUSIVE = FEATURE_CHECKS = False
BEGINS_WITH_PROBE = False
NEEDS_CONTRAST = False  # a picture shows what is not an object as well
FORMS: tuple[str, ...] = ("coco", "yolo", "voc")
COLUMN, NO_LABEL = multi_label.COLUMN, multi_label.NOT_YET
COUNTED = ("received", "used", "clipped", "refused")
NO_BOX = "There is no box in any picture. Add annotations: COCO, YOLO, Pascal VOC, Label Studio or a table of boxes."
ONLY_LABELS = (
    "The pictures of this project have classes but no boxes. Bring pictures with boxes into a project of their own."
)


def of_one_class(label: str | None) -> str | None:
    """A class without a box says nothing of where it is."""
    return None


def of_row(row: Row) -> str | None:
    return None


def check_can_begin(labels: Sequence[str | None]) -> None:
    """Raise DataError where there are pictures with classes: nobody has drawn boxes on them."""
    if any(labels):
        raise DataError(ONLY_LABELS)


def problems(pictures: Mapping[str, set[int]], everything: int) -> list[DataError]:
    """Return what is wrong where there are no boxes, or some classes are on too few pictures."""
    if not pictures:
        return [DataError(NO_BOX)]
    return too_small({label: len(own) for label, own in pictures.items()})


def became(earlier: set[str], now: set[str]) -> set[str]:
    return earlier & now


def told(layouts: Iterable[Mapping]) -> dict:
    """Return {"boxes": {"received", "used", "clipped", "refused"}} of all imports, by the layouts of their accounts."""
    total: Counter = Counter(dict.fromkeys(COUNTED, 0))
    for layout in layouts:
        total.update({name: layout.get("boxes", {}).get(name, 0) for name in COUNTED})
    return {"boxes": dict(total)}
