"""Run directories that tests write by hand: the files a worker would leave behind, without the work."""

import csv
import hashlib
import io
from concurrent.futures import Future

import numpy as np
import pyarrow
import pyarrow.parquet

from engine import settings
from engine.data.modalities.image_facts import ImageFacts
from engine.graft import Graft
from engine.services.uploads import Uploads
from engine.storage import runs
from engine.storage.registry import ItemRecord, Project, Registry, Run
from engine.storage.workspace import Workspace, write_json
from engine.training.recipe import Recipe

SPLITS = ("train",) * 14 + ("validation",) * 3 + ("test",) * 3


class IdleWorkers:
    """Workers that do nothing: they note what they were given and answer what a test put into `answers`."""

    def __init__(self):
        self.submitted: list[tuple] = []
        self.given: dict[str, tuple] = {}  # key: (queue, whom to tell of the end)
        self.asked: list[tuple] = []
        self.places = 1
        self.answers: dict[str, object] = {"estimate": {"seconds": 9.0}, "augment_preview": [], "predict": []}

    def submit(self, task, *args, queue, key, on_done, worker=None):
        self.submitted.append((task, args, key))
        self.given[key] = (queue, on_done)

    def room(self, busy):
        return ["idle"] * (self.places - len(self.submitted))

    def give_up_strays(self):
        """None ever strays."""

    def cancel(self, key):
        self.submitted = [entry for entry in self.submitted if entry[2] != key]

    def ask(self, task, *args, timeout=120.0, queue="quick"):
        self.asked.append((task, args))
        answer = self.answers.get(task)
        if isinstance(answer, Exception):
            raise answer
        return answer(*args) if callable(answer) else answer

    def close(self):
        """Nothing is open."""


def idle_graft(workspace: Workspace) -> Graft:
    """Open a workspace without starting a worker; `graft.compute` is an IdleWorkers."""
    workers: Future = Future()
    workers.set_result(IdleWorkers())
    return Graft(workspace, Registry(settings.current().database_url), workers, Uploads(workspace, 10_000_000))


def fill_project(
    graft: Graft, name: str = "Fruit", *, classes=("apple", "pear", "plum"), per_class: int = 60
) -> Project:
    """Create a project with `per_class` pictures a class (rows only, no files) in two groups."""
    project = graft.registry.create_project(name)
    records = [
        ItemRecord(
            sha256=hashlib.sha256(f"{name}/{label}/{number}".encode()).hexdigest(),
            name=f"{label}/{label}-{number:03}.jpg",
            label=label,
            group=("day", "night")[number % 2],
            split=SPLITS[number % len(SPLITS)],
            bytes=1000,
            facts=ImageFacts(
                64, 48, f"{name}-{label}-{number}", hashlib.sha256(f"{label}{number}".encode()).hexdigest()
            ).text(),
        )
        for label in classes
        for number in range(per_class)
    ]
    graft.registry.add_import(project.dataset_id, f"import-{project.id}", "drawn", records, [])
    return project


def add_run(
    graft: Graft, project: Project, name: str = "First", *, recipe: dict | None = None, owner: str = "ada"
) -> str:
    """Queue a run by its files alone, at the end of the line: nobody works on it."""
    items = graft.registry.items(project.dataset_id)
    run_id = runs.new_run(graft.workspace, Recipe.from_dict(recipe or {}).to_dict(), items)
    write_json(graft.workspace.queue / f"{run_id}.json", {"place": len(graft.queue.waiting()) + 1})
    graft.registry.add_run(Run(run_id, project.id, project.dataset_id, name, runs.now(), owner))
    return run_id


def finish_run(
    graft: Graft, run_id: str, *, accuracy: float = 0.8, seed: int = 0, model: bytes = b"model", families: int = 0
) -> None:
    """Write what a finished run holds, with about `accuracy` right answers.

    Mistakes go to the next class, or, with `families`, to any class whose place leaves the same remainder.
    """
    run_dir = graft.workspace.run_dir(run_id)
    snapshot = runs.read_snapshot(run_dir).to_pylist()
    class_names = sorted({row["label"] for row in snapshot})
    held_out = [row for row in snapshot if row["split"] != "train"]
    answers = _answers(held_out, class_names, accuracy, seed, families)
    before = _answers(held_out, class_names, accuracy - 0.2, seed, families)
    _write_predictions(run_dir / runs.PREDICTIONS, held_out, answers, class_names)
    _write_predictions(run_dir / "before_fine_tuning.parquet", held_out, before, class_names)
    write_json(run_dir / runs.EVALUATION, _evaluation(snapshot, class_names, answers, before))
    write_metrics(run_dir, 4)
    (run_dir / runs.MODEL).write_bytes(model)
    set_status(graft, run_id, state="finished", phase="done", progress=1.0, finished=runs.now())


