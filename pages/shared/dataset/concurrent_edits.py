"""Several people at the same pictures: nobody overwrites unseen what another did, and everybody undoes their own."""

from collections.abc import Iterable, Sequence

import streamlit as st

from engine import graft
from engine.errors import UserError
from engine.storage.registry import Item, Project
from pages.session import toasts
from pages.session.i18n import _, say_error
from pages.session.safe_text import md_escape, shortened
from pages.shared.dataset import class_edits, classes

SEEN, OWN = "pictures-as-seen", "own-changes"


def note(items: Iterable[Item]) -> None:
    """Remember pictures as this session shows them now. Call it at the end, when what was asked is done."""
    st.session_state.setdefault(SEEN, {}).update({item.id: _state(item) for item in items})


def is_in_the_way(items: Sequence[int]) -> bool:
    """Say whether one of the pictures is no longer as this session shows it; the person is then told what it is now."""
    seen = st.session_state.get(SEEN, {})
    now = graft.current().registry.items_by_id(items).values()
    changed = [item for item in now if item.id in seen and seen[item.id] != _state(item)]
    if not changed:
        return False
    words = _("Not done: somebody else changed {name} meanwhile. It is “{label}” now; press again if that is wrong.")
    if len(changed) > 1:
        words = _(
            "Not done: somebody else changed {n} of these meanwhile. {name} is “{label}” now; press again if that is "
            "wrong."
        )
    first = changed[0]
    label = _("Excluded") if first.removed else _("Really ambiguous") if first.ambiguous else _label(first)
    name = md_escape(shortened(first.name.rpartition("/")[2], 40))
    toasts.tell(words.format(name=name, label=md_escape(label), n=len(changed)), ":material/group:")
    note(changed)
    return True


def own(change_id: object) -> None:
    """Remember a change that this session made."""
    if isinstance(change_id, int):
        st.session_state.setdefault(OWN, []).append(change_id)


def undo_own(project: Project) -> None:
    """Undo the last change of this session that stands, and say what it was, or why nothing was undone."""
    registry = graft.current().registry
    mine = st.session_state.get(OWN, [])
    last = next((one for one in registry.changes(project.dataset_id) if one.id in mine and not one.undone), None)
    if last is None:
        words = _("There is nothing of yours to undo here. Every change is in the history on the page Data.")
        toasts.tell(words, ":material/undo:")
        return
    try:
        registry.undo(last.id)
    except UserError as error:
        toasts.tell(say_error(error), ":material/error:")
        return
    toasts.tell(_("Undone: {what}").format(what=class_edits.in_words(last.summary)), ":material/undo:")


def _state(item: Item) -> tuple:
    return item.label, item.removed, item.ambiguous


def _label(item: Item) -> str:
    return classes.in_words(item.label, classes.kind_of(item.dataset_id))
