"""The test pictures of a run on the map of the dataset: where the mistakes lie; chosen ones are listed below."""

import streamlit as st

from engine import graft
from engine.evaluation import results
from engine.services import maps
from pages.components.embedding_map import embedding_map
from pages.components.gallery.gallery import page_of
from pages.sections.evaluation.mistakes import fixable_gallery
from pages.sections.evaluation.mistakes.confusion import tiles
from pages.session.i18n import _, plural
from pages.shared.dataset import map_progress
from pages.shared.runs.run_list import RunView

KEY = "prediction_map"
PER_PAGE = 24


def view(entry: RunView) -> None:
    """Show the map, and below it the test pictures that were chosen there, with what can be done about them."""

    def show(state: maps.MapState) -> None:
        _left_out(state)
        url = f"api/run-map/{entry.run.id}?v={state.tag}"
        # A change does not let go of the pictures: their tiles say what has become of them.
        _chosen(entry, embedding_map.canvas(url, _words(), key=f"{KEY}-{entry.run.id}"))

    def look() -> maps.MapState:
        return graft.current().maps.start_for_run(entry.run)

    map_progress.follow(entry.run.dataset_id, look, show)


def _left_out(state: maps.MapState) -> None:
    missing = state.pictures - state.placed
    if not missing:
        return
    words = plural(
        "{n} test picture has no place on the map: it is new to it, or no longer in the dataset.",
        "{n} test pictures have no place on the map: they are new to it, or no longer in the dataset.",
        missing,
    )
    st.caption(words)


def _chosen(entry: RunView, selected: list[int]) -> None:
    rows = results.predictions_of(entry.folder, selected)
    if not rows:
        embedding_map.how_to_choose()
        return
    wrong = sum(row.label != row.predicted for row in rows)
    chosen = plural("{n} picture chosen", "{n} pictures chosen", len(rows))
    st.markdown(f"**{chosen}** · {plural('{n} mistake', '{n} mistakes', wrong)}")
    start = page_of(len(rows), key=f"{KEY}-page-{entry.run.id}", per_page=PER_PAGE)
    shown = rows[start : start + PER_PAGE]
    fixable_gallery.gallery_to_fix(shown, tiles(shown), key=f"{KEY}-gallery", size=128)


def _words() -> dict:
    return {
        "kinds": {
            "outcome": _("Right or wrong"),
            "class": _("True class"),
            "predicted": _("Prediction"),
            "group": _("Group"),
        },
        "names": {"outcome": [_("right"), _("wrong")]},
        "none": {"group": _("no group")},
        "title": _("is {class}, called {predicted} ({share})"),
        "more": ["group"],
    }
