"""Who goes on, and what is tried next: successive halving with Optuna's ask and tell.

Successive halving (Jamieson and Talwalkar 2016): all trials of a round take a cheap step, the better third goes on to
the next, dearer one. The decision falls when all have answered, so it does not depend on which worker was quicker.
What later rounds try is suggested by a tree-structured Parzen estimator (Bergstra et al. 2011) from all rounds before.
"""

import math
import warnings
from collections.abc import Collection, Mapping

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from engine.search.plan import HEADS, RATES, SIZES, Plan, all_choices

KEPT = 3  # one of so many goes on
RANDOM_FIRST = 6  # so many trials before suggestions are made from them
TRIES = 10
ROUND = "round"


def go_on(scores: Mapping[int, float]) -> list[int]:
    """Return which trials go on, best first: a third of {number: share of validation pictures right}, at least one.

    Among equals the one that was tried first stays.
    """
    ranked = sorted(scores, key=lambda number: (-scores[number], number))
    return ranked[: math.ceil(len(ranked) / KEPT)]


class Halving(optuna.pruners.BasePruner):
    """Drops a trial that is not in the best third of its round at the step it has reported last."""

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        step = trial.last_step
        scores = {
            rival.number: rival.intermediate_values[step]
            for rival in study.get_trials(deepcopy=False)
            if rival.user_attrs.get(ROUND) == trial.user_attrs[ROUND] and step in rival.intermediate_values
        }
        return trial.number not in go_on(scores)


class Contest:
    """Asks Optuna what to try and tells it what came of it. Numbers are those of the search, not Optuna's.

    The study is held in memory: what lasts are the files of the search, from which it is told everything again.
    """

    def __init__(self, plan: Plan):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts of Optuna call themselves experimental
            sampler = optuna.samplers.TPESampler(seed=plan.seed, n_startup_trials=RANDOM_FIRST, constant_liar=True)
        self._plan = plan
        self._study = optuna.create_study(direction="maximize", sampler=sampler, pruner=Halving())
        self._trials: dict[int, Trial] = {}
        self._left = all_choices(plan)

    def enter(self, number: int, round_: int, choice: dict) -> None:
        """Let a trial with a given choice take part."""
        self._study.enqueue_trial(choice)
        trial = self._study.ask()
        self._suggest(trial)
        self._keep(number, round_, trial, choice)

    def ask(self, number: int, round_: int, without: Collection[str] = ()) -> dict | None:
        """Return what the next trial is to try; None when everything has been tried. `without`: networks to avoid."""
        left = [one for one in self._left if one["network"] not in without]
        if not left:
            return None
        for _try in range(TRIES):
            trial = self._study.ask()
            choice = self._suggest(trial)
            if choice in left:
                self._keep(number, round_, trial, choice)
                return choice
            self._study.tell(trial, state=TrialState.FAIL)
        self.enter(number, round_, left[0])
        return left[0]

    def report(self, number: int, step: int, accuracy: float) -> None:
        """Take note of how right a trial is after a step."""
        self._trials[number].report(accuracy, step)

    def goes_on(self, number: int) -> bool:
        """Tell whether a trial is in the best third of its round; asked once all have reported their step."""
        return not self._trials[number].should_prune()

    def end(self, number: int, accuracy: float | None) -> None:
        """Take note of how right a trial was in the end, None where it failed."""
        if accuracy is None:
            self._study.tell(self._trials[number], state=TrialState.FAIL)
        else:
            self._study.tell(self._trials[number], accuracy)

    def _keep(self, number: int, round_: int, trial: Trial, choice: dict) -> None:
        trial.set_user_attr(ROUND, round_)
        self._trials[number] = trial
        self._left = [one for one in self._left if one != choice]

    def _suggest(self, trial: Trial) -> dict:
        tuning = self._plan.tuning
        return {
            "network": trial.suggest_categorical("network", self._plan.networks),
            "recipe": trial.suggest_categorical("recipe", tuning or ["instant"]),
            "size": trial.suggest_categorical("size", SIZES),
            "head": trial.suggest_categorical("head", HEADS),
            "rate": trial.suggest_categorical("rate", list(RATES) if tuning else ["own"]),
        }
