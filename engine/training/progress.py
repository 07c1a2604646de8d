"""How far a run is and how long it will take, told through its RunWriter; the place where a stop request is noticed."""

import time

from engine.errors import Stopped
from engine.storage import runs
from engine.storage.run_writer import RunWriter
from engine.storage.status_file import Throttle
from engine.training.limits import Limits

PHASES = ("features", "probe", "fine_tune", "evaluate")
# Status files are written at most this often; pages poll once a second.
PAUSE_SECONDS = 0.2
PAUSED = "Paused at round {epoch} of {epochs}. It will go on exactly there."
PAUSED_EARLY = "Paused. What is worked out so far is kept."


class Paused(Exception):
    """A person asked for a pause. `message`, an English template, and `values` say where the run will go on."""

    def __init__(self, message: str = PAUSED_EARLY, **values):
        super().__init__(message)
        self.message, self.values = message, values


class Progress:
    """Turns steps of phases into percent and seconds left, measured on this very run.

    `expected` holds the seconds each phase is thought to take; it weighs the phases until they have run. `limits` end
    the training by themselves.
    """

    def __init__(self, writer: RunWriter, expected: dict[str, float], limits: Limits | None = None):
        self.writer = writer
        self.limits = limits or Limits()
        self.seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)
        self._earlier: dict[str, float] = writer.spent()
        self._expected = {phase: max(0.01, expected.get(phase, 0.0)) for phase in PHASES if expected.get(phase, 0) > 0}
        self._phase: str | None = None
        self._began = 0.0
        self._throttle = Throttle(PAUSE_SECONDS)
        self._first_fraction = 0.0  # of the phase: what an earlier attempt had done of it
        self._fraction = 0.0

    def begin(self, phase: str, message: str, **values) -> None:
        """Enter a phase; `message` is an English template a page translates."""
        self.end()
        self._phase, self._began, self._first_fraction = phase, time.perf_counter(), 0.0
        self._tell(0.0, message, values)

    def check_stop(self) -> None:
        """Raise Stopped when a stop was asked for or a limit is reached, Paused when a pause was asked for."""
        if self.writer.pause_requested() and not self.writer.stop_requested():
            self.writer.status(spent=self._rounded(), time_used=self.limits.seconds())
            raise Paused
        if self.writer.stop_requested() or self.limits.reached():
            raise Stopped

    def metric(self, **row) -> None:
        """Keep the scores of an epoch, or of the probe."""
        self.writer.metric(**row)
        self.limits.scored(row["validation_accuracy"])

    def advance(self, done: float, total: int, message: str | None = None, **values) -> None:
        """Report `done` of `total` steps of the current phase. Raises Stopped and Paused as `check_stop` does."""
        self.check_stop()
        if self._throttle.is_due():
            self._tell(done / max(1, total), message, values)

    def goes_on(self, done: float, total: int) -> None:
        """Take note of how much of the current phase an earlier attempt has done: it says nothing about the pace."""
        self._first_fraction = done / max(1, total)

    def forget_epochs_after(self, epoch: int) -> None:
        """Remove the rows of later fine-tuning epochs from metrics.csv: they are about to be trained anew."""
        rows = runs.read_metrics(self.writer.run_dir)
        kept = [row for row in rows if row["phase"] != "fine_tune" or row["epoch"] <= epoch]
        if len(kept) < len(rows):
            self.writer.replace_metrics(kept)

    def end(self) -> None:
        """Leave the current phase and keep how long it took."""
        if self._phase is not None:
            self.seconds[self._phase] += time.perf_counter() - self._began
        self._phase = None

    def spent(self) -> dict[str, float]:
        """Return the seconds of every phase so far, those of attempts that were interrupted included."""
        now = {self._phase: time.perf_counter() - self._began} if self._phase is not None else {}
        return {p: self._earlier.get(p, 0.0) + self.seconds[p] + now.get(p, 0.0) for p in PHASES}

    def _tell(self, fraction: float, message: str | None, values: dict) -> None:
        self._throttle.is_due(at_once=True)
        text = {} if message is None else {"message": message, "values": values}
        left = self._seconds_left(fraction)
        spent = sum(self.spent().values())
        self._fraction = max(self._fraction, min(0.999, spent / max(spent + left, 1e-9)))
        told = {"phase": self._phase, "progress": round(self._fraction, 4), "seconds_left": round(left, 1)}
        self.writer.status(**told, spent=self._rounded(), **text)

    def _rounded(self) -> dict[str, float]:
        return {phase: round(value, 3) for phase, value in self.spent().items()}

    def _seconds_left(self, fraction: float) -> float:
        spent = time.perf_counter() - self._began
        expected = self._expected.get(self._phase or "", 0.1)
        # The measured pace counts for more the further the phase has come.
        done = fraction - self._first_fraction
        whole = expected if done <= 0 else (1 - fraction) * expected + fraction * spent / done
        later = PHASES[PHASES.index(self._phase) + 1 :]
        return (1 - fraction) * whole + sum(self._expected.get(phase, 0.0) for phase in later)
