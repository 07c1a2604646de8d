"""What can be done with a run: try it, take its model along, hand on its results, call it from a program."""

import streamlit as st

from engine.evaluation import evaluators
from engine.storage import runs
from pages.sections.evaluation.use_it import export, report
from pages.session import modality, state
from pages.session.i18n import _, say
from pages.shared.runs import model_download
from pages.shared.runs.run_list import RunView

CODE = """python -m engine predict {run} picture.jpg --json"""


def view(entry: RunView) -> None:
    """Show a card for every way to use the model."""
    handed_on = evaluators.of(entry.facts["task"]).HANDED_ON
    with st.grid(3, min_column_width=250, key="use-cards") as grid:
        with grid.container(border=True, height="stretch", key="card-use-try"):
            _head(":material/photo_camera:", _("Try it"), _("Ask about something new."))
            if st.button(_(modality.current().words.try_one), key="use-try"):
                state.open_run(entry.run.id)
                state.go("try")
        if handed_on:
            with grid.container(border=True, height="stretch", key="card-use-report"):
                _head(":material/description:", _("Report"), _("One file with all of this and the pictures, to mail."))
                with st.container(horizontal=True):
                    report.button(entry)
                    export.tables_button(entry)
        if (entry.folder / runs.MODEL).exists():
            with grid.container(border=True, height="stretch", key="card-use-model"):
                _head(":material/download:", _("Model"), _("One file for Keras: pixels in, probabilities out."))
                model_download.button(entry)
    if handed_on:
        export.view(entry)
    else:
        st.caption(f":material/info: {say(evaluators.ONLY_KERAS, {})}")
    st.markdown(f"**{_('From the command line')}**")
    st.code(CODE.format(run=entry.run.id), language="bash")


def _head(icon: str, title: str, words: str) -> None:
    st.markdown(f"{icon} **{title}**")
    st.caption(words)
