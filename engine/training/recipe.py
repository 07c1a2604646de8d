"""A recipe: every choice of a run as plain data. Light: importing it loads no framework."""

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields, replace

from engine.backbones import catalogue
from engine.data import label_kinds
from engine.data.modalities import registry as modalities
from engine.errors import TrainingError


@dataclass(frozen=True)
class RecipeInfo:
    """How a recipe is offered to a person, and what it chooses otherwise than the defaults of `Recipe`.

    `enlarge` is the side of its pictures as a multiple of the network's own.
    """

    name: str
    title: str
    sentence: str
    choices: dict = field(default_factory=dict)
    enlarge: float = 1.0


RECIPES = {
    "instant": RecipeInfo(
        "instant",
        "Instant",
        "Keeps the pretrained network as it is and learns only the last step. Ready in seconds, good for a first look.",
    ),
    "balanced": RecipeInfo(
        "balanced",
        "Balanced",
        "Starts like Instant, then adapts the upper part of the network to your pictures. Takes minutes and is usually "
        "more accurate; it never ends below Instant on the validation pictures.",
    ),
    "best": RecipeInfo(
        "best",
        "Best",
        "Adapts the whole network to larger and strongly varied pictures, in many careful steps. Takes many times as "
        "long as Balanced, above all without a graphics card: for the last points, once your pictures are in order. It "
        "never ends below Instant on the validation pictures either.",
        {
            "freeze_depth": 0.0,
            "learning_rate": None,
            "early_rate": 0.2,
            "epochs": 16,
            "patience": 6,
            "mixing": "auto",
        },
        enlarge=4 / 3,
    ),
}

FITS = {
    "auto": "Cut photos, keep all of drawings",
    "letterbox": "Keep the whole picture, fill the rest with its border colour",
    "crop": "Cut the middle square out",
    "stretch": "Squeeze the whole picture into a square",
}
HEADS = {"linear": "One layer (linear)", "hidden": "A hidden layer before it"}
OPTIMIZERS = {"adamw": "AdamW", "adam": "Adam", "sgd": "SGD with momentum"}
TASKS = label_kinds.TASKS
OUTPUTS = {"softmax": "A probability for each class (softmax)", "sigmoid": "One probability for two classes (sigmoid)"}
BALANCINGS = {
    "none": "Every picture counts the same",
    "weights": "Pictures of small classes count more",
    "oversample": "Pictures of small classes are shown more often",
    "focal": "Pictures that are hard to tell count more (focal loss)",
}
AUGMENTATIONS = {
    "flip": "Mirror left and right",
    "flip_vertical": "Turn upside down",
    "crop": "Zoom in and shift",
    "rotate": "Tilt a little",
    "brightness": "Lighter and darker",
    "contrast": "Harder and softer contrast",
    "colour": "Stronger and weaker colours",
    "grey": "Sometimes without colour",
    "blur": "Sometimes out of focus",
    "noise": "Sometimes grainy",
    "erase": "Cover a small patch",
    "time_shift": "Sounds: a little earlier or later",
    "gain": "Sounds: louder and softer",
    "hiss": "Sounds: some noise in the background",
    "time_mask": "Sounds: a moment is missing",
    "frequency_mask": "Sounds: some tones are missing",
}
MIXINGS = {
    "none": "Every picture by itself",
    "auto": "Mixed, as far as your pictures allow",
    "mixup": "Two pictures laid over each other (MixUp)",
    "cutmix": "A piece of one in the other (CutMix)",
}
_FINE_TUNING_OPTIONS = (
    "freeze_depth",
    "optimizer",
    "learning_rate",
    "early_rate",
    "batch_size",
    "epochs",
    "patience",
    "augmentation",
    "mixing",
)
# A network that has seen nothing learns everything, in larger steps and for longer.
FROM_NOTHING = {"freeze_depth": 0.0, "learning_rate": 2e-3, "early_rate": 1.0, "epochs": 30, "patience": 30}
# Features of a flattened map: 64 KB a picture, 650 MB for ten thousand of them.
MOST_FLATTENED = 16_384
POOLINGS = {"average": "The average over the picture", "flatten": "Every place of the picture (flatten)"}
# Sides of enlarged pictures are multiples of this, so that a network halves them without a rest.
STEP = 32

