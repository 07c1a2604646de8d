"""The confusion matrix itself: a real table in colours, whose cells can be chosen by mouse, finger or arrow keys.

A chart would need Plotly's 4.7 MB before the page is there, draws itself anew for every click, and says nothing to a
screen reader (docs/decisions/0019-the-matrix-is-a-table.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import streamlit as st

from engine.evaluation.charts.confusion_cells import MatrixPart, shades
from pages.components.register import register
from pages.session.i18n import _
from pages.session.safe_text import readable

_HTML = '<div class="scroll"></div><p class="said" aria-hidden="true"></p>'


def show_matrix(
    part: MatrixPart,
    class_names: Sequence[str],
    *,
    share: bool,
    dark: bool,
    selected: tuple[int, int] | None,
    key: str,
    on_choose: Callable[[tuple[int, int] | None], None],
) -> None:
    """Draw the cells of `part`; `on_choose` is told the positions (true, predicted) of a cell, None when it is left."""
    data = {
        **asdict(part),
        "down": [readable(class_names[position]) for position in part.rows],
        "across": [readable(class_names[position]) for position in part.columns],
        "share": share,
        "shades": shades(dark),
        "selected": selected,
        "words": {
            "hit": _("{true}, recognised"),
            "mistake": _("{true}, taken for {predicted}"),
            "alt": _("Confusion matrix: true classes in rows, answers of the model in columns"),
            "rows": _("True class"),
            "columns": _("Answer of the model"),
        },
    }

    def choose() -> None:
        chosen = (st.session_state[key] or {}).get("chosen")
        on_choose(tuple(chosen["cell"]) if chosen and chosen["cell"] else None)

    register("confusion_matrix", _HTML)(key=key, data=data, on_chosen_change=choose)
