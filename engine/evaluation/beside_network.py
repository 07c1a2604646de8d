"""A simpler model beside the network of a run: how both did on the test pictures, and which of them answers."""

from pathlib import Path

import numpy as np

from engine.data.modalities.modality import Source
from engine.evaluation import compare, evaluators
from engine.evaluation.evaluators.predictions import learned_groups
from engine.evaluation.metrics import sign_flips
from engine.evaluation.metrics import single_label as metrics
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training import baselines
from engine.training.baselines import ngram
from engine.training.snapshot import Snapshot

KEPT = "kept_model.json"  # which model of a run answers
NETWORK, NGRAM = "network", ngram.NAME
PREDICTIONS = "ngram_predictions.parquet"


def learn(
    run_dir: Path, workspace: Workspace, snapshot: Snapshot, rows: np.ndarray, modality: str
) -> np.ndarray | None:
    """Fit what learns beside the network, keep it and its predictions; return its probabilities of `rows`.

    None where nothing learns beside it: it is for one class a file.
    """
    baseline = baselines.of(modality)
    if baseline is None or snapshot.y.ndim > 1:
        return None
    train_rows = snapshot.rows("train")
    fitted = baseline.fit(_read(workspace, snapshot, train_rows), snapshot.y[train_rows], snapshot.num_classes)
    fitted.save(run_dir / ngram.FILE)
    probabilities = fitted.probabilities(_read(workspace, snapshot, rows))
    evaluators.of("one").write_predictions(run_dir / PREDICTIONS, snapshot, rows, probabilities)
    return probabilities


def report(snapshot: Snapshot, rows: np.ndarray, network: np.ndarray, beside: np.ndarray) -> dict:
    """Return the figures of the model beside the network on the test rows, and how likely their difference is chance.

    {"accuracy", "accuracy_interval", "validation_accuracy", "only_network", "only_ngram" (test pictures that one of
    them alone gets right), "chance" (McNemar's exact p, or that of sign flips by groups)}.
    """
    is_test = snapshot.splits[rows] == "test"
    test, y = rows[is_test], snapshot.y[rows]
    right, own = network.argmax(axis=1) == y, beside.argmax(axis=1) == y
    interval = metrics.accuracy_interval(
        own[is_test], snapshot.groups[test], learned_groups(snapshot), snapshot.sha256[test]
    )
    won, lost = int((right & ~own)[is_test].sum()), int((own & ~right)[is_test].sum())
    chance = compare.mcnemar(won, lost)
    if interval.get("interval_groups"):
        chance = _by_groups(snapshot.groups[test], right[is_test].astype(int) - own[is_test])
    return {
        "accuracy": float(own[is_test].mean()),
        "accuracy_interval": interval["accuracy_interval"],
        "validation_accuracy": float(own[~is_test].mean()),
        "only_network": won,
        "only_ngram": lost,
        "chance": chance,
    }


def kept(run_dir: Path) -> str:
    """Return which model of a run answers: "network", or the name of the one beside it."""
    return read_json(run_dir / KEPT, {}).get("answers", NETWORK)


def keep(run_dir: Path, name: str) -> None:
    """Let this model of a run answer from now on, wherever it is asked."""
    write_json(run_dir / KEPT, {"answers": name})


def has_ngram(run_dir: Path) -> bool:
    """Tell whether character n-grams learned beside the network of a run."""
    return (run_dir / ngram.FILE).exists()


def probabilities(run_dir: Path, sources: list[Source]) -> np.ndarray:
    """Return probabilities (N, num_classes) of files by the model beside the network."""
    return ngram.load(run_dir).probabilities(ngram.read(sources))


def _read(workspace: Workspace, snapshot: Snapshot, rows: np.ndarray) -> list[str]:
    return ngram.read([workspace.blob_path(key) for key in snapshot.keys(rows)])


def _by_groups(groups: np.ndarray, differences: np.ndarray) -> float:
    sums: dict[tuple, int] = {}
    for place, (group, difference) in enumerate(zip(groups, differences, strict=True)):
        unit = ("row", place) if group is None else ("group", group)
        sums[unit] = sums.get(unit, 0) + int(difference)
    return sign_flips.p_value(list(sums.values()))
