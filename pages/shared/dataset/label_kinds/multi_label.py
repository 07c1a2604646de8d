"""Pictures that may show several classes: what is written about them, and how it is said what they show."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from engine import graft
from engine.data import split
from engine.data.label_kinds import multi_label
from engine.storage.registry import Item, Project
from pages.session import person
from pages.session.i18n import _
from pages.shared.dataset import class_edits, classes, picture_actions, test_lock

# Sections of the Data page, with the view of each: none that takes a label for one class.
SECTIONS = {
    "pictures": "multi_label_pictures",
    "check": "check_report",
    "parts": "split_editor",
    "history": "history",
}
WAYS: tuple[str, ...] = (
    "all",
    "example",
)  # in which pictures are added: a box is for pictures that show this one class


def title() -> str:
    return _("Classes in a picture: several")


def choice() -> str:
    return _("Several, or none")


def note(label: str) -> str:
    """Return what a picture shows, below its tile; plain text."""
    return _("shows {classes}").format(classes=classes.in_words(label, multi_label))


def what_counts_as_right() -> str:
    """Return what is to be said about the accuracy of these runs."""
    return _("Accuracy: the share of pictures with exactly the right classes.")


def names_for_keys(project: Project) -> list[str]:
    """Return the classes that a gallery moves pictures to by keys: a key would say one class only."""
    return []


def on_keys(project: Project) -> Callable[[list[dict]], None] | None:
    return None


def edit(project: Project, chosen: Sequence[Item], *, key: str, selected: bool = True) -> None:
    """Offer to say which classes the chosen pictures show, all of them alike, and to exclude them."""
    ids = [item.id for item in chosen]
    own = {multi_label.names_of(item.label) for item in chosen}
    before = list(next(iter(own))) if len(own) == 1 else []
    # Another choice of pictures is another control, which begins with what they show.
    names = st.multiselect(
        _("They show"),
        sorted({*classes.counts(project), *before}),
        default=before,
        accept_new_options=True,
        placeholder=_("None of the classes"),
        label_visibility="collapsed",
        width=380,
        key=f"{key}-show-{picture_actions.cleared()}-{hash(tuple(ids))}",
    )
    label = multi_label.joined(multi_label.clean(name) for name in names)
    same = all(item.label == label for item in chosen)
    if st.button(_("They show this"), type="primary", disabled=same, key=f"{key}-apply"):
        picture_actions.done(show, project, chosen, label)
    if st.button(_("Exclude"), icon=":material/hide_image:", key=f"{key}-exclude"):
        picture_actions.done(class_edits.exclude, project, ids)
    test_lock.note(project, ids)


def show(project: Project, chosen: Sequence[Item], label: str) -> int:
    """Store what pictures show, as one change that can be undone; return its id. Those without a part get one."""
    registry = graft.current().registry
    changes = {item.id: {"label": label} for item in chosen}
    new = [replace(item, label=label) for item in chosen if item.split is None]
    if new:
        rest = [
            item for item in registry.items(project.dataset_id) if item.label is not None and item.split is not None
        ]
        options = split.options_of(registry.dataset_options(project.dataset_id))
        for item, part in zip(new, split.assign(new, existing=rest, **options), strict=True):
            changes[item.id]["split"] = part
    one = len(chosen) == 1
    words = " + ".join(multi_label.names_of(label)) or "–"
    summary = _summary(
        "said that {n} picture shows: {label}" if one else "said that {n} pictures show: {label}",
        n=len(chosen),
        label=words,
    )
    return registry.change_each(project.dataset_id, changes, summary, who=person.name())


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}
