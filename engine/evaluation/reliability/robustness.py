"""How much a model still gets right when its test pictures get worse, and from which strength on it breaks."""

import base64
import contextlib
import functools
import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from engine.backbones import forward
from engine.data.modalities.fits import fit_of
from engine.evaluation.predict import PREPARATION
from engine.evaluation.reliability.corruptions import KINDS, STRENGTHS, disturbed
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training import snapshot
from engine.training.fine_tuning import classifier, speed
from engine.training.inputs.pixels import Pixels
from engine.training.recipe import Recipe

FILE = "robustness.json"

# As many test pictures as take about so long for one kind, within these limits.
SECONDS = 6
FEWEST, MOST = 40, 300
SIGNIFICANT = 0.05


def measure_all(run_dir: Path, workspace: Workspace, advance: Callable[[int, int], None]) -> dict:
    """Return and keep {"kinds", "rows"}: `measure` of every kind, written after each; goes on from those it finds."""
    rows = _measured_before(run_dir)
    found = {"kinds": list(KINDS), "rows": rows}
    for number, kind in enumerate(KINDS[len(rows) :], len(rows)):
        step = functools.partial(_advance_within, advance, number)
        rows.append(measure(run_dir, workspace, kind, step))
        write_json(run_dir / FILE, found)
    return found


def _advance_within(advance: Callable[[int, int], None], number: int, done: int, total: int) -> None:
    advance(number * total + done, len(KINDS) * total)


def _measured_before(run_dir: Path) -> list[dict]:
    """Return the rows of a measurement of this very model that was stopped."""
    file = run_dir / FILE
    if not file.exists() or file.stat().st_mtime < (run_dir / runs.MODEL).stat().st_mtime:
        return []
    rows = read_json(file)["rows"]
    return rows if len(rows) < len(KINDS) else []


def measure(
    run_dir: Path,
    workspace: Workspace,
    kind: str,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict:
    """Return how right the model of a run is on test pictures disturbed in one way (see `disturb`).

    {"kind", "pictures", "accuracy" (strength 0 to 5), "breaks" (the first strength that is worse than chance explains,
    None where it holds), "examples" (a picture at every strength, as data addresses)}.
    """
    pixels, y = _pictures(run_dir, workspace)
    run = _classifier(run_dir, workspace, (run_dir / runs.MODEL).stat().st_mtime_ns)
    right, examples = [], []
    for strength in range(STRENGTHS + 1):
        worse = np.stack([disturbed(picture, kind, strength, seed) for seed, picture in enumerate(pixels)])
        right.append(forward.run(run, worse).argmax(axis=1) == y)
        examples.append(_address(worse[0]))
        advance(strength + 1, STRENGTHS + 1)
    return {
        "kind": kind,
        "pictures": len(y),
        "accuracy": [float(own.mean()) for own in right],
        "breaks": breaks_at(right),
        "examples": examples,
    }


def breaks_at(right: list[np.ndarray]) -> int | None:
    """Return the first strength from which on every one is worse than strength 0 by more than chance, or None.

    `right` tells for each strength which of the same pictures are right; McNemar's exact test (1947) compares them.
    """
    worse = [_is_worse(right[0], own) for own in right]
    broken = [strength for strength in range(1, len(right)) if all(worse[strength:])]
    return broken[0] if broken else None


def _is_worse(before: np.ndarray, after: np.ndarray) -> bool:
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    return lost > won and p_value(lost, won) < SIGNIFICANT


def p_value(lost: int, won: int) -> float:
    """Return how likely so uneven a change is by chance (McNemar's exact test, two-sided)."""
    changed = lost + won
    tail = sum(math.comb(changed, k) for k in range(max(lost, won), changed + 1))
    return min(1.0, 2 * tail / 2**changed)


def _pictures(run_dir: Path, workspace: Workspace) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels and classes of test pictures: all of them, or every so many-th."""
    recipe, preparation = Recipe.from_dict(runs.read_recipe(run_dir)), read_json(run_dir / PREPARATION)
    frozen = snapshot.read(run_dir)
    rows = frozen.rows("test")
    rows = rows[np.argsort(frozen.y[rows], kind="stable")]  # thinning takes from every class its share
    pace = speed.known(workspace, recipe.backbone, preparation["image_size"]) or MOST
    most = int(np.clip(pace * SECONDS / (STRENGTHS + 1), FEWEST, MOST))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int))]
    return Pixels(workspace, preparation["image_size"], fit_of(preparation)).read(frozen.keys(rows)), frozen.y[rows]


@functools.lru_cache(maxsize=1)
def _classifier(run_dir: Path, workspace: Workspace, _written: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return the run's model as the fastest forward pass; what was converted for it does not stay on disk."""
    name = f"run-{run_dir.name}"
    ready = forward.open_model(workspace, name, lambda: classifier.load(run_dir / runs.MODEL))
    with contextlib.suppress(OSError):
        (workspace.caches / "litert" / f"{name}.tflite").unlink(missing_ok=True)
    return ready


def _address(pixels: np.ndarray) -> str:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(sink.getvalue()).decode()}"
