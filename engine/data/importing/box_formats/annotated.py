"""What every format says of a picture in the end: which file, how large, and boxes with the names of their classes."""

from dataclasses import dataclass, field, replace

from engine.errors import DataError

PIXELS, FRACTIONS = "pixels", "fractions"


@dataclass(frozen=True)
class RawBox:
    """A box as a file gives it: two opposite corners (x, y, x, y), or why it cannot be used. `where` names the line."""

    label: str
    corners: tuple[float, ...]
    where: str
    refused: DataError | None = None


@dataclass(frozen=True)
class Annotated:
    """What one file or line says of a picture.

    `file` is its name as it is written, `folder` where the annotation lies, `size` (width, height) of the picture as it
    was annotated where that is told, `unit` that of the corners.
    """

    file: str
    folder: str
    where: str
    boxes: tuple[RawBox, ...] = ()
    size: tuple[int, int] | None = None
    unit: str = PIXELS
    split: str | None = None
    names: tuple[str, ...] = ()  # what else the file may be called

    def with_split(self, split: str | None) -> "Annotated":
        return replace(self, split=self.split or split)


@dataclass
class Annotations:
    """All that was understood: the format, pictures, the files that it took, and those that were no annotations.

    `all_pictures`: whether a picture that nothing is said of shows none of the objects. `lists` are names of pictures
    by split.
    """

    format: str = ""
    pictures: list[Annotated] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    refused: list[tuple[str, DataError]] = field(default_factory=list)
    orphans: list[RawBox] = field(default_factory=list)
    all_pictures: bool = False
    lists: dict[str, set[str]] = field(default_factory=dict)


def number(value) -> float:
    """Return a number, also with a comma, "nan" for what is none: whoever fits it to the picture says so."""
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return float("nan")


def around(points: list[tuple[float, float]]) -> tuple[float, ...]:
    """Return the corners of the box around points; () for none."""
    if not points:
        return ()
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
