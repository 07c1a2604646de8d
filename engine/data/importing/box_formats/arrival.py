"""What annotations that have arrived would give, for the card that asks: nothing is decoded, nothing clipped yet."""

from collections import Counter
from collections.abc import Sequence

from engine.data import layout as layouts
from engine.data.importing.archive import Entry
from engine.data.importing.box_formats import read
from engine.data.label_kinds import detection

UNKNOWN = (10**6, 10**6)  # pixels: sizes are known when pictures are decoded


def choice(entries: Sequence[Entry], pictures: Sequence[str], shown: int) -> tuple[dict, set[str]] | None:
    """Return (a choice of `preview.look`, names of the annotations), None where these files annotate nothing.

    Its "classes" are numbers of objects; beside them stand "format", "objects" and "bare": pictures that no annotation
    names, which are refused.
    """
    told = read.understand(entries, pictures)
    if told is None or not pictures:
        return None
    attached = read.attach(told, pictures, [UNKNOWN] * len(pictures))
    classes = Counter(detection.clean(box.label) for boxes in attached.boxes.values() for box in boxes)
    found = {
        "kind": "boxes",
        "classes": [list(pair) for pair in sorted(classes.items())[:shown]],
        "num_classes": len(classes),
        "groups": [],
        "num_groups": 0,
        "splits": dict(Counter(split for split in attached.splits.values() if split)),
        "without_class": 0,
        "format": told.format,
        "objects": sum(classes.values()),
        "bare": len(pictures) - len(attached.boxes),
        "problems": [
            [layouts.shown(file), error.to_dict()] for file, error in [*told.refused, *attached.problems][:shown]
        ],
    }
    return found, told.used
