"""What a training will take, told before it starts: seconds per phase, memory and disk."""

from dataclasses import dataclass

from engine.backbones import catalogue, device
from engine.training import speed, views
from engine.training.features import features_cache
from engine.training.pixels import Pixels, choose_fit
from engine.training.recipe import Recipe
from engine.workspace import Workspace

# Seconds to decode and shrink one ordinary photo on one core.
DECODE_SECONDS = 0.003
# Seconds to change one picture at random and to read it back.
AUGMENT_SECONDS = 0.0006
# Numbers (pictures x features) the probe gets through in a second, cross-validation included.
PROBE_NUMBERS = 2.5e6
# Seconds a run needs whatever its size: opening files, saving the model.
START_SECONDS = 0.5
# Seconds to convert the lower part, to build and to compile the upper part for training.
FINE_TUNE_START_SECONDS = 6.0
# Memory of a worker with its frameworks loaded and nothing to do.
IDLE_MB = 700


@dataclass(frozen=True)
class Estimate:
    """Seconds per phase, megabytes of memory and disk, and how many pictures have no features yet."""

    phases: dict[str, float]
    memory_mb: float
    disk_mb: float
    images_to_embed: int

    def to_dict(self) -> dict:
        seconds = round(sum(self.phases.values()), 1)
        phases = {phase: round(value, 1) for phase, value in self.phases.items()}
        memory, disk = round(self.memory_mb), round(self.disk_mb)
        return {
            "seconds": seconds,
            "phases": phases,
            "memory_mb": memory,
            "disk_mb": disk,
            "images_to_embed": self.images_to_embed,
        }


def estimate(workspace: Workspace, recipe: Recipe, counts: dict[str, int], keys: list[str]) -> Estimate:
    """Return the estimate for a dataset with these content hashes; measures this machine where it must (seconds).

    Raises TrainingError for a recipe that makes no sense, BackboneError when the weights cannot be had.
    """
    recipe.validate()
    pixels = Pixels(workspace, recipe.size, choose_fit(workspace, recipe.fit, keys))
    to_embed = len(features_cache(workspace, recipe.backbone, pixels).missing(keys))
    to_decode = len(pixels.missing(keys))
    embedding = speed.embedding(workspace, recipe.backbone, recipe.size)
    tuning = speed.fine_tuning(workspace, recipe) if recipe.fine_tunes else None
    seconds = {
        "features": to_embed / embedding + to_decode * DECODE_SECONDS / device.cores(),
        "probe": _probe_seconds(recipe, counts),
        "fine_tune": _fine_tune_seconds(workspace, recipe, counts, tuning) if tuning else 0.0,
        "evaluate": 0.1,
    }
    disk = to_decode * recipe.size**2 * 3 / 1e6 + _disk_mb(workspace, recipe, counts, to_embed, tuning)
    return Estimate(seconds, _memory_mb(recipe, counts), disk, to_embed)


def expected(workspace: Workspace, recipe: Recipe, counts: dict[str, int], to_embed: int) -> dict[str, float]:
    """Return the seconds each phase of a run may take, from what is known already: measures nothing."""
    embedding = speed.known(workspace, recipe.backbone, recipe.size) or speed.guess(recipe)
    tuning = speed.known_fine_tuning(workspace, recipe) or speed.guess_fine_tuning(recipe)
    return {
        "features": to_embed * (1 / embedding + DECODE_SECONDS / device.cores()),
        "probe": _probe_seconds(recipe, counts),
        "fine_tune": _fine_tune_seconds(workspace, recipe, counts, tuning) if recipe.fine_tunes else 0.0,
        "evaluate": 0.1,
    }


def _probe_seconds(recipe: Recipe, counts: dict[str, int]) -> float:
    return START_SECONDS + counts["train"] * catalogue.info(recipe.backbone).features / PROBE_NUMBERS


def _fine_tune_seconds(workspace: Workspace, recipe: Recipe, counts: dict[str, int], pace: speed.Pace) -> float:
    number = views.number_of_views(workspace, pace.activation_size, counts["train"], recipe)
    held_out = counts["validation"] + counts["test"]
    computed = (number * counts["train"] + held_out) * (1 / pace.views + AUGMENT_SECONDS)
    trained = recipe.epochs * (counts["train"] + counts["validation"] / 3) / pace.training
    return FINE_TUNE_START_SECONDS + computed + trained


def _memory_mb(recipe: Recipe, counts: dict[str, int]) -> float:
    info = catalogue.info(recipe.backbone)
    pictures = sum(counts.values())
    features = 3 * pictures * info.features * 4
    # Weights, gradients, two moments and the best so far; and the activations of a batch, roughly.
    training = recipe.fine_tunes * (5 * info.parameters * 4 + recipe.batch_size * recipe.size**2 * 3 * 4 * 40)
    return IDLE_MB + (info.parameters * 8 + features + training) / 1e6


def _disk_mb(
    workspace: Workspace, recipe: Recipe, counts: dict[str, int], to_embed: int, pace: speed.Pace | None
) -> float:
    info = catalogue.info(recipe.backbone)
    used = to_embed * info.features * 4 + info.parameters * 8
    if pace is not None:
        number = views.number_of_views(workspace, pace.activation_size, counts["train"], recipe)
        used += number * counts["train"] * pace.activation_size * 2 + info.parameters * 16
    return used / 1e6
