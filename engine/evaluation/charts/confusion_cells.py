"""What a confusion matrix on the screen shows: counts and shares of some classes, and colours that can be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evaluation.charts.per_class import palette

STEPS = 10
BLACK, WHITE = "#000000", "#ffffff"


@dataclass(frozen=True)
class MatrixPart:
    """Rows are true classes, columns what the model said; both as positions in the whole matrix.

    `shares` are of all pictures of the row's class, those in columns not shown included.
    """

    rows: list[int]
    columns: list[int]
    counts: list[list[int]]
    shares: list[list[float]]


def matrix_part(matrix: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int]) -> MatrixPart:
    """Return the cells where `rows` and `columns` (positions) of an (n, n) matrix of counts meet."""
    counts = [[int(matrix[i][j]) for j in columns] for i in rows]
    totals = [sum(matrix[i]) or 1 for i in rows]
    shares = [[count / total for count in row] for row, total in zip(counts, totals, strict=True)]
    return MatrixPart(list(rows), list(columns), counts, shares)


def shades(dark: bool) -> dict[str, list[tuple[str, str]]]:
    """Return (background, text) for "hit" and "mistake", from an empty cell to one with its whole row, in STEPS + 1.

    Take the step of the square root of a share: it lifts one mistake in a hundred out of the background. The text is
    black or white, whichever stands out more; that is never less than 4.5 to 1.
    """
    colours = palette(dark)
    scales = {"hit": (colours.good_light, colours.good), "mistake": (colours.bad_light, colours.bad)}
    return {
        kind: [(one, ink(one)) for one in (colours.empty, *(mixed(*ends, step / (STEPS - 1)) for step in range(STEPS)))]
        for kind, ends in scales.items()
    }


def ink(background: str) -> str:
    """Return black or white, whichever has the higher contrast on the background."""
    return max((BLACK, WHITE), key=lambda colour: contrast(colour, background))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours "#rrggbb", 1 to 21 (W3C, WCAG 2.2, 2023)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [value / 255 for value in _channels(colour)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mixed(start: str, end: str, part: float) -> str:
    """Return the colour at `part` of the way, 0 to 1, from one to another."""
    pairs = zip(_channels(start), _channels(end), strict=True)
    return "#" + "".join(f"{round((1 - part) * one + part * other):02x}" for one, other in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
