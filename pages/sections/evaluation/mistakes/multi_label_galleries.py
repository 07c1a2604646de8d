"""Test pictures that may show several classes: with what they show, what the model names, and how to put it right."""

from pathlib import Path

import streamlit as st

from engine.data.label_kinds import multi_label
from engine.evaluation import multi_label_results
from engine.evaluation.reliability import multi_label_thresholds
from engine.evaluation.results import Prediction
from engine.storage.evaluation import Evaluation
from pages.components.gallery.gallery import Tile, page_of, thumbnail_url
from pages.components.probabilities import percent
from pages.sections.evaluation.mistakes import fixable_gallery
from pages.session.i18n import _
from pages.shared import page
from pages.shared.dataset import classes

MOST, PER_PAGE = 200, 24


def view(facts: Evaluation, folder: Path) -> None:
    """Show one of three galleries of test pictures."""

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(folder)
        titles = {"wrong": _("Most wrong"), "unsure": _("Least sure"), "right": _("Surest and right")}
        kind = page.choice(_("Which pictures"), titles, key="several-gallery")
        rows = _rows(kind, facts, folder)[:MOST]
        st.caption(_explained(kind, rows))
        start = page_of(len(rows), key=f"several-gallery-page-{kind}-{folder.name}", per_page=PER_PAGE)
        show_rows(facts, folder, rows[start : start + PER_PAGE], key=f"several-{kind}")

    part()


def show_rows(facts: Evaluation, folder: Path, rows: list[int], *, key: str, about: int | None = None) -> None:
    """Show pictures by their rows; `about` is the class whose probability is said, None for all that are named."""
    if not rows:
        return
    own = multi_label_thresholds.of_run(folder, facts)
    found = multi_label_results.pictures(folder, rows)
    fixable_gallery.gallery_to_fix(found, [_tile(row, facts, own, about) for row in found], key=key, size=128)


def _tile(row: Prediction, facts: Evaluation, own: list[float], about: int | None) -> Tile:
    names = facts["class_names"]
    said = multi_label_thresholds.answers(row.probabilities, names, own)
    if about is None:
        caption = " + ".join(said) or _("None of the classes")
    else:
        caption = f"{names[about]} {percent(row.probabilities[about])}"
    right = set(said) == set(multi_label.names_of(row.label))
    note = _("shows {classes}").format(classes=classes.in_words(row.label, multi_label))
    return Tile(row.item, thumbnail_url(row.sha256), caption, note, "good" if right else "bad")


def _rows(kind: str, facts: Evaluation, folder: Path) -> list[int]:
    own = multi_label_thresholds.of_run(folder, facts)
    truth, probabilities = multi_label_results.scores(folder)
    if kind == "unsure":
        return multi_label_results.least_sure(probabilities, own)
    if kind == "right":
        return multi_label_results.surest_right(truth, probabilities, own)
    return multi_label_results.most_wrong(truth, probabilities, own)


def _explained(kind: str, rows: list[int]) -> str:
    if kind == "wrong" and not rows:
        return _("Exactly right on every test picture.")
    if kind == "wrong":
        return _("A class is missed or wrongly named, and it was sure. Look here first: a label may be wrong.")
    if kind == "unsure":
        return _("A class is nearly as likely as its threshold. More pictures like these, rightly labelled, help most.")
    return _("All classes right, and sure of it.")
