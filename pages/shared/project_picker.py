"""The project in front of the person: choose another, begin one, rename it, delete it."""

from collections import Counter

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from pages.session import person, state
from pages.session.i18n import _, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared import page

DELETING = "deleting-project"


def picker() -> None:
    """Show the project's name; its menu holds everything about projects."""
    here = state.project()
    label = md_escape(shortened(here.name)) if here else _("New project")
    key = f"project-menu-{st.session_state.get('project_menu', 0)}"
    with (
        st.container(key="project-picker", width="content"),
        st.popover(label, icon=":material/folder_open:", type="tertiary", key=key),
        page.errors_in_words(),
    ):
        if here is not None:
            _choose(here)
            _rename(here)
        _create()
        if here is not None:
            words = _("Delete this project…")
            st.button(words, icon=":material/delete:", type="tertiary", key="delete-project", on_click=_ask_to_delete)
        _introduce()
        person.write_cookie()
    if here is not None and st.session_state.pop(DELETING, False):
        st.dialog(_("Delete this project?"))(confirm_delete)(here)


def _ask_to_delete() -> None:
    # In a callback, so that the menu is closed by the time the dialog opens.
    st.session_state[DELETING] = True
    _close_menu()


def _choose(here: Project) -> None:
    names = _distinct_names(graft.current().registry.projects())
    if len(names) < 2:
        return
    ids, key = list(names), f"choose-project-{here.id}"
    chosen = st.selectbox(_("Project"), ids, index=ids.index(here.id), format_func=names.__getitem__, key=key)
    if chosen != here.id:
        state.open_project(chosen)
        _close_menu()
        st.rerun()


def _distinct_names(projects: list[Project]) -> dict[str, str]:
    """Return {id: name}; a selectbox tells its options apart by their words, so equal names get a number."""
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for project in reversed(projects):
        seen[project.name] += 1
        number = seen[project.name]
        names[project.id] = project.name if number == 1 else f"{project.name} ({number})"
    return dict(reversed(names.items()))


def _rename(here: Project) -> None:
    # A field of its own for each name: one that kept an older name would give it back after a rename elsewhere.
    key = f"rename-{here.id}-{here.name}"
    name = st.text_input(_("Rename this project"), value=here.name, max_chars=100, key=key)
    if name.strip() and name != here.name:
        graft.current().registry.rename_project(here.id, name)
        st.rerun()


def _create() -> None:
    with st.form("create-project", border=False, clear_on_submit=True):
        name = st.text_input(
            _("New project"), placeholder=_("for example: Leaves"), max_chars=100, key="new-project-name"
        )
        if st.form_submit_button(_("Create"), icon=":material/add:", key="create-project-button"):
            begin(name.strip() or _("My pictures"))
            _close_menu()
            state.go("data")


def _introduce() -> None:
    st.text_input(
        _("Your name"),
        value=person.name(),
        max_chars=60,
        key="your-name",
        placeholder=_("optional"),
        help=_("Stands beside the trainings you start and the changes you make, so that others know whom to ask."),
        on_change=lambda: person.remember(st.session_state["your-name"]),
    )


def begin(name: str) -> Project:
    """Create a project and go on in it."""
    project = graft.current().registry.create_project(name)
    state.open_project(project.id)
    return project


def confirm_delete(project: Project) -> None:
    """Say what is lost and delete the project when that is confirmed."""
    registry = graft.current().registry
    pictures = sum(sum(splits.values()) for splits in registry.counts(project.dataset_id).values())
    st.markdown(
        _("**{name}** with {pictures} and {runs} will be gone for good.").format(
            name=md_escape(project.name),
            pictures=plural("{n} picture", "{n} pictures", pictures),
            runs=plural("{n} training", "{n} trainings", len(registry.runs(project.id))),
        )
    )
    with st.container(horizontal=True):
        if st.button(_("Delete"), icon=":material/delete:", key="confirm-delete"):
            graft.current().delete_project(project.id)
            state.open_project(None)
            state.go("home")
        if st.button(_("Keep it"), type="primary", key="keep-project"):
            st.rerun()


def _close_menu() -> None:
    """A popover closes when it becomes another one."""
    st.session_state["project_menu"] = st.session_state.get("project_menu", 0) + 1
