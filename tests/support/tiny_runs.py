"""Small real trainings for tests: drawn pictures in a workspace, a run directory, and the worker's own entry point."""

import atexit
import functools
import hashlib
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import Workspace
from engine.training.recipe import Recipe
from engine.worker import door
from tests.support.pictures import COLOURS, draw_picture

# Every tenth picture is for validation, two of ten for the test.
SPLITS = ("train",) * 7 + ("validation",) + ("test",) * 2
SMALL = {"image_size": 48, "fit": "stretch"}


def add_picture(workspace: Workspace, image: Image.Image, label: str, number: int, **more) -> Item:
    """Store a picture as an original and return its item."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = workspace.blob_path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    more = {"split": SPLITS[number % len(SPLITS)], "group": "even" if number % 2 else "odd", **more}
    return Item(sha256, f"{label}/{number}.png", label, id=len(label) * 10_000 + number, **more)


def discs(workspace: Workspace, per_class: int = 10, labels: tuple[str, ...] = ("red", "green", "blue")) -> list[Item]:
    """Return items of coloured discs, `per_class` of every label; groups are "odd" and "even"."""
    return [
        add_picture(workspace, draw_picture(COLOURS[label], seed=1000 * position + number), label, number)
        for position, label in enumerate(labels)
        for number in range(per_class)
    ]


def new_run(workspace: Workspace, items: list[Item], **recipe) -> Path:
    """Return the directory of a queued run."""
    return workspace.run_dir(runs.new_run(workspace, Recipe.from_dict({**SMALL, **recipe}).to_dict(), items))


def train(workspace: Workspace, items: list[Item], **recipe) -> Path:
    """Carry a run out, as a worker would, and return its directory."""
    return carry_out(workspace, new_run(workspace, items, **recipe))


def carry_out(workspace: Workspace, run_dir: Path) -> Path:
    """Train a queued run. Networks converted for one test's workspace are lent to the next, to save its time."""
    own = workspace.caches / "litert"
    shutil.copytree(converted(), own, dirs_exist_ok=True)
    door.answer("train", run_dir, workspace)
    shutil.copytree(own, converted(), dirs_exist_ok=True)
    return run_dir


@functools.cache
def converted() -> str:
    """Return the folder of networks that were converted for tests of this process so far."""
    folder = tempfile.mkdtemp(prefix="converted-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
