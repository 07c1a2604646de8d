"""Suggested classes for pictures that have none yet, the most useful to confirm first.

The model is a finished run that knows the classes of today, else a linear probe on the labelled pictures' features.
Most useful is what the model is unsure about and what is unlike the rest that is asked: BADGE (Ash et al. 2020),
k-means++ (Arthur & Vassilvitskii 2007) among the gradients that each picture would give. The test split
is never looked at.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet

from engine.curation.projection import Advance, features_of, principal, telling
from engine.evaluation import predict
from engine.storage import runs
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training.heads import linear_probe, regularization
from engine.training.inputs.pixels import Pixels
from engine.training.inputs.work_pile import CHUNK
from engine.training.recipe import Recipe

SUGGESTIONS = "suggestions.json"
BATCH = 300  # pictures put in the most useful order; it is made anew long before somebody has labelled them all
LIKELIEST = 9  # classes offered for a picture, one for each key
FOLDS = 5
MOST_LABELLED = 4000  # pictures a probe learns from: more would make it hardly better and a refresh slow
# Half of probe.DEFAULT_STRENGTH: given, since choosing it by cross-validation would take most of the time.
PENALTY = Recipe(l2=regularization.DEFAULT_STRENGTH / 2)
COMPONENTS = 64  # of the features, to compare pictures with each other
SURE = 0.95  # the share of sure answers that must have been right, and the least probability of one
FEWEST_CHECKED = 10  # held-out answers that this share is measured on
# A run answers as long as the labels have grown by less than this since it was trained.
GROWTH = 1.2


class Trust(NamedTuple):
    """From which probability on answers are sure, None where none can be; how many held-out ones were checked there."""

    sure: float | None
    checked: int
    right: int


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Suggest classes for the unlabelled pictures of job.json, into its folder; status.json tells how far it is."""
    suggest(workspace, job_path.parent, read_json(job_path), telling(job_path))


def suggest(workspace: Workspace, folder: Path, job: dict, advance: Advance) -> dict:
    """Write suggestions.json into `folder` and return what it holds.

    job: `of`, what the answer shall say it is about; `labelled` [[sha256, label, split]]; `unlabelled` [[item id,
    sha256]]; `runs`, directories of finished runs, the preferred first. Answer: `of`; `source`, the id of the run,
    "probe" or "none" (fewer than two classes); `class_names`; `items` [[item id, [class indices], [probabilities]]],
    the most useful first; `sure` the probability from which on an answer can be trusted, or null; `checked` [count,
    right]: so many labelled pictures it had not learned from were answered as surely, and so many of them rightly.
    """
    labelled = [row for row in job["labelled"] if row[2] != "test"]
    class_names = sorted({label for _sha256, label, _split in labelled})
    unlabelled = [sha256 for _item, sha256 in job["unlabelled"]]
    source, trust = "none", Trust(None, 0, 0)
    rows: list = []
    if unlabelled:
        features = features_of(workspace, [*unlabelled, *(row[0] for row in labelled)], advance)
        own, known = features[: len(unlabelled)], features[len(unlabelled) :]
        probabilities = None
        if (run_dir := usable_run(job["runs"], class_names, len(labelled))) is not None:
            source, trust = run_dir.name, trusted(*_validation(run_dir))
            probabilities = _ask_run(workspace, run_dir, unlabelled, advance)
        elif len(class_names) > 1:
            y = np.searchsorted(class_names, [label for _sha256, label, _split in labelled])
            source, (probabilities, trust) = "probe", learned(known, y, own)
        rows = _rows(job["unlabelled"], useful(probabilities, own), probabilities)
    answer = {
        "of": job["of"],
        "source": source,
        "class_names": class_names,
        "items": rows,
        "sure": trust.sure,
        "checked": [trust.checked, trust.right],
    }
    write_json(folder / SUGGESTIONS, answer)
    return answer


def usable_run(run_dirs: list[str], class_names: list[str], labelled: int) -> Path | None:
    """Return the first run that knows exactly these classes and learned from about as many pictures, or None."""
    for run_dir in map(Path, run_dirs):
        facts = runs.read_evaluation(run_dir)
        if facts is None or not (run_dir / runs.MODEL).exists() or facts["class_names"] != class_names:
            continue
        if labelled <= GROWTH * (facts["counts"]["train"] + facts["counts"]["validation"]):
            return run_dir
    return None


def learned(known: np.ndarray, y: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, Trust]:
    """Return what a probe on features `known` of classes y says about `asked` (N, classes), and how far to trust it."""
    num_classes = int(y.max()) + 1
    rows = _sampled(y)
    known, y = known[rows], y[rows]
    answer = linear_probe.fit(known, y, num_classes, PENALTY).head.probabilities(asked)
    return answer, trusted(*_held_out(known, y, num_classes))


