"""What a search tries, as plain data: its steps, the choices that are open, and the recipe that each of them means."""

import itertools
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine.backbones import catalogue
from engine.errors import TrainingError
from engine.training.recipe import Recipe, defaults, own_size

# A search without a limit of its own ends after this: ten minutes.
TIME_LIMIT = 600.0
# Options of a recipe that are the same for all trials: they belong to the pictures, or to the person.
COMMON = ("fit", "pixel_scale", "class_balancing", "task", "seed")
LARGER = 1.5  # the second picture size, as a multiple of the network's own
# What is tried unless somebody asks for more: Best takes many times as long.
USUAL = ("instant", "balanced")
SIZES = ("own", "larger")
HEADS = ("linear", "hidden")
RATES = {"own": 1.0, "gentler": 1 / 3, "bolder": 3.0}


@dataclass(frozen=True)
class Step:
    """One step of a trial: a fraction of the training pictures is learned from, a fraction of all epochs fine-tuned."""

    name: str
    of_pictures: float
    of_epochs: float

    def epochs(self, recipe: Recipe) -> int:
        """Return after how many epochs of a recipe this step ends, those of earlier steps included."""
        return math.ceil(self.of_epochs * recipe.epochs)


STEPS = (
    Step("quarter_of_pictures", 0.25, 0),
    Step("all_pictures", 1, 0),
    Step("quarter_of_rounds", 1, 0.25),
    Step("all_rounds", 1, 1),
)
# From this step on a trial has learned from all training pictures, so that its model could be kept.
WHOLE = 1


@dataclass(frozen=True)
class Plan:
    """Every choice of a search. `common` holds what is the same for all trials, as options of a recipe.

    `time_limit` counts seconds of searching; `extra` were granted when it went on. `left_out` are networks that cannot
    be tried, each {"network", "template", "values"}.
    """

    project: str
    dataset: str
    networks: tuple[str, ...]
    recipes: tuple[str, ...] = USUAL
    common: dict = field(default_factory=dict)
    target_accuracy: float | None = None
    time_limit: float | None = TIME_LIMIT
    extra: float = 0.0
    left_out: tuple[dict, ...] = ()
    owner: str = ""
    created: str = ""

    @property
    def seed(self) -> int:
        return self.common.get("seed", 0)

    @property
    def limit(self) -> float | None:
        """After how many seconds of searching it ends."""
        return None if self.time_limit is None else self.time_limit + self.extra

    @property
    def tuning(self) -> list[str]:
        """The recipes that fine-tune. Each begins with what Instant does, so that is tried with every one of them."""
        return [name for name in self.recipes if Recipe(name).fine_tunes]

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Plan":
        known = {option.name for option in fields(cls)}
        values = {name: value for name, value in values.items() if name in known}
        listed: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**listed)

    def validate(self) -> None:
        """Raise TrainingError or BackboneError, in words, for the first choice that makes no sense."""
        if not self.networks:
            raise TrainingError("A search needs at least one network to try.")
        if not self.recipes:
            raise TrainingError("A search needs at least one recipe to try.")
        limits = {"target_accuracy": self.target_accuracy, "time_limit": self.time_limit}
        for name in self.recipes:
            Recipe.from_dict({"name": name, **limits}).validate()
        for network in self.networks:
            catalogue.info(network)


def first_choices(plan: Plan, room: int) -> list[dict]:
    """Return what is tried first: every network as it comes, with every recipe that fine-tunes.

    With few networks there is `room` for more, so that the first step has something to compare: the same ones with
    another head, then with larger pictures, which the probe can tell apart. All networks are given as many.
    """
    names = plan.tuning or ["instant"]
    found: list[dict] = []
    for size, head in itertools.product(SIZES, HEADS):
        more = [choice(network, name, size, head) for network in plan.networks for name in names]
        if found and len(found) + len(more) > room:
            break
        found += filter(_makes_a_difference, more)
    return found


def all_choices(plan: Plan) -> list[dict]:
    """Return everything there is to try; no two of them mean the same recipe."""
    names = plan.tuning or ["instant"]
    found = [choice(*values) for values in itertools.product(plan.networks, names, SIZES, HEADS, RATES)]
    return [one for one in found if _makes_a_difference(one)]


def _makes_a_difference(chosen: dict) -> bool:
    """Tell whether a choice is another one than that with the network's own size and the recipe's own rate."""
    own = defaults(chosen["recipe"])
    rates = own.fine_tunes and own.learning_rate is not None  # Best finds its own
    larger_is_larger = larger(chosen["recipe"], chosen["network"]) > own_size(chosen["recipe"], chosen["network"])
    return (rates or chosen["rate"] == "own") and (larger_is_larger or chosen["size"] == "own")


def choice(network: str, recipe: str, size: str = "own", head: str = "linear", rate: str = "own") -> dict:
    """Return one combination as plain data."""
    return {"network": network, "recipe": recipe, "size": size, "head": head, "rate": rate}


def recipe_of(plan: Plan, chosen: dict, *, tuned: bool) -> Recipe:
    """Return the recipe that a choice means: as far as its fine-tuning, or the Instant that this begins with."""
    name, network = chosen["recipe"], chosen["network"]
    size = (larger if chosen["size"] == "larger" else own_size)(name, network)
    values = {**plan.common, "name": name if tuned else "instant", "backbone": network, "head": chosen["head"]}
    if size != catalogue.info(network).image_sizes[0]:  # said outright, so that probe, trial and run have the same one
        values["image_size"] = size
    recipe = Recipe.from_dict(values)
    if not recipe.fine_tunes or recipe.learning_rate is None or chosen["rate"] == "own":
        return recipe
    rate = float(f"{recipe.learning_rate * RATES[chosen['rate']]:.1g}")
    return Recipe.from_dict({**values, "learning_rate": rate})


def larger(recipe: str, network: str) -> int:
    """Return the larger picture size that a search tries, in pixels; where the network takes none, the largest."""
    _default, _smallest, largest = catalogue.info(network).image_sizes
    return min(largest, round(own_size(recipe, network) * LARGER / 16) * 16)
