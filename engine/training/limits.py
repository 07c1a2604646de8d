"""When a training is to end by itself: at an accuracy that is good enough, after a time, or after so many epochs."""

import time
from dataclasses import dataclass, field

TARGET, TIME = "target", "time"


@dataclass
class Limits:
    """What ends the fine-tuning of one attempt at a run; None never does.

    `target_accuracy` is a fraction of the validation pictures, `time_limit` counts seconds from now, of which `used`
    were spent before a pause; `epochs` counts those of earlier attempts too. Nothing ends before there is a first model
    to keep.
    """

    target_accuracy: float | None = None
    time_limit: float | None = None
    epochs: int | None = None
    best: float | None = None
    used: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def scored(self, validation_accuracy: float) -> None:
        """Take note of how right a model of this attempt is on the validation pictures."""
        self.best = max(validation_accuracy, self.best or 0.0)

    def reached(self) -> str | None:
        """Return what says that it is enough: TARGET, TIME or None."""
        if self.best is None:
            return None
        if self.target_accuracy is not None and self.best >= self.target_accuracy:
            return TARGET
        return TIME if self.time_limit is not None and self.seconds() > self.time_limit else None

    def seconds(self) -> float:
        """Return how much of the time limit is used up."""
        return self.used + time.monotonic() - self._began

    def last_epoch(self, epochs: int) -> int:
        """Return after which epoch fine-tuning ends, of a recipe with so many."""
        return epochs if self.epochs is None else min(epochs, self.epochs)


def duration(seconds: float) -> str:
    """Return "45 s", "3 min 20 s" or "2 h 5 min", which read alike in all languages of Graft."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    large, small, units = (seconds, 60, ("min", "s")) if seconds < 3600 else (seconds // 60, 60, ("h", "min"))
    parts = zip(divmod(large, small), units, strict=True)
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def percent(fraction: float) -> int | str:
    """Return a fraction as a number in percent that reads well: 90, or 92.5."""
    whole = round(100 * fraction, 1)
    return round(whole) if whole == round(whole) else f"{whole:g}"
