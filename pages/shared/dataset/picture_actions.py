"""What can be done with chosen pictures, wherever they were chosen: move, exclude, restore; by button or by key."""

from collections.abc import Callable, Sequence

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from pages.session.i18n import _
from pages.session.safe_text import readable
from pages.shared.dataset import class_edits, concurrent_edits, test_lock

CLEAR = "picture_actions-cleared"


def cleared() -> int:
    """Return a number that is another one after each change: components empty their selection then."""
    return st.session_state.get(CLEAR, 0)


def buttons(project: Project, items: Sequence[int], labels: Sequence[str], *, key: str, selected: bool = True) -> None:
    """Offer to move the pictures to one of `labels` or a new class, to exclude them, or to let the selection go.

    selected: whether they were chosen from others, so that there is a selection to let go.
    """
    target = st.selectbox(
        _("Move to"),
        labels,
        index=None,
        placeholder=_("Move to a class, or type a new one"),
        format_func=readable,
        accept_new_options=True,
        label_visibility="collapsed",
        width=260,
        key=f"{key}-to-{cleared()}",
    )
    if st.button(_("Exclude"), icon=":material/hide_image:", key=f"{key}-exclude"):
        change(class_edits.exclude, project, items)
    _ambiguous(project, items, key=key)
    if selected and st.button(_("Clear"), type="tertiary", key=f"{key}-clear"):
        done(_nothing)
    test_lock.note(project, items)
    if target:
        change(class_edits.move, project, items, target)


def _ambiguous(project: Project, items: Sequence[int], *, key: str) -> None:
    """Offer to mark pictures as really ambiguous; or to take that back, where all of them are."""
    found = graft.current().registry.items_by_id(items).values()
    marked = bool(found) and all(item.ambiguous for item in found)
    if st.button(
        _("Not ambiguous") if marked else _("Really ambiguous"),
        icon=":material/check_circle:" if marked else ":material/contrast:",
        key=f"{key}-ambiguous",
        help=_("Nobody could say for sure which class it is. No training uses it until you take this back."),
    ):
        change(class_edits.mark_ambiguous, project, items, not marked)


def restore_buttons(project: Project, items: Sequence[int], *, key: str, selected: bool = True) -> None:
    """Offer to bring excluded pictures back."""
    if st.button(_("Restore"), icon=":material/restore:", type="primary", key=f"{key}-restore"):
        change(class_edits.restore, project, items)
    if selected and st.button(_("Clear"), type="tertiary", key=f"{key}-clear"):
        done(_nothing)


def change(edit: Callable, project: Project, items: Sequence[int], *more) -> None:
    """Change pictures, unless somebody else has done so meanwhile, which is said; the page is drawn anew."""
    if concurrent_edits.is_in_the_way(items):
        st.rerun()
    done(edit, project, items, *more)


def done(edit: Callable, *arguments) -> None:
    """Make the change, empty the selection and draw the page anew."""
    concurrent_edits.own(edit(*arguments))
    st.session_state[CLEAR] = cleared() + 1
    st.rerun()


def by_keys(project: Project) -> Callable[[list[dict]], None]:
    """Return what a gallery calls with what was asked by keys (see gallery.gallery); then the page is drawn anew."""

    def carry_out(asked: list[dict]) -> None:
        for one in asked:
            if one["do"] == "undo":
                concurrent_edits.undo_own(project)
            elif not concurrent_edits.is_in_the_way(one["items"]):
                edit = class_edits.move if one["do"] == "label" else class_edits.exclude
                concurrent_edits.own(edit(project, one["items"], *([one["label"]] if one["do"] == "label" else [])))
                # Keys may be quicker than the page: the next one finds the picture as this one left it.
                concurrent_edits.note(graft.current().registry.items_by_id(one["items"]).values())
        st.rerun()

    return carry_out


def _nothing() -> None:
    """Clearing the selection changes nothing else."""
