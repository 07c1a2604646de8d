"""What a training will take, told before it starts: seconds per phase, memory and disk."""

from dataclasses import dataclass, replace

import psutil

from engine.backbones import catalogue, device
from engine.data.modalities import registry as modalities
from engine.storage.workspace import Workspace
from engine.training.features.embed import features_cache
from engine.training.features.feature_cache import bytes_a_number
from engine.training.fine_tuning import range_test, safe_augmentation, speed, views
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.recipe import Recipe

# Seconds to decode and shrink one ordinary photo on one core, until some of the pictures were tried.
DECODE_SECONDS = 0.003
# Seconds to change one picture at random and to read it back.
AUGMENT_SECONDS = 0.0006
# Numbers (pictures x features) the probe gets through in a second, cross-validation included.
PROBE_NUMBERS = 2.5e6
# Seconds a run needs whatever its size: opening files, learning a small head; testing and saving the model.
START_SECONDS, EVALUATE_SECONDS = 0.2, 0.5
# Seconds to convert the lower part, to build and to compile the upper part for training.
FINE_TUNE_START_SECONDS = 3.5
# What it takes to find out which changes the pictures stand: so many rounds over a sample.
# Memory of a worker with its frameworks loaded and nothing to do.
IDLE_MB = 700
# Larger pictures than the network's own are for a training that then still ends within this time, unless it has a
# limit of its own, and within this share of the machine's memory.
LONGEST_SECONDS = 4 * 3600
SHARE_OF_MEMORY = 0.7


@dataclass(frozen=True)
class Estimate:
    """Seconds per phase, megabytes of memory and disk, how many pictures have no features yet.

    `image_size` is their side where that was decided by what this machine can do, else None.
    """

    phases: dict[str, float]
    memory_mb: float
    disk_mb: float
    images_to_embed: int
    image_size: int | None = None

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
            "image_size": self.image_size,
        }


def estimate(workspace: Workspace, recipe: Recipe, counts: dict[str, int], keys: list[str]) -> Estimate:
    """Return the estimate for a dataset with these content hashes; measures this machine where it must (seconds).

    Raises TrainingError for a recipe that makes no sense, BackboneError when the weights cannot be had.
    """
    recipe.validate()
    if recipe.fine_tunes:
        speed.fine_tuning(workspace, recipe)  # what is affordable hangs on this pace, which is remembered
    wanted, recipe = recipe, affordable(workspace, recipe, counts)
    tuning = speed.fine_tuning(workspace, recipe) if recipe.fine_tunes else None
    pixels = Pixels(workspace, recipe.size, choose_fit(workspace, recipe.fit, keys, recipe.pixel_scale))
    to_embed = len(features_cache(workspace, recipe.backbone, pixels).missing(keys))
    undecoded = pixels.missing(keys)
    embedding = speed.embedding(workspace, recipe.backbone, recipe.size)
    seconds = {
        "features": to_embed / embedding + len(undecoded) * pixels.decode_seconds(undecoded),
        "probe": _probe_seconds(recipe, counts),
        "fine_tune": _fine_tune_seconds(workspace, recipe, counts, tuning, embedding) if tuning else 0.0,
        "evaluate": EVALUATE_SECONDS,
    }
    disk = len(undecoded) * recipe.size**2 * 3 / 1e6 + _disk_mb(workspace, recipe, counts, to_embed, tuning)
    return Estimate(seconds, _memory_mb(recipe, counts), disk, to_embed, None if recipe == wanted else recipe.size)


def in_numbers(workspace: Workspace, recipe: Recipe, counts: dict[str, int], keys: list[str]) -> dict:
    """Return {"seconds", "phases", "memory_mb", "disk_mb", "images_to_embed", "image_size"}: the estimate as numbers,
    for a server that loads no framework."""
    return estimate(workspace, recipe, counts, keys).to_dict()