def set_status(graft: Graft, run_id: str, **changes) -> None:
    run_dir = graft.workspace.run_dir(run_id)
    status = {**runs.read_json(run_dir / runs.STATUS), "started": runs.now(), **changes}
    write_json(run_dir / runs.STATUS, status)


def write_metrics(run_dir, epochs: int) -> None:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, runs.METRIC_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for epoch in range(1, epochs + 1):
        accuracy = 1 - 0.5 / epoch
        row = {"phase": "fine_tune", "epoch": epoch, "loss": 1 / epoch, "accuracy": accuracy, "seconds": 1.5}
        writer.writerow({**row, "validation_loss": 1.1 / epoch, "validation_accuracy": accuracy - 0.05})
    (run_dir / runs.METRICS).write_text(sink.getvalue())


def _answers(rows: list[dict], class_names: list[str], accuracy: float, seed: int, families: int = 0) -> np.ndarray:
    """Return probabilities, shape (rows, classes), rows sum to 1."""
    rng = np.random.default_rng(seed)
    right = np.array([class_names.index(row["label"]) for row in rows])
    steps = rng.integers(1, len(class_names) // families, len(rows)) * families if families else 1
    wrong = (right + steps) % len(class_names)
    said = np.where(rng.random(len(rows)) < accuracy, right, wrong)
    sure = rng.uniform(0.55, 0.99, len(rows))
    probabilities = np.repeat(((1 - sure) / max(1, len(class_names) - 1))[:, None], len(class_names), axis=1)
    probabilities[np.arange(len(rows)), said] = sure
    return probabilities.astype(np.float32)


def _write_predictions(path, rows, probabilities, class_names) -> None:
    said = [class_names[i] for i in probabilities.argmax(axis=1)]
    table = pyarrow.Table.from_pylist(
        [
            {**row, "predicted": name, "probabilities": values.tolist()}
            for row, name, values in zip(rows, said, probabilities, strict=True)
        ]
    )
    pyarrow.parquet.write_table(table, path)


def _evaluation(snapshot, class_names, answers, before) -> dict:
    held_out = [row for row in snapshot if row["split"] != "train"]
    is_test = np.array([row["split"] == "test" for row in held_out])
    test = [row for row in held_out if row["split"] == "test"]
    true = np.array([class_names.index(row["label"]) for row in test])
    said, said_before = answers[is_test].argmax(axis=1), before[is_test].argmax(axis=1)
    size = len(class_names)
    matrix = np.zeros((size, size), int)
    np.add.at(matrix, (true, said), 1)
    accuracy = float((true == said).mean())
    splits = ("train", "validation", "test")
    return {
        "class_names": class_names,
        "counts": {split: sum(row["split"] == split for row in snapshot) for split in splits},
        "accuracy": accuracy,
        "accuracy_interval": _interval(accuracy, len(test)),
        "validation_accuracy": accuracy,
        "macro_f1": accuracy,
        "balanced_accuracy": accuracy,
        "per_class": [_class_row(i, class_names, matrix, true, said_before) for i in range(size)],
        "confusion_matrix": matrix.tolist(),
        "groups": _group_rows(test, true == said, true == said_before),
        "baselines": {
            "majority": float(np.bincount(true).max() / len(true)),
            "before_fine_tuning": float((true == said_before).mean()),
        },
        "probe": {"validation_accuracy": 0.7, "test_accuracy": 0.7},
        "chosen": "probe",
        "calibration_error": 0.04,
        "seconds": {"ingest": 0.4, "features": 2.0, "probe": 0.3, "fine_tune": 0.0, "evaluate": 0.5, "total": 3.2},
        "images_per_second": 900.0,
        "versions": {},
    }


def _class_row(i, class_names, matrix, true, said_before) -> dict:
    hits, support, said = matrix[i, i], matrix[i].sum(), matrix[:, i].sum()
    precision, recall = float(hits / max(1, said)), float(hits / max(1, support))
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    row = {"class": class_names[i], "precision": precision, "recall": recall, "f1": f1, "support": int(support)}
    own = said_before[true == i] == i
    return {**row, "before_recall": float(own.mean()) if len(own) else 0.0}


def _group_rows(test, right, right_before) -> list[dict]:
    rows = []
    for group in sorted({row["group"] for row in test if row["group"]}):
        here = np.array([row["group"] == group for row in test])
        accuracy, support = float(right[here].mean()), int(here.sum())
        interval = _interval(accuracy, support)
        row = {"group": group, "accuracy": accuracy, "support": support, "interval": interval}
        rows.append({**row, "before_accuracy": float(right_before[here].mean())})
    return rows


def _interval(accuracy: float, n: int) -> list[float]:
    margin = 1.96 * (accuracy * (1 - accuracy) / n) ** 0.5
    return [max(0.0, accuracy - margin), min(1.0, accuracy + margin)]
