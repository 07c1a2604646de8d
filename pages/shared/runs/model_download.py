"""The model of a run as a file to take along."""

import streamlit as st

from engine.storage import runs
from pages.session.i18n import _
from pages.shared.runs.run_list import RunView


def button(entry: RunView) -> None:
    """Offer the model as Keras keeps it; it is read when the button is pressed, not whenever the page is drawn."""
    st.download_button(
        _("Download the model"),
        (entry.folder / runs.MODEL).read_bytes,
        file_name=f"{_file_name(entry.run.name)}.keras",
        mime="application/octet-stream",
        key="download-model",
        icon=":material/download:",
        on_click="ignore",
    )


def _file_name(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in name).strip("-")
    return kept[:60] or "model"
