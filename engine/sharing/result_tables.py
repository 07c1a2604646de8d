"""The results of a run as tables for a spreadsheet and for programs: matrix, classes, predictions; and all as JSON.

Files are named by their own name and content hash, without the folders they lay in.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.data.formula_cells import mark
from engine.errors import UserError
from engine.evaluation import evaluators, results
from engine.storage.evaluation import Evaluation

SPLITS = ("validation", "test")


def tables(run_dir: Path) -> dict[str, str]:
    """Return {file name: its text}. Raises UserError while the run has no results."""
    facts = results.evaluation(run_dir)
    if facts is None:
        raise UserError(
            "The run {run} has no results to report yet. Wait until its training has ended.", run=run_dir.name
        )
    classes, predictions = _classes(facts), _predictions(run_dir, facts)
    made = {"classes.csv": _csv(classes), "predictions.csv": _csv(predictions)}
    whole = {**_head(facts), "classes": _dicts(classes), "predictions": _nested(predictions)}
    if "confusion_matrix" in facts:
        names = facts["class_names"]
        rows = [[name, *row] for name, row in zip(names, facts["confusion_matrix"], strict=True)]
        made["matrix.csv"] = _csv([["is \\ answered", *names], *rows])
        whole["confusion_matrix"] = facts["confusion_matrix"]
    return {**made, "results.json": json.dumps(whole, ensure_ascii=False, indent=1) + "\n"}


def zipped(run_dir: Path) -> bytes:
    """Return all tables as one zip."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables(run_dir).items():
            archive.writestr(name, text)
    return sink.getvalue()


def _head(facts: Evaluation) -> dict:
    kept = ("task", "class_names", "counts", "accuracy", "accuracy_interval", "macro_f1", "baselines", "groups")
    return {name: value for name, value in facts.items() if name in kept}


def _classes(facts: Evaluation) -> list[list]:
    titles = ["class", "support", "precision", "recall", "f1", "recall_low", "recall_high"]
    rows = evaluators.of(facts["task"]).per_class(facts)
    ends: list[list] = [row.get("recall_interval") or ["", ""] for row in rows]
    return [titles, *([*(row[name] for name in titles[:5]), *end] for row, end in zip(rows, ends, strict=True))]


def _predictions(run_dir: Path, facts: Evaluation) -> list[list]:
    names = facts["class_names"]
    table = [["file", "sha256", "split", "group", "label", "answer", *names]]
    for split in SPLITS:
        found = results.predictions(run_dir, split)
        for row in found.rows(list(range(len(found)))):
            file = row.name.replace("\\", "/").rsplit("/", 1)[-1]
            shares = (round(value, 6) for value in row.probabilities)
            table.append([file, row.sha256, split, row.group or "", row.label, row.predicted, *shares])
    return table


def _dicts(table: Sequence[Sequence]) -> list[dict]:
    titles, *rows = table
    return [dict(zip(titles, row, strict=True)) for row in rows]


def _nested(table: Sequence[Sequence]) -> list[dict]:
    """Return predictions with their probabilities apart: a class may be called as a column is."""
    columns = table[0].index("answer") + 1
    own = _dicts([row[:columns] for row in table])
    shares = _dicts([row[columns:] for row in table])
    return [{**row, "probabilities": share} for row, share in zip(own, shares, strict=True)]


def _csv(rows: Iterable[Sequence]) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerows([mark(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return sink.getvalue()
