"""What one does with a run that has ended: take its model along, rename it, delete it."""

import streamlit as st

from engine import graft
from engine.evaluation import evaluators
from engine.storage import runs
from pages.session import state
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.runs import model_download
from pages.shared.runs.run_list import RunView, name_of


def manage_run(entry: RunView) -> None:
    """Show the actions for a run in one row."""
    model = entry.folder / runs.MODEL
    with st.container(horizontal=True, vertical_alignment="center", key="manage-run"):
        if model.exists():
            model_download.button(entry)
            handed_on = evaluators.of(entry.recipe.get("task", "one")).HANDED_ON
            if handed_on and st.button(_("Other formats"), key="other-formats", icon=":material/output:"):
                state.open_run(entry.run.id)
                state.go("results", tab="use")
        _rename(entry)
        _delete(entry)


def _rename(entry: RunView) -> None:
    with st.popover(_("Rename"), icon=":material/edit:", key=f"rename-{entry.run.id}"):
        key = f"new-name-{entry.run.id}"
        st.text_input(_("Name"), entry.run.name, key=key, max_chars=100)
        if st.button(_("Save the name"), key=f"save-name-{entry.run.id}"):
            with page.errors_in_words():
                graft.current().registry.rename_run(entry.run.id, st.session_state[key])
                st.rerun()


def _delete(entry: RunView) -> None:
    with st.popover(_("Delete"), icon=":material/delete:", key=f"delete-{entry.run.id}"):
        sentence = _("Delete {name} with its model and results? This cannot be undone.")
        st.markdown(sentence.format(name=f"**{md_escape(name_of(entry))}**"))
        if st.button(_("Delete for good"), key=f"confirm-delete-{entry.run.id}", icon=":material/delete_forever:"):
            graft.current().delete_run(entry.run.id)
            state.open_project(entry.run.project_id)
            st.rerun()