def affordable(workspace: Workspace, recipe: Recipe, counts: dict[str, int]) -> Recipe:
    """Return the recipe with its picture size decided: enlarged as it says, or the network's own size.

    The network's own where larger pictures are more than this machine can do, by what is known of its pace already. A
    size that somebody chose stays, and so does a recipe that enlarges nothing.
    """
    own = catalogue.info(recipe.backbone).image_sizes[0]
    if recipe.image_size is not None or recipe.size <= own:
        return recipe
    seconds = expected(workspace, recipe, counts, to_embed=0)["fine_tune"]
    in_time = seconds <= (recipe.time_limit or LONGEST_SECONDS)
    fits = _memory_mb(recipe, counts) <= SHARE_OF_MEMORY * psutil.virtual_memory().total / 1e6
    return replace(recipe, image_size=recipe.size if in_time and fits else own)


def expected(workspace: Workspace, recipe: Recipe, counts: dict[str, int], to_embed: int) -> dict[str, float]:
    """Return the seconds each phase of a run may take, from what is known already: measures nothing."""
    embedding = speed.known(workspace, recipe.backbone, recipe.size) or speed.guess(recipe)
    tuning = speed.known_fine_tuning(workspace, recipe) or speed.guess_fine_tuning(recipe)
    return {
        "features": to_embed * (1 / embedding + DECODE_SECONDS / device.cores()),
        "probe": _probe_seconds(recipe, counts),
        "fine_tune": _fine_tune_seconds(workspace, recipe, counts, tuning, embedding) if recipe.fine_tunes else 0.0,
        "evaluate": EVALUATE_SECONDS,
    }


def _probe_seconds(recipe: Recipe, counts: dict[str, int]) -> float:
    return START_SECONDS + counts["train"] * catalogue.width(recipe.backbone, recipe.size) / PROBE_NUMBERS


def _fine_tune_seconds(
    workspace: Workspace, recipe: Recipe, counts: dict[str, int], pace: speed.Pace, embedding: float
) -> float:
    number = views.number_of_views(workspace, pace.activation_size, counts["train"], recipe)
    held_out = counts["validation"] + counts["test"]
    computed = (number * counts["train"] + held_out) * (1 / pace.views + AUGMENT_SECONDS)
    validations = 2 if recipe.averages else 1
    trained = recipe.epochs * (counts["train"] + validations * counts["validation"] / 3) / pace.training
    if recipe.learning_rate is None:
        trained += range_test.STEPS * recipe.batch_size / pace.training
    return FINE_TUNE_START_SECONDS + _safe_seconds(recipe, counts, embedding) + computed + trained


def _safe_seconds(recipe: Recipe, counts: dict[str, int], embedding: float) -> float:
    """Return what it takes to find out which changes the pictures stand, where the recipe leaves that open."""
    if recipe.augmentation != ("auto",):
        return 0.0
    asked = min(safe_augmentation.SAMPLE, counts["train"] // 2)
    rounds = 1 + max(len(modality.augmentations.tolerance) for modality in modalities.MODALITIES)
    return rounds * asked * (1 / embedding + AUGMENT_SECONDS)


def _memory_mb(recipe: Recipe, counts: dict[str, int]) -> float:
    info = catalogue.info(recipe.backbone)
    pictures = sum(counts.values())
    features = 3 * pictures * catalogue.width(recipe.backbone, recipe.size) * 4
    # Weights, gradients, two moments and the best so far; and the activations of a batch, roughly.
    training = recipe.fine_tunes * (5 * info.parameters * 4 + recipe.batch_size * recipe.size**2 * 3 * 4 * 40)
    return IDLE_MB + (info.parameters * 8 + features + training) / 1e6


def _disk_mb(
    workspace: Workspace, recipe: Recipe, counts: dict[str, int], to_embed: int, pace: speed.Pace | None
) -> float:
    info = catalogue.info(recipe.backbone)
    used = (
        to_embed * catalogue.width(recipe.backbone, recipe.size) * bytes_a_number(recipe.backbone) + info.parameters * 8
    )
    if pace is not None:
        number = views.number_of_views(workspace, pace.activation_size, counts["train"], recipe)
        used += number * counts["train"] * pace.activation_size * 2 + info.parameters * 16
    return used / 1e6
