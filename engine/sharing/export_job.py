"""A model in other formats: written, loaded again, asked about the run's own test pictures, and compared with the app.

What is here runs in a worker. No file is kept that was not loaded again and measured.
"""

import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from engine.data.modalities.fits import fit_of
from engine.errors import UserError
from engine.evaluation.predict import PREPARATION
from engine.sharing import export_table, formats, model_labels
from engine.sharing.formats.format import Format, Material
from engine.storage import runs
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, check_free_space, read_json
from engine.training import snapshot
from engine.training.fine_tuning import classifier
from engine.training.inputs.pixels import Pixels

MAKING = "Writing {format} and comparing it with the app."
# More test pictures tell no more of a format: 500 that agree are 99.4 % at least.
MOST_TEST, CALIBRATION = 500, 64
AT_ONCE = 32
TIMED, TIMED_SECONDS = 30, 1.5

Advance = Callable[..., None]


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Export as job.json asks: {"run_dir", "formats": keys}; status.json beside it tells how far it is."""
    job, status = read_json(job_path), StatusFile.beside(job_path)
    status.tell(0.0)
    make(Path(job["run_dir"]), workspace, job["formats"], status.advance)


def make(run_dir: Path, workspace: Workspace, keys: Sequence[str], advance: Advance) -> None:
    """Write these formats of a run, those that are there already excepted. Raises UserError, Stopped."""
    made_of, there = export_table.stamp(run_dir), export_table.rows(run_dir)
    wanted = [formats.FORMATS[key] for key in keys if key not in there]
    if not wanted:
        return
    check_free_space(run_dir, 3 * len(wanted) * (run_dir / runs.MODEL).stat().st_size)
    work = Comparison(run_dir, workspace)
    for number, form in enumerate(wanted):
        advance(number, len(wanted), MAKING, format=form.title)
        export_table.keep(run_dir, made_of, form.key, _export(work, form, export_table.folder(run_dir)))
    advance(1, 1)


def _export(work: "Comparison", form: Format, folder: Path) -> dict:
    """Write one format beside the others and return its row. What cannot be loaded again is not kept."""
    folder.mkdir(exist_ok=True)
    part = folder / f".{secrets.token_hex(4)}-{form.file}"
    try:
        form.write(work.material, part)
        row = {"file": form.file, "bytes": part.stat().st_size, **work.measure(form.open(part))}
        os.replace(part, folder / form.file)
    finally:
        part.unlink(missing_ok=True)
    return row


class Comparison:
    """The model of a run as it is handed out, and what it says of the run's own test pictures."""

    def __init__(self, run_dir: Path, workspace: Workspace):
        self._about = model_labels.describe(run_dir)
        frozen, preparation = snapshot.read(run_dir), read_json(run_dir / PREPARATION)
        pixels = Pixels(workspace, preparation["image_size"], fit_of(preparation))
        test, train = _some(frozen.rows("test"), MOST_TEST), _some(frozen.rows("train"), CALIBRATION)
        self._truth = frozen.y[test]
        model = handed_out(classifier.load(run_dir / runs.MODEL), self._about)
        self._pixels = as_input(_read(pixels, frozen.keys(test)), self._about)
        calibration = as_input(_read(pixels, frozen.keys(train)), self._about)
        self.material = Material(model, self._about, calibration)
        self._expected = self._answer(lambda batch: np.asarray(model.predict_on_batch(batch), np.float32))

    def measure(self, answer: Callable[[np.ndarray], np.ndarray]) -> dict:
        """Return {"accuracy", "pictures", "same", "difference", "milliseconds"} of what answers pixels."""
        found = self._answer(answer)
        said, expected = decided(found, self._about), decided(self._expected, self._about)
        right, same = agreement(said, self._truth), agreement(said, expected)
        return {
            "pictures": len(found),
            "accuracy": float(right.mean()),
            "same": float(same.mean()),
            "difference": float(np.abs(found - self._expected).max()),
            "milliseconds": round(1000 * _seconds(answer, self._pixels[:1]), 3),
        }

    def _answer(self, answer: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        starts = range(0, len(self._pixels), AT_ONCE)
        return two_columns(np.concatenate([answer(self._pixels[start : start + AT_ONCE]) for start in starts]))


def handed_out(model: keras.Model, about: dict) -> keras.Model:
    """Return the model that takes the pixels that `about` promises: the scale of deep pictures moves into the graph."""
    low, high = about["input"]["range"]
    if (low, high) == (0.0, 255.0):
        return model
    pixels = keras.Input(model.inputs[0].shape[1:], name="pixels")
    factor = 255.0 / (high - low)
    x = layers.Rescaling(factor, offset=-low * factor, name="pixel_scale")(pixels)
    x = layers.ReLU(max_value=255.0, name="pixel_limits")(x)
    return keras.Model(pixels, model(x), name="classifier")


def as_input(pixels: np.ndarray, about: dict) -> np.ndarray:
    """Return pixels as Graft keeps them, uint8, as float32 in the range of the model that is handed out."""
    low, high = about["input"]["range"]
    return (low + pixels.astype(np.float32) * ((high - low) / 255.0)).astype(np.float32)


def two_columns(found: np.ndarray) -> np.ndarray:
    """Return probabilities (N, num_classes), also of a model with one unit."""
    return np.hstack([1 - found, found]) if found.shape[1] == 1 else found


def decided(probabilities: np.ndarray, about: dict) -> np.ndarray:
    """Return the likeliest class of each picture, (N,), or which classes it shows, (N, num_classes) of bool."""
    if "thresholds" not in about:
        return probabilities.argmax(axis=1)
    return probabilities >= np.array([about["thresholds"][name] for name in about["class_names"]])


def agreement(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return which pictures are told exactly so, (N,) of bool; both are (N,) or (N, num_classes)."""
    return (said == truth).reshape(len(said), -1).all(axis=1)


def _read(pixels: Pixels, keys: list[str]) -> np.ndarray:
    try:
        return pixels.read(keys)
    except UserError as error:
        raise UserError(
            "The pictures of this run cannot be read any more ({reason}), so no format could be compared with it.",
            reason=str(error),
        ) from error


def _some(rows: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many rows, drawn evenly from all."""
    return rows[:: max(1, -(-len(rows) // most))]


def _seconds(answer: Callable[[np.ndarray], np.ndarray], picture: np.ndarray) -> float:
    """Return how long one picture takes by itself: the middle of some tries, after two that warm up."""
    for _ in range(2):
        answer(picture)
    taken: list[float] = []
    while len(taken) < TIMED and sum(taken) < TIMED_SECONDS:
        began = time.perf_counter()
        answer(picture)
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))