OUTPUT_UNUSED = (
    "Where pictures may show several classes, every class has a probability of its own already: the option output has "
    "no use. Leave it at softmax."
)


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run.

    `image_size` None means the network's own default. `freeze_depth` is the share of the network that stays as it is:
    1 trains only the head, 0 everything. `l2` None lets cross-validation on the training pictures choose the strength
    of a linear probe; l1 and l2 act on the head, on standardised features in the probe. `augmentation` ("auto",) tries
    on your own pictures what is safe for them; () changes nothing. `target_accuracy` ends fine-tuning once that share
    of the validation pictures is right, `time_limit` after so many seconds; there is always a first model to keep.
    `pixel_scale` is what is black and white in pictures of more than 8 bits, "" where a sample of them tells.
    `task` follows from the dataset: "several" decides each class for itself. `output` "sigmoid" hands the model over
    with one unit, the probability of the second class.
    `learning_rate` None has a short test find it; `early_rate` is the share of it that the first layer that trains
    learns with, the last one learns with all of it.
    `patience` is after how many epochs without a better one training ends. `mixing` "auto" does what these pictures
    survive; pictures are mixed only where the whole network trains.

    These are the defaults of Instant and Balanced; `from_dict` knows those of every recipe.
    """

    name: str = "instant"
    backbone: str = "sprout"
    image_size: int | None = None
    fit: str = "auto"
    pixel_scale: str = ""
    head: str = "linear"
    hidden_units: int = 128
    dropout: float = 0.0
    l1: float = 0.0
    l2: float | None = None
    class_balancing: str = "none"
    freeze_depth: float = 0.75
    optimizer: str = "adamw"
    learning_rate: float | None = 3e-4
    early_rate: float = 1.0
    batch_size: int = 32
    epochs: int = 8
    patience: int = 8
    augmentation: tuple[str, ...] = ("auto",)
    output: str = "softmax"
    task: str = "one"
    mixing: str = "none"
    seed: int = 0
    target_accuracy: float | None = None
    time_limit: float | None = None

    @property
    def title(self) -> str:
        return RECIPES[self.name].title if self.name in RECIPES else str(self.name)

    @property
    def size(self) -> int:
        """The side of the square pictures the network sees, in pixels."""
        return self.image_size or own_size(self.name, self.backbone)

    @property
    def fine_tunes(self) -> bool:
        return self.name != "instant"

    def uses(self, option: str) -> bool:
        """Tell whether this recipe acts on an option, so that a page shows only what does something."""
        if option == "mixing":
            return self.streams
        if option in ("freeze_depth", "early_rate") and self.from_nothing:
            return False
        if option in _FINE_TUNING_OPTIONS:
            return self.fine_tunes
        if option in ("target_accuracy", "time_limit"):
            return getattr(self, option) is not None
        if option == "dropout":
            return self.fine_tunes or self.head == "hidden"
        if option == "output":
            return label_kinds.of_task(self.task).EXCLUSIVE
        return option != "hidden_units" or self.head == "hidden"

    @property
    def from_nothing(self) -> bool:
        """Tell whether the network begins with random weights, so that all of it has to learn."""
        return catalogue.from_nothing(self.backbone)

    @property
    def tells_the_strange(self) -> bool:
        """Tell whether the run can learn what is unlike all its pictures.

        Not where a picture may show none of the classes, not with random weights, and not with numbers for every place,
        where the same thing elsewhere is as far away as another thing.
        """
        return (
            label_kinds.of_task(self.task).EXCLUSIVE
            and not self.from_nothing
            and not catalogue.is_flattened(self.backbone)
        )

    @property
    def averages(self) -> bool:
        """Tell whether averages of the weights over about an epoch are tried on the validation pictures as well."""
        return self.name == "best"

    @property
    def streams(self) -> bool:
        """Tell whether pictures are varied anew in every epoch, because nothing of the network can be computed once."""
        return self.fine_tunes and self.freeze_depth <= 0

    def to_dict(self) -> dict:
        return {**asdict(self), "augmentation": list(self.augmentation)}

    @classmethod
    def from_dict(cls, values: dict) -> "Recipe":
        """Return the recipe of `values`; what is left out keeps its default. TrainingError for unknown options."""
        known = {field.name for field in fields(cls)}
        for option in values:
            if option not in known:
                raise TrainingError(
                    "A recipe has no option '{option}'. The options are: {known}.",
                    option=str(option),
                    known=", ".join(sorted(known)),
                )
        augmentation = values.get("augmentation", ("auto",))
        if isinstance(augmentation, str):
            augmentation = (augmentation,)
        chosen = {**values, "augmentation": tuple(augmentation or ())}
        return replace(defaults(values.get("name", cls.name), values.get("backbone", cls.backbone)), **chosen)

    def validate(self) -> None:
        """Raise TrainingError, in words, for the first choice that makes no sense."""
        _one_of("recipe", self.name, RECIPES)
        _check_image_size(self)
        _one_of("fit", self.fit, FITS)
        if self.pixel_scale:
            modalities.check_scale(self.pixel_scale)
        _one_of("head", self.head, HEADS)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("output", self.output, OUTPUTS)
        _one_of("task", self.task, TASKS)
        _one_of("class_balancing", self.class_balancing, BALANCINGS)
        _one_of("mixing", self.mixing, MIXINGS)
        _check_numbers(self)
        _check_augmentation(self.augmentation)
        _check_from_nothing(self)
        _check_flattened(self)
        _check_unused(self)

    def validate_for(self, labels: Collection[str]) -> None:
        """Raise TrainingError also for choices that make no sense for pictures with these labels."""
        self.validate()
        if self.output == "sigmoid" and len(labels) != 2:
            raise TrainingError(
                "One probability (sigmoid) can only tell two classes apart, and there are {count}. Choose softmax.",
                count=len(labels),
            )


def defaults(name: str, backbone: str = Recipe.backbone) -> Recipe:
    """Return the recipe of this name with its own choices; an unknown name is told by `validate`."""
    known = RECIPES.get(name) if isinstance(name, str) else None
    choices = known.choices if known else {}
    if catalogue.from_nothing(backbone) and name != "instant":
        choices = {**choices, **FROM_NOTHING}
    return Recipe(name=name, backbone=backbone, **choices)


def own_size(name: str, backbone: str) -> int:
    """Return the side in pixels that a recipe gives pictures unless somebody chooses another one."""
    default, smallest, largest = catalogue.info(backbone).image_sizes
    enlarge = RECIPES[name].enlarge if name in RECIPES else 1.0
    if enlarge == 1:
        return default
    return min(largest, max(smallest, STEP * round(default * enlarge / STEP)))


def fitted(recipe: dict, dataset_options: dict) -> dict:
    """Return the recipe with the fit and the scale of deep pictures that were chosen for the dataset, where its own are
    left to be found out."""
    chosen, scale = dataset_options.get("fit", "auto"), dataset_options.get("pixel_scale", "")
    found = {**recipe, "fit": chosen} if recipe.get("fit", "auto") == "auto" and chosen in FITS else recipe
    return {**found, "pixel_scale": scale} if scale and not found.get("pixel_scale") else found


def _one_of(option: str, value, known) -> None:
    if value not in known:
        raise TrainingError(
            "'{value}' is no choice for {option}. Choose one of: {known}.",
            value=str(value),
            option=option,
            known=", ".join(known),
        )


def _check_image_size(recipe: Recipe) -> None:
    info = catalogue.info(recipe.backbone)
    if recipe.image_size is None:
        return
    _default, smallest, largest = info.image_sizes
    _within("image_size", recipe.image_size, smallest, largest, whole=True)


def _check_numbers(recipe: Recipe) -> None:
    _within("hidden_units", recipe.hidden_units, 2, 4096, whole=True)
    _within("dropout", recipe.dropout, 0, 0.9)
    _within("l1", recipe.l1, 0, 10)
    if recipe.l2 is not None:
        _within("l2", recipe.l2, 0, 10)
    _within("freeze_depth", recipe.freeze_depth, 0, 1)
    if recipe.learning_rate is not None:
        _within("learning_rate", recipe.learning_rate, 1e-7, 10)
    _within("early_rate", recipe.early_rate, 0.001, 1)
    _within("batch_size", recipe.batch_size, 1, 1024, whole=True)
    _within("epochs", recipe.epochs, 1, 1000, whole=True)
    _within("patience", recipe.patience, 1, 1000, whole=True)
    _within("seed", recipe.seed, 0, 2**31 - 1, whole=True)
    _check_limits(recipe)


def _check_limits(recipe: Recipe) -> None:
    if recipe.target_accuracy is not None and not 0 < recipe.target_accuracy <= 1:
        raise TrainingError(
            "The target accuracy is {value}. A share between 0 and 1 was expected.", value=str(recipe.target_accuracy)
        )
    if recipe.time_limit is not None and not 0 < recipe.time_limit < math.inf:
        raise TrainingError("The time limit is {value}. Seconds above 0 were expected.", value=str(recipe.time_limit))


def _within(option: str, value, lowest: float, highest: float, *, whole: bool = False) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if number and lowest <= value <= highest and not (whole and value != int(value)):
        return
    expected = (
        "{option} is {value}. A whole number from {lowest} to {highest} was expected."
        if whole
        else "{option} is {value}. A number from {lowest} to {highest} was expected."
    )
    raise TrainingError(
        expected,
        option=option,
        value=str(value),
        lowest=f"{lowest:g}" if lowest < 1e6 else str(lowest),
        highest=f"{highest:g}" if highest < 1e6 else str(highest),
    )


def _check_augmentation(names: tuple[str, ...]) -> None:
    if names == ("auto",):
        return
    for name in names:
        if name == "auto":
            raise TrainingError("The augmentation 'auto' stands alone: it chooses the others. Remove it or the others.")
        _one_of("augmentation", name, AUGMENTATIONS)


def _check_flattened(recipe: Recipe) -> None:
    width = catalogue.width(recipe.backbone, recipe.size)
    if catalogue.is_flattened(recipe.backbone) and width > MOST_FLATTENED:
        raise TrainingError(
            "{title} would give {width} numbers for every picture of {size} pixels; more than {most} do not "
            "fit into the memory of an ordinary machine. Choose smaller pictures, another network, or the average.",
            title=catalogue.info(recipe.backbone).title,
            width=width,
            size=recipe.size,
            most=MOST_FLATTENED,
        )


def _check_from_nothing(recipe: Recipe) -> None:
    if recipe.from_nothing and not recipe.fine_tunes:
        raise TrainingError(
            "A network that begins with random weights has to learn as a whole, which Instant does not do. Choose the "
            "recipe Balanced or Best."
        )
    if recipe.from_nothing and (recipe.freeze_depth, recipe.early_rate) != (0, 1):
        raise TrainingError(
            "In a network that begins with random weights every layer has to learn alike: the options freeze_depth and "
            "early_rate have no use. Leave them out."
        )


def _check_unused(recipe: Recipe) -> None:
    """An option that would do nothing is refused rather than ignored."""
    if recipe.output != Recipe.output and not recipe.uses("output"):
        raise TrainingError(OUTPUT_UNUSED)
    usual = defaults(recipe.name, recipe.backbone)
    for option in (*_FINE_TUNING_OPTIONS, "dropout", "hidden_units"):
        changed = getattr(recipe, option) not in (getattr(usual, option), getattr(Recipe, option))
        if changed and not recipe.uses(option):
            raise TrainingError(
                "The recipe {recipe} with a {head} head has no use for {option}. Leave it at its default, "
                "or choose the recipe Balanced.",
                recipe=recipe.title,
                head=recipe.head,
                option=option,
            )