def trusted(probabilities: np.ndarray, truth: np.ndarray) -> Trust:
    """Return from which probability on the answers (N, classes) about held-out pictures were right often enough.

    It is the lowest, SURE or above, from which on a share of SURE was right, of FEWEST_CHECKED answers at least: what
    learned from a few pictures is surer of itself than it is right. Where no probability will do, `sure` is None, and
    the counts are those from SURE on.
    """
    best = np.round(probabilities.max(axis=1, initial=0), 4)  # as they are written
    order = np.argsort(-best, kind="stable")[: int((best >= SURE).sum())]
    if not len(order):
        return Trust(None, 0, 0)
    best, right = best[order], np.cumsum(probabilities.argmax(axis=1)[order] == truth[order])
    counts = np.arange(1, len(order) + 1)
    last_of_equals = np.append(best[1:] != best[:-1], True)
    enough = np.flatnonzero(last_of_equals & (counts >= FEWEST_CHECKED) & (right >= SURE * counts))
    if not len(enough):
        return Trust(None, len(order), int(right[-1]))
    lowest = enough[-1]
    return Trust(SURE if lowest == len(order) - 1 else float(best[lowest]), int(counts[lowest]), int(right[lowest]))


def useful(probabilities: np.ndarray | None, features: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the order in which pictures are worth labelling: row numbers, the first BATCH by BADGE, then by margin.

    Without probabilities (nothing is known yet) the pictures are as different from each other as can be.
    """
    x = principal(features, COMPONENTS)
    x /= np.sqrt((x**2).sum(axis=1).mean()) or 1.0
    doubt = np.ones((len(x), 1), np.float32) if probabilities is None else probabilities.astype(np.float32).copy()
    if probabilities is not None:
        doubt[np.arange(len(x)), probabilities.argmax(axis=1)] -= 1
    first = _spread_out(doubt, x, min(BATCH, len(x)), np.random.default_rng(seed))
    rest = np.setdiff1d(np.arange(len(x)), first)
    if probabilities is not None and probabilities.shape[1] > 1:
        best = np.sort(probabilities[rest], axis=1)
        rest = rest[np.argsort(best[:, -1] - best[:, -2], kind="stable")]
    return np.concatenate([first, rest])


def _spread_out(doubt: np.ndarray, x: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Return `count` rows by k-means++ among the products of doubt (N, C) and x (N, D), never forming them."""
    size = (doubt**2).sum(axis=1) * (x**2).sum(axis=1)
    chosen = [int(size.argmax())]
    distance = np.full(len(x), np.inf)
    while len(chosen) < count:
        last = chosen[-1]
        apart = size + size[last] - 2 * (doubt @ doubt[last]) * (x @ x[last])
        distance = np.minimum(distance, np.maximum(apart, 0))
        distance[chosen] = 0
        total = distance.sum()
        left = np.setdiff1d(np.arange(len(x)), chosen) if total <= 0 else None
        chosen.append(int(left[0] if left is not None else generator.choice(len(x), p=distance / total)))
    return np.array(chosen)


def _held_out(known: np.ndarray, y: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities for pictures held out in turn, and their classes; the only one of a class never is."""
    fold = np.full(len(y), -1)
    generator = np.random.default_rng(0)
    for label in range(num_classes):
        own = generator.permutation(np.flatnonzero(y == label))
        if len(own) > 1:
            fold[own] = np.arange(len(own)) % FOLDS
    answers, truth = [], []
    for number in range(FOLDS):
        out = fold == number
        if out.any():
            answers.append(linear_probe.fit(known[~out], y[~out], num_classes, PENALTY).head.probabilities(known[out]))
            truth.append(y[out])
    return np.concatenate(answers or [np.empty((0, num_classes))]), np.concatenate(truth or [np.empty(0, int)])


def _sampled(y: np.ndarray) -> np.ndarray:
    """Return at most MOST_LABELLED rows (and at least two of each class)."""
    order = np.random.default_rng(0).permutation(len(y))
    rare = [order[y[order] == label][:2] for label in np.unique(y)]
    return np.unique(np.concatenate([order[:MOST_LABELLED], *rare]))


def _validation(run_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    evaluation = runs.read_evaluation(run_dir)
    class_names = evaluation["class_names"] if evaluation is not None else []
    table = pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS, columns=["split", "label", "probabilities"])
    rows = [row for row in table.to_pylist() if row["split"] == "validation"]
    truth = np.array([class_names.index(row["label"]) for row in rows], int)
    return np.array([row["probabilities"] for row in rows]).reshape(len(rows), len(class_names)), truth


def _ask_run(workspace: Workspace, run_dir: Path, keys: list[str], advance: Advance) -> np.ndarray:
    """Return the run's probabilities; what it has said about a picture is kept."""
    warm = predict.load(run_dir)
    pixels = Pixels(workspace, warm.image_size, warm.fit)
    cache = ShardCache(workspace.caches / "answers" / run_dir.name)
    missing = cache.missing(keys)
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        advance(start, len(missing), "predict")
        cache.add(chunk, predict.predict_pixels(warm.model, pixels.read(chunk)))
    return cache.read(keys)


def _rows(unlabelled: list, order: np.ndarray, probabilities: np.ndarray | None) -> list:
    if probabilities is None:
        return [[unlabelled[row][0], [], []] for row in order]
    rows = []
    for place, row in enumerate(order):
        likeliest = np.argsort(-probabilities[row])[: LIKELIEST if place < BATCH else 1]
        rows.append([unlabelled[row][0], likeliest.tolist(), np.round(probabilities[row][likeliest], 4).tolist()])
    return rows
