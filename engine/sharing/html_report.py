"""A run as one HTML file that anybody can open, mail and print: no server, no script, nothing fetched.

It holds the honest number, the confusion matrix whose cells open their pictures, classes, groups, calibration, right
and wrong answers, and how the model was made. Names of files, folders, people and machines are not in it.
"""

import base64
import datetime
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import jinja2

from engine.backbones import catalogue
from engine.data import label_kinds, thumbnails
from engine.errors import UserError
from engine.evaluation import results
from engine.evaluation.charts import per_class as colours
from engine.evaluation.honest_number import honest_number
from engine.sharing.report_words import Words
from engine.storage.evaluation import Evaluation
from engine.storage.workspace import Workspace, write_atomic
from engine.training.recipe import RECIPES

MOST_CLASSES = 30  # a larger matrix cannot be read on paper; the pairs that were confused are listed all the same
MOST_IN_CELL = 12
MOST_PICTURES = 360  # about 2 MB of thumbnails: a file that can be mailed
EXAMPLES = 18


@dataclass
class Album:
    """The pictures of a report, each kept once however often it is shown."""

    workspace: Workspace
    kept: dict[str, str] = field(default_factory=dict)

    def add(self, sha256: str) -> str | None:
        """Return the name of a picture's style class; None where the file is full or the original is gone."""
        if sha256 not in self.kept:
            if len(self.kept) >= MOST_PICTURES:
                return None
            try:
                content = thumbnails.read(self.workspace, sha256)
            except UserError:
                return None
            self.kept[sha256] = base64.b64encode(content).decode()
        return f"p{list(self.kept).index(sha256)}"

    def show(self, rows: Iterable[results.Prediction], words: Words) -> list[dict]:
        """Return {style, label, answer, share, right} of each picture that can be shown."""
        shown = []
        for row in rows:
            if style := self.add(row.sha256):
                facts = {"label": row.label, "answer": row.predicted, "right": row.label == row.predicted}
                shown.append({"style": style, "share": words.percent(row.probability), **facts})
        return shown


def write(run_dir: Path, workspace: Workspace, target: Path, *, title: str = "", language: str = "en") -> None:
    """Write the report of a finished run to `target`. Raises UserError while there is nothing to report."""
    write_atomic(target, render(run_dir, workspace, title=title, language=language).encode())


def render(run_dir: Path, workspace: Workspace, *, title: str = "", language: str = "en") -> str:
    """Return the report of a finished run as HTML in a language. Raises UserError while there is nothing to report."""
    facts = results.evaluation(run_dir)
    if facts is None:
        raise UserError(
            "The run {run} has no results to report yet. Wait until its training has ended.", run=run_dir.name
        )
    words, album = Words(language), Album(workspace)
    recipe = results.recipe(run_dir)
    figures = honest_number(facts)
    base, exclusive = results.base(facts, recipe), label_kinds.of_task(facts["task"]).EXCLUSIVE
    content = {
        "language": language,
        "title": title or title_of(recipe),
        "made": words.made_on(datetime.datetime.now(datetime.UTC)),
        "status": results.status(run_dir)["state"],
        "claim": words.claim(figures, known=base is not None and base["unknown"], exactly=not exclusive),
        "beside": words.beside(figures),
        "caution": words.caution(figures),
        "cards": words.cards(facts, figures),
        "classes": words.classes(facts),
        "groups": words.groups(facts),
        "how": words.how(facts, recipe, title_of(recipe)),
        **_pictures(run_dir, facts, album, words),
        "calibration": _calibration(facts, words),
        "words": words.headings(),
        "colours": colours.LIGHT,
    }
    return _template().render(**content, pictures=album.kept.values())


def title_of(recipe: dict) -> str:
    """Return "Instant · Sprout", without the name of a file or a run that a network came from."""
    known = RECIPES.get(recipe.get("name", ""))
    key = catalogue.plain(recipe.get("backbone", ""))
    network = catalogue.CATALOGUE[key].title if key in catalogue.CATALOGUE else ""
    return " · ".join(part for part in (known.title if known else "", network) if part)


def _pictures(run_dir: Path, facts: Evaluation, album: Album, words: Words) -> dict:
    """Return the matrix with the pictures of its cells, pairs that were confused, and examples."""
    answers = results.predictions(run_dir)
    wrong = album.show(results.confident_mistakes(answers, EXAMPLES), words)
    if not label_kinds.of_task(facts["task"]).EXCLUSIVE:  # no one answer stands in a cell
        return {"matrix": None, "cells": [], "pairs": [], "wrong": [], "right": []}
    right = album.show(results.surest_right(run_dir, EXAMPLES), words)
    pairs = results.most_confused(facts, 12)
    matrix = _matrix(facts)
    cells = [_cell(answers, pair.true, pair.predicted, album, words) for pair in pairs]
    shown = {(cell["true"], cell["answer"]) for cell in cells}
    for true, row in zip(facts["class_names"], facts["confusion_matrix"], strict=True) if matrix else ():
        for answer, count in zip(facts["class_names"], row, strict=True):
            if count and (true, answer) not in shown:
                cells.append(_cell(answers, true, answer, album, words))
    return {
        "matrix": matrix,
        "cells": cells,
        "pairs": [
            {"true": p.true, "answer": p.predicted, "count": p.count, "share": words.percent(p.fraction)} for p in pairs
        ],
        "wrong": wrong,
        "right": right,
    }


def _matrix(facts: Evaluation) -> list[dict] | None:
    """Return a row a class: its name, and for every answer its count and how dark the cell is, in per cent."""
    names, matrix = facts["class_names"], facts["confusion_matrix"]
    if len(names) > MOST_CLASSES:
        return None
    return [
        {"name": name, "counts": [{"count": n, "shade": round(100 * n / max(1, sum(row)))} for n in row]}
        for name, row in zip(names, matrix, strict=True)
    ]


def _cell(answers: results.Predictions, true: str, answer: str, album: Album, words: Words) -> dict:
    rows = results.cell(answers, true, answer)
    found = album.show(rows[:MOST_IN_CELL], words)
    return {"true": true, "answer": answer, "count": len(rows), "pictures": found, "more": len(rows) - len(found)}


def _calibration(facts: Evaluation, words: Words) -> dict | None:
    """Return the points of the reliability diagram in a square of 100 units, and what they say."""
    bins: Sequence[dict] = (facts.get("calibration") or {}).get("after", {}).get("bins", ())
    if not bins:
        return None
    most = max(row["count"] for row in bins)
    points = [
        {
            "x": round(100 * row["confidence"], 1),
            "y": round(100 - 100 * row["accuracy"], 1),
            "low": round(100 - 100 * row["low"], 1),
            "high": round(100 - 100 * row["high"], 1),
            "r": round(1.5 + 3 * (row["count"] / most) ** 0.5, 1),
            "count": words.number(row["count"]),
        }
        for row in bins
    ]
    return {"points": points, "words": words.calibration(facts)}


@functools.cache
def _template() -> jinja2.Template:
    source = files("engine.sharing").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
