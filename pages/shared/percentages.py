"""Shares as people read them: in a figure, in a sentence, as an interval. None claims all or nothing by rounding."""

from collections.abc import Sequence

from engine.evaluation import honest_number
from pages.session.i18n import decimal


def percent(share: float | None) -> str:
    """Return a figure for cards, tables and lists: "83.6 %", or a dash where nothing was measured."""
    return "–" if share is None else f"{figure(share)} %"


def figure(share: float) -> str:
    """Return "83.6", always with one decimal, so that shares below each other compare; all but one picture is 99.9."""
    return decimal(points(share))


def points(share: float) -> float:
    """Return what `figure` shows, as a number."""
    return 100.0 * share if share in (0, 1) else min(99.9, max(0.1, round(100 * share, 1)))


def per_hundred(share: float | None) -> str:
    """Return a share for a sentence, "right 92 times in 100": whole, but "99.6" rather than a perfect 100."""
    return "–" if share is None else decimal(float(honest_number.per_hundred(share)), "g")


def interval(ends: Sequence[float]) -> str:
    """Return "94–99.8", its ends as a sentence says them."""
    low, high = ends
    return f"{per_hundred(low)}–{per_hundred(high)}"


def with_interval(share: float, ends: Sequence[float]) -> str:
    """Return "97.2 % (94–99)"."""
    return f"{percent(share)} ({interval(ends)})"
