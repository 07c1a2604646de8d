"""The class a run is weakest at, with six of its worst pictures and one press to all of its mistakes."""

import streamlit as st

from engine.evaluation import results
from engine.evaluation.verdict import Verdict
from engine.storage.evaluation import ClassReport
from pages.components.gallery.gallery import gallery
from pages.sections.evaluation.explain import explanation
from pages.sections.evaluation.mistakes import confusion
from pages.session.i18n import _, number
from pages.shared import percentages
from pages.shared.figures import bold
from pages.shared.runs.run_list import RunView

MOST = 6


def show(entry: RunView, found: Verdict) -> None:
    """Show what the run gets wrong of its weakest class; nothing where that is nothing."""
    weakest = found.weakest
    if weakest is None or weakest["recall"] >= 1:
        return
    rows = results.mistakes_of(results.predictions(entry.folder), weakest["class"])
    words = _("Weakest at {label}: {found} of {all} found").format(
        label=bold(weakest["class"]),
        found=number(round(weakest["recall"] * weakest["support"])),
        all=number(weakest["support"]),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="weakest-row"):
        st.subheader(words, anchor=False, width="content")
        st.space("stretch")
        st.button(
            _("All mistakes of this class"),
            key="weakest-all",
            icon=":material/arrow_forward:",
            on_click=confusion.open_class,
            args=(entry, weakest["class"]),
        )
    gallery(
        confusion.tiles(rows[:MOST], with_truth=False), key="weakest", size=120, on_why=explanation.open_from_gallery
    )


def figure(weakest: ClassReport | None) -> str:
    """Return how often the weakest class is found, in percent; a dash where nothing was tested."""
    return "–" if weakest is None else percentages.percent(weakest["recall"])
