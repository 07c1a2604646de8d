"""Every choice of a distillation as plain data, checked in words before anything is computed. Light."""

from dataclasses import asdict, dataclass
from pathlib import Path

from engine.backbones.catalogue import check_size, info
from engine.errors import BackboneError
from engine.storage.workspace import read_json, write_json

FILE = "plan.json"
STARTS = ("sprout", "random")
# What the choices with a default are, for the command line.
MEANINGS = {
    "start": "sprout, random, or a file of earlier weights, maybe of a narrower network",
    "steps": "batches to learn from",
    "batch_size": "pictures in a batch",
    "learning_rate": "its peak; it warms up and falls along a cosine",
    "student_size": "side of the squares that the student sees, in pixels",
    "teacher_size": "side of the squares that the teacher sees, in pixels",
    "picture_size": "side of the squares that are kept of the pictures, in pixels",
    "seed": "another one shows other pieces in another order",
}


@dataclass(frozen=True)
class Plan:
    """Every choice of a distillation; MEANINGS says what they are.

    `images` are folders. `teacher_size` None means the teacher's own. `teacher_layers` are layers of the teacher whose
    means and maxima are imitated beside its features.
    """

    teacher: str
    images: tuple[str, ...]
    start: str = "sprout"
    steps: int = 16_000
    batch_size: int = 64
    learning_rate: float = 2e-3
    student_size: int = 96
    teacher_size: int | None = None
    teacher_layers: tuple[str, ...] = ()
    picture_size: int = 192
    seed: int = 0

    @property
    def seen_by_teacher(self) -> int:
        """The side of the squares that the teacher sees, in pixels."""
        return self.teacher_size or info(self.teacher).image_sizes[0]

    def to_dict(self) -> dict:
        return {**asdict(self), "images": list(self.images), "teacher_layers": list(self.teacher_layers)}

    def validate(self) -> None:
        """Raise BackboneError, in words, for the first choice that makes no sense."""
        check_size(info(self.teacher), self.seen_by_teacher)
        check_size(info("sprout"), self.student_size)
        for name in ("steps", "batch_size", "picture_size"):
            if getattr(self, name) < 1:
                raise BackboneError(
                    "{name} is {value}. A whole number of at least 1 was expected.",
                    name=name.replace("_", " "),
                    value=getattr(self, name),
                )
        for folder in self.images:
            if not Path(folder).is_dir():
                raise BackboneError("There is no folder {folder}. Name a folder that holds pictures.", folder=folder)
        if not 0 < self.learning_rate < 1:
            raise BackboneError(
                "The learning rate is {value}. A number between 0 and 1 was expected.", value=self.learning_rate
            )
        if self.start not in STARTS and not Path(self.start).is_file():
            raise BackboneError(
                "There is no file {file} to start from. Name one, or choose one of: {known}.",
                file=self.start,
                known=", ".join(STARTS),
            )

    def check_folder(self, out: Path) -> None:
        """Raise BackboneError when `out` holds a training with other choices."""
        earlier = read_json(out / FILE, {})
        # The number of steps may change: the training then ends later or sooner, its rate decays accordingly.
        choices = {name: value for name, value in self.to_dict().items() if name != "steps"}
        changed = [name for name, value in choices.items() if earlier.get(name, value) != value]
        if changed:
            raise BackboneError(
                "{folder} holds a training with other choices ({changed}). Give the same ones to go on with it, "
                "or another folder to start afresh.",
                folder=str(out),
                changed=", ".join(changed),
            )

    def keep(self, out: Path) -> None:
        """Make `out` the folder of this training."""
        write_json(out / FILE, self.to_dict())
