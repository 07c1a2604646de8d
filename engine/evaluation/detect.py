"""Ask a finished run where objects are on new pictures. The model stays warm, so the next answer takes milliseconds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.data.modalities import registry as modalities
from engine.evaluation import predict
from engine.evaluation.predict import PREPARATION
from engine.storage.workspace import Workspace, read_json
from engine.training.detection import centre_head as heads
from engine.training.detection.frame import Frame, View
from engine.training.detection.learn import in_picture


def answers(run_dir: Path, _workspace: Workspace, sources: Sequence) -> list[dict]:
    """Return {"found": rows of left, top, right, bottom in pixels, confidence and class, "size"} for each picture.

    Everything from a confidence of 0.01 on: which of it is claimed is decided where it is shown.
    """
    return [_answer(run_dir, source) for source in sources]


def _answer(run_dir: Path, source) -> dict:
    model, frame = predict.load(run_dir).model, frame_of(run_dir)
    image, size = modalities.of(source).picture(source, max(frame.height, frame.width))
    pixels = View().pixels(image, size, frame)[None].astype(np.float32)
    [rows] = heads.read(np.asarray(model.predict_on_batch(pixels)))
    return {"found": np.round(in_picture(rows, frame, size), 4).tolist(), "size": list(size)}


def frame_of(run_dir: Path) -> Frame:
    width, height = read_json(run_dir / PREPARATION)["frame"]
    return Frame(height, width)


def warm_up(run_dir: Path, _workspace: Workspace) -> None:
    """Load the model and let it answer once."""
    frame = frame_of(run_dir)
    predict.load(run_dir).model.predict_on_batch(np.zeros((1, frame.height, frame.width, 3), np.float32))
