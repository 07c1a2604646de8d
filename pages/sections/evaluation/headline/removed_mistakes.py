"""Mistakes that left the test part: they make the number at the top better, and not the model."""

import streamlit as st

from engine.evaluation import compare
from pages.session.i18n import plural
from pages.shared.runs.run_list import RunView


def warn(entry: RunView, entries: list[RunView]) -> None:
    """Say beside the number when pictures that older runs of the project got wrong are no longer in use."""
    others = [other.folder for other in entries if other.run.id != entry.run.id and other.folder.exists()]
    if gone := compare.mistakes_taken_out(entry.folder, others):
        words = plural(
            "{n} test picture that an earlier training got wrong has been taken out since. That alone makes this "
            "number better, and not the model.",
            "{n} test pictures that earlier trainings got wrong have been taken out since. That alone makes this "
            "number better, and not the model.",
            gone,
        )
        st.warning(words, icon=":material/visibility:")
