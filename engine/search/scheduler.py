"""Conduct one search: round after round, step after step, as many trials at a time as workers have room.

It runs in a thread of the server or of the command line; workers do the trials. Everything it knows is in the files of
the search, so that a search whose process died goes on where it was.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

from engine.compute.client import Compute
from engine.compute.run_queue import RunQueue
from engine.compute.workers import TRIAL
from engine.errors import TrainingError, UserError
from engine.search import search_directory
from engine.search.halving import Contest
from engine.search.plan import STEPS, WHOLE, choice, first_choices, recipe_of
from engine.search.search_directory import SearchDirectory, Trial
from engine.storage import runs
from engine.storage.run_writer import RunWriter
from engine.storage.workspace import Workspace

TRIED, TARGET, PERFECT, TIME, STOPPED = "tried", "target", "perfect", "time", "stopped"
# How many new combinations a round begins with; the first one has more where there are more networks.
ROUND_SIZE = 6
# After this share of the time, first looks at networks end: what is left is for those that look promising.
LOOKING = 0.5
LOOK_SECONDS = 0.3
# How long a trial may take to notice that it is to stop, before it is left to itself.
PATIENCE_SECONDS = 120.0
NOTHING_WORKED = "None of the networks could be tried. The first one ended with: {reason}"

log = logging.getLogger("graft")


class Enough(Exception):
    """The search is to end: TARGET, PERFECT, TIME or STOPPED."""


class Closed(Exception):
    """This process ends; the search stays as it is and can go on later."""


class Scheduler:
    """One search at work. `spare()` names workers with room that no run waits for."""

    def __init__(
        self,
        search: SearchDirectory,
        workspace: Workspace,
        compute: Callable[[], Compute],
        queue: RunQueue,
        closed: threading.Event,
    ):
        self._search, self._plan = search, search.plan()
        self._workspace, self._compute, self._queue = workspace, compute, queue
        self._closed, self._changed = closed, threading.Event()
        self._contest = Contest(self._plan)
        self._trials: list[Trial] = []
        self._at_work: dict[int, Exception | str | None] = {}
        self._began = time.monotonic()
        self._clock_runs = False
        self._earlier = 0.0

    def carry_out(self, writer: RunWriter, earlier: float) -> str:
        """Search until there is a reason to end, and return it. earlier: seconds that were spent before.

        Raises UserError when nothing could be tried at all, Closed when this process ends.
        """
        self._writer, self._earlier = writer, earlier
        self._remember()
        reason = TRIED
        try:
            self._search_on()
        except Enough as enough:
            reason = str(enough)
        self._end_trials()
        return reason

    @property
    def trials(self) -> list[Trial]:
        return self._trials

    # rounds and steps

    def _search_on(self) -> None:
        for round_ in count():
            group = self._round(round_)
            if not group:
                return
            for step in range(len(STEPS)):
                group = self._take(group, step)
            self._check_that_something_works()

    def _round(self, round_: int) -> list[Trial]:
        """Return the trials of a round; those that are known from before come first, so that numbers stay."""
        known = [trial for trial in self._trials if trial.round == round_]
        if round_ == 0:
            return known or [self._add(round_, one) for one in first_choices(self._plan, ROUND_SIZE)]
        useless = self._without_result()
        while len(known) < ROUND_SIZE:
            suggested = self._contest.ask(len(self._trials), round_, useless)
            if suggested is None:
                break
            known.append(self._add(round_, suggested, asked=True))
        return known

    def _add(self, round_: int, chosen: dict, *, asked: bool = False) -> Trial:
        trial = Trial(len(self._trials), round_, chosen)
        if not asked:
            self._contest.enter(trial.number, round_, chosen)
        self._trials.append(trial)
        self._keep()
        return trial

    def _without_result(self) -> set[str]:
        """Return the networks of which nothing came: they failed, or there was no time to look at them."""
        tried = {trial.choice["network"] for trial in self._trials}
        return tried - {trial.choice["network"] for trial in self._trials if trial.scores}

    def _take(self, group: list[Trial], step: int) -> list[Trial]:
        """Let all trials of a group take a step; return those that go on to the next."""
        waiting = [trial for trial in group if self._has_to_take(trial, step)]
        for trial in waiting:
            trial.step, trial.state = step, search_directory.WAITING
        while waiting or self._at_work:
            self._start_clock()
            self._check_limits()
            self._drop_late(waiting, step)
            self._drop_broken(waiting)
            self._give(waiting)
            self._keep()
            self._changed.wait(LOOK_SECONDS)
            self._changed.clear()
            self._gather()
        self._check_limits()
        if step >= WHOLE and self._reached >= 1:  # not before all have answered, so that there is something to compare
            raise Enough(PERFECT)
        return self._choose(group, step)

    def _has_to_take(self, trial: Trial, step: int) -> bool:
        return trial.state not in (search_directory.FAILED, search_directory.LATE) and (
            step not in trial.scores or self._was_cut(trial, step)
        )

    def _was_cut(self, trial: Trial, step: int) -> bool:
        return trial.cut and trial.step == step

    def _choose(self, group: list[Trial], step: int) -> list[Trial]:
        """Return who goes on after a step that all have taken, and note it of the others."""
        answered = [trial for trial in group if step in trial.scores]
        for trial in answered:
            self._contest.report(trial.number, step, trial.scores[step])
        better = [trial for trial in answered if self._contest.goes_on(trial.number)]
        last = step == len(STEPS) - 1 or (step == WHOLE and not self._plan.tuning)
        for trial in answered:
            if last or trial not in better:
                trial.state = search_directory.DONE if last else search_directory.DROPPED
                self._contest.end(trial.number, trial.accuracy)
        self._free_disk()
        self._keep()
        return [] if last else better

    def _free_disk(self) -> None:
        """Delete checkpoints that nobody needs: the best so far keeps its own, to become a run."""
        best = search_directory.best_of(self._trials)
        for other in self._trials:
            if other.state in (search_directory.DONE, search_directory.DROPPED) and other is not best and not other.cut:
                self._search.forget_checkpoint(other.number)

    # limits

    @property
    def _seconds(self) -> float:
        return self._earlier + time.monotonic() - self._began

    def _start_clock(self) -> None:
        """Begin to count once a worker has begun: that one is starting, or at somebody's training, costs no time."""
        if not self._clock_runs:
            self._began = time.monotonic()
            folders = [self._search.trial_dir(number) for number in self._at_work]
            self._clock_runs = any(runs.read_status(folder)["state"] != "queued" for folder in folders)

    def _check_limits(self) -> None:
        if self._closed.is_set():
            raise Closed
        if not self._search.path.exists() or self._writer.stop_requested():
            raise Enough(STOPPED)
        target, limit = self._plan.target_accuracy, self._plan.limit
        if target is not None and self._reached >= target:
            raise Enough(TARGET)
        if limit is not None and self._seconds >= limit:
            raise Enough(TIME)

    @property
    def _reached(self) -> float:
        """The share of validation pictures that the best gets right, of those that learned from all pictures."""
        return max((trial.accuracy or 0.0 for trial in self._trials if trial.is_whole), default=0.0)

    def _drop_late(self, waiting: list[Trial], step: int) -> None:
        """End the first looks at networks when half of the time is gone and something is there to go on with."""
        limit, first_look = self._plan.limit, step == 0 and all(trial.round == 0 for trial in self._trials)
        if (
            not first_look
            or limit is None
            or self._seconds < LOOKING * limit
            or not search_directory.best_of(self._trials)
        ):
            return
        for trial in waiting:
            self._end(trial, search_directory.LATE)
        waiting.clear()
        for number in self._at_work:
            runs.request_stop(self._search.trial_dir(number))

    def _drop_broken(self, waiting: list[Trial]) -> None:
        """Try no more of a network that failed as it comes, with nothing measured of it: it would fail again."""
        useless = self._without_result()
        for trial in list(waiting):
            plain = choice(trial.choice["network"], trial.choice["recipe"])
            broken = next(
                (one for one in self._trials if one.state == search_directory.FAILED and one.choice == plain), None
            )
            if broken is not None and trial.choice["network"] in useless:
                waiting.remove(trial)
                self._end(trial, search_directory.FAILED, broken.error)

    def _check_that_something_works(self) -> None:
        if search_directory.best_of(self._trials) is None:
            error = next((trial.error for trial in self._trials if trial.error), None)
            raise TrainingError(NOTHING_WORKED, reason=error or "")

    # workers

    def _give(self, waiting: list[Trial]) -> None:
        """Give trials to workers with room. What another one has measured in the same way already is not done again."""
        for trial in list(waiting):
            twins = [one for one in self._trials if one is not trial and self._same_so_far(one, trial)]
            done = next((one for one in twins if trial.step in one.scores), None)
            if done is not None:
                trial.scores[trial.step] = done.scores[trial.step]
                waiting.remove(trial)
        given = self._at_work.keys()
        ready = [one for one in waiting if not any(self._same_so_far(one, self._trials[number]) for number in given)]
        for trial, worker in zip(self._different(ready), self._queue.spare() if ready else (), strict=False):
            waiting.remove(trial)
            self._submit(trial, worker)

    def _same_so_far(self, one: Trial, other: Trial) -> bool:
        """Tell whether two trials do the same at the step of the second: few choices count before fine-tuning."""
        if STEPS[other.step].of_epochs:
            return False
        return recipe_of(self._plan, one.choice, tuned=False) == recipe_of(self._plan, other.choice, tuned=False)

    def _different(self, trials: list[Trial]) -> list[Trial]:
        """Return the trials without those that would do the same as one before them."""
        found: list[Trial] = []
        for trial in trials:
            if not any(self._same_so_far(one, trial) for one in found):
                found.append(trial)
        return found

    def _submit(self, trial: Trial, worker: str) -> None:
        folder, step = self._search.trial_dir(trial.number), STEPS[trial.step]
        self._search.prepare(trial)
        epochs = step.epochs(recipe_of(self._plan, trial.choice, tuned=step.of_epochs > 0)) if step.of_epochs else 0
        # What is right on every validation picture has nothing left to gain.
        target = (self._plan.target_accuracy or 1.0) if trial.step >= WHOLE else None
        trial.state, trial.cut = search_directory.AT_WORK, False
        self._at_work[trial.number] = "running"
        self._compute().submit(
            TRIAL,
            *(folder, self._workspace, trial.step, step.of_pictures, epochs, target),
            queue="train",
            key=folder.name,
            worker=worker,
            on_done=functools.partial(self._note_end, trial.number),
        )

    def _note_end(self, number: int, error: Exception | None) -> None:
        """Called from another thread when a worker has ended, one way or the other."""
        if number in self._at_work:
            self._at_work[number] = error
        self._changed.set()

    def _gather(self) -> None:
        """Take note of the steps that have ended."""
        self._compute().give_up_strays()
        for number, outcome in list(self._at_work.items()):
            if not isinstance(outcome, str):
                del self._at_work[number]
                self._read(self._trials[number], outcome)

    def _read(self, trial: Trial, error: Exception | None) -> None:
        found = self._search.result(trial.number, trial.step)
        if found is not None:
            trial.scores[trial.step] = found["validation_accuracy"]
            trial.epochs, trial.cut = found["epochs"], found["cut"]
            trial.seconds = round(trial.seconds + found["seconds"], 2)
            trial.state = search_directory.WAITING
            return
        status = runs.read_status(self._search.trial_dir(trial.number))
        if status["state"] == "stopped":
            trial.cut = bool(trial.scores)
            self._end(trial, search_directory.DONE if trial.scores else search_directory.LATE)
        else:
            self._end(trial, search_directory.FAILED, status.get("error") or _in_words(error))

    def _end(self, trial: Trial, state: str, error: dict | None = None) -> None:
        trial.state, trial.error = state, error
        self._contest.end(trial.number, trial.accuracy)

    def _end_trials(self) -> None:
        """Stop what is still at work, and keep what it has reached."""
        patient = time.monotonic() + PATIENCE_SECONDS
        for number in self._at_work:
            if self._search.path.exists():
                runs.request_stop(self._search.trial_dir(number))
        while self._at_work and time.monotonic() < patient and not self._closed.is_set():
            self._changed.wait(LOOK_SECONDS)
            self._changed.clear()
            self._gather()
        for number in self._at_work:
            self._compute().cancel(self._search.trial_dir(number).name)
        for trial in self._trials:
            if trial.state in (search_directory.WAITING, search_directory.AT_WORK):
                trial.state = search_directory.DONE if trial.scores else search_directory.LATE
        self._keep()

    # memory

    def _remember(self) -> None:
        """Tell a new contest what the files know; the rounds are then walked through again, without doing them."""
        self._trials = self._search.trials()
        for trial in self._trials:
            self._contest.enter(trial.number, trial.round, trial.choice)
            if trial.state == search_directory.AT_WORK:
                self._wait_for_worker(trial)
            if trial.state != search_directory.FAILED:
                trial.state = search_directory.WAITING
            elif not trial.scores:
                self._contest.end(trial.number, None)

    def _wait_for_worker(self, trial: Trial) -> None:
        """Let a worker end that outlived the process it worked for; it keeps what it has reached."""
        folder, patient = self._search.trial_dir(trial.number), time.monotonic() + PATIENCE_SECONDS
        while runs.read_status(folder)["state"] == "running" and time.monotonic() < patient:
            runs.request_stop(folder)
            if self._closed.wait(LOOK_SECONDS):
                raise Closed

    def _keep(self) -> None:
        if self._search.path.exists():
            self._search.write_trials(self._trials)
            self._writer.status(seconds=round(self._seconds, 1))


def _in_words(error: Exception | None) -> dict:
    if isinstance(error, UserError):
        return error.to_dict()
    return TrainingError("It ended without a result: {error}.", error=repr(error)).to_dict()
