"""Where a model looks in general: the heat of many test pictures of a class, averaged, and a question where it is odd.

A model that recognises ships by the water, or hospitals by a mark in the corner, is right until the background changes
(Lapuschkin et al. 2019). Heat that lies at the edge of the pictures, for one class more than for the others, is a hint.
"""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.modalities import registry as modalities
from engine.evaluation import results
from engine.evaluation.explain import border_bias, explain, grad_cam, overlay
from engine.storage.workspace import Workspace, write_json

FILE = "looks.json"
GRID = 48  # heat of pictures of any shape is brought to a square of so many places
COARSE = 16  # the mean of few pictures says no more than this many places to a side
MOST, FEWEST_PER_CLASS = 240, 6
BATCH = 16
# The middle is a square of half the area, so heat spread evenly has a half of itself at the edge.
MIDDLE = 0.5**0.5


def measure(run_dir: Path, workspace: Workspace, advance: explain.Advance) -> dict:
    """Return and keep {"classes": [{"class", "pictures", "edge", "asks", "image"}], "pictures"}.

    "edge" is the fraction of the heat outside the middle half of the area; "asks" whether that deserves a question;
    "image" a JPEG (base64) of the mean heat over the mean picture.
    """
    of = explain.subject(run_dir)
    chosen = _chosen(run_dir, of.class_names)
    total, done, rows = sum(map(len, chosen.values())), 0, []
    for name, pictures in chosen.items():
        heats, seen = [], []
        for start in range(0, len(pictures), BATCH):
            sources = [workspace.blob_path(row.sha256) for row in pictures[start : start + BATCH]]
            found, small = _heats(of, sources, of.class_names.index(name))
            heats.extend(found)
            seen.extend(small)
            done += len(sources)
            advance(done, total)
        if heats:
            # Heat is in log odds: pictures with much to show for the class count more than those with little.
            rows.append(_row(name, _smooth(np.mean(heats, axis=0)), np.mean(seen, axis=0), len(heats)))
    odd = border_bias.judge(rows).odd
    for row in rows:
        row["asks"] = row in odd
    rows.sort(key=lambda row: (not row["asks"], -row["edge"]))
    shown = {"classes": rows, "pictures": total}
    write_json(run_dir / FILE, shown)
    return shown


def edge_share(heat: np.ndarray) -> float:
    """Return the fraction of heat (GRID, GRID) outside the middle half of the area; 0.5 where it is spread evenly."""
    inset = round(len(heat) * (1 - MIDDLE) / 2)
    return float(1 - heat[inset:-inset, inset:-inset].sum() / (heat.sum() or 1.0))


def _chosen(run_dir: Path, class_names: tuple[str, ...]) -> dict[str, list[results.Prediction]]:
    """Return test pictures of every class, the same ones every time."""
    answers = results.predictions(run_dir)
    each = max(FEWEST_PER_CLASS, MOST // max(1, len(class_names)))
    by_class: dict[str, list[int]] = {name: [] for name in class_names}
    for row, label in enumerate(answers.labels):
        by_class[label].append(row)
    return {name: answers.rows(rows[:: -(-len(rows) // each) or 1][:each]) for name, rows in by_class.items() if rows}


def _heats(of: explain.Subject, sources: list[Path], target: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the heat of each picture and the picture in grey, both brought to the grid."""
    pixels = np.stack([modalities.of(source).open_at(source, of.image_size, of.fit) for source in sources])
    found = grad_cam.heat(of.inside, pixels, np.full(len(pixels), target))
    heats, seen = [], []
    for source, heat in zip(sources, found, strict=True):
        image, size = modalities.of(source).picture(source, GRID)
        own = _square(np.nan_to_num(overlay.onto(heat, size, of.fit)))
        heats.append(own)
        seen.append(np.asarray(image.convert("L").resize((GRID, GRID)), np.float32))
    return heats, seen


def _square(heat: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(heat).resize((GRID, GRID), Image.Resampling.BOX))


def _smooth(heat: np.ndarray) -> np.ndarray:
    """Return the mean of few pictures without the grain of single ones."""
    small = Image.fromarray(heat.astype(np.float32)).resize((COARSE, COARSE), Image.Resampling.BOX)
    return np.asarray(small.resize(heat.shape, Image.Resampling.BICUBIC)).clip(0)


def _row(name: str, heat: np.ndarray, seen: np.ndarray, pictures: int) -> dict:
    sink = io.BytesIO()
    ground = Image.fromarray(seen.astype(np.uint8)).resize((160, 160), Image.Resampling.BILINEAR).convert("RGBA")
    layer = Image.open(io.BytesIO(overlay.png(heat))).resize((160, 160), Image.Resampling.BILINEAR)
    Image.alpha_composite(ground, layer).convert("RGB").save(sink, "JPEG", quality=85)
    image = base64.b64encode(sink.getvalue()).decode()
    return {"class": name, "pictures": pictures, "edge": edge_share(heat), "asks": False, "image": image}
