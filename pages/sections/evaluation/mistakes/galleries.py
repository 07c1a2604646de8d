"""Pictures worth looking at: the surest mistakes, those it could not decide, and what it finds easiest."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from engine.evaluation import results
from engine.evaluation.results import Prediction
from engine.storage.evaluation import Evaluation
from pages.components.gallery.gallery import Tile, page_of
from pages.components.probabilities import percent
from pages.sections.evaluation.mistakes import fixable_gallery
from pages.sections.evaluation.mistakes.confusion import tiles
from pages.session.i18n import _
from pages.shared import address, page

MOST, PER_PAGE = 200, 24


def view(facts: Evaluation, folder: Path) -> None:
    """Show one of three galleries of test pictures."""

    class_names = facts["class_names"]

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(folder)
        views = {"mistakes": _("Surest mistakes"), "unsure": _("Least sure"), "right": _("Surest and right")}
        kind = address.choice(_("Which pictures"), views, name="pictures", key="results-gallery")
        rows = _rows(kind, folder)
        st.caption(_explained(kind, rows))
        start = page_of(len(rows), key=f"gallery-page-{kind}-{folder.name}", per_page=PER_PAGE)
        if rows:
            shown = tiles(rows[start : start + PER_PAGE])
            if kind == "unsure":
                shown = _with_both(shown, rows[start : start + PER_PAGE], class_names)
            fixable_gallery.gallery_to_fix(rows[start : start + PER_PAGE], shown, key=f"results-{kind}", size=128)

    part()


def _with_both(shown: list[Tile], rows: list[Prediction], class_names: list[str]) -> list[Tile]:
    """Return the tiles with the two classes between which the model could not decide."""
    pairs = (results.top(row.probabilities, class_names, limit=2) for row in rows)
    words = (" / ".join(f"{name} {percent(share)}" for name, share in pair) for pair in pairs)
    return [replace(tile, caption=text) for tile, text in zip(shown, words, strict=True)]


def _rows(kind: str, folder: Path) -> list[Prediction]:
    if kind == "unsure":
        return results.least_sure(folder, MOST)
    if kind == "right":
        return results.surest_right(folder, MOST)
    return results.confident_mistakes(results.predictions(folder), MOST)


def _explained(kind: str, rows: list[Prediction]) -> str:
    if kind == "mistakes" and not rows:
        return _("Not a single mistake on the test pictures.")
    if kind == "mistakes":
        return _(
            "Wrong, and sure of it. Look here first: a label may be wrong, or pictures of this kind may be missing."
        )
    if kind == "unsure":
        return _("Two classes were nearly as likely. More pictures like these, rightly labelled, teach it most.")
    return _("Right, and sure of it; every class in turn. This is what it takes a class to look like.")
