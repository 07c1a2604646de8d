"""Whether a picture shows one class or several: asked on the card of what has arrived, and changed later."""

import streamlit as st

from engine import graft
from engine.data import label_kinds
from engine.data.label_kinds.label_kind import LabelKind
from engine.errors import UserError
from engine.storage.registry import Project
from pages.session.i18n import _, plural, say_error
from pages.shared.dataset import classes
from pages.shared.dataset import label_kinds as words


def ask(project: Project, import_id: str, choice: dict) -> None:
    """Offer the reading of a table in which pictures show several classes; nothing where it makes no difference."""
    if classes.kind_of(project.dataset_id).IMPORT_OPTIONS.get("several_classes"):
        st.caption(f":material/checklist: {_('Pictures of this project may show several classes.')}")
    elif "as_several" in choice:
        st.checkbox(
            _("Pictures may show several classes"),
            choice["several"],
            key=_key(import_id),
            help=_("Each class is then learned and judged by itself: a picture may show several of them, or none."),
        )
    if wanted(project, import_id, choice) and (nothing := choice.get("as_several", {}).get("nothing")):
        one, many = "{n} picture shows none of the classes.", "{n} pictures show none of the classes."
        st.caption(plural(one, many, nothing))


def wanted(project: Project, import_id: str, choice: dict) -> bool | None:
    """Return the answer: whether pictures may show several classes; None where nothing was asked."""
    asked = st.session_state.get(_key(import_id), choice["several"]) if "as_several" in choice else None
    return classes.kind_of(project.dataset_id).IMPORT_OPTIONS.get("several_classes", asked)


def reading(project: Project, import_id: str, choice: dict) -> dict:
    """Return the choice as the answer reads it; where several classes may be shown, none is an answer too."""
    if not wanted(project, import_id, choice):
        return choice
    return {**choice, **choice.get("as_several", {}), "rows_without_class": 0}


def _key(import_id: str) -> str:
    return f"arrival-several-{import_id}"


def change(project: Project) -> None:
    """Show which kind of labels a project has, and let it be changed."""
    kinds, now = list(label_kinds.OF_TASK.values()), classes.kind_of(project.dataset_id)
    in_key = bool(kinds.index(now))
    menu = f"several-menu-{project.dataset_id}-{in_key}"
    title = words.of_task(now.TASK).title()
    with st.popover(title, type="tertiary", icon=":material/checklist:", key=menu):
        st.markdown(_("May one picture show several of the classes, or none of them?"))
        chosen = st.radio(
            _("Classes in a picture"),
            range(len(kinds)),
            kinds.index(now),
            format_func=lambda place: words.of_task(kinds[place].TASK).choice(),
            key=f"several-{project.dataset_id}-{in_key}",
            label_visibility="collapsed",
        )
        st.caption(_("With several, each class is learned and judged by itself. Trainings you have stay as they are."))
        if kinds[chosen] is not now:
            _set(project, kinds[chosen])


def _set(project: Project, wanted_now: LabelKind) -> None:
    registry = graft.current().registry
    labels = [label for (label,) in registry.columns(project.dataset_id, "label")]
    try:
        wanted_now.check_can_begin(labels)
    except UserError as error:
        st.error(say_error(error), icon=":material/error:")
        return
    registry.set_dataset_options(project.dataset_id, **wanted_now.DATASET_OPTIONS)
    st.rerun()
