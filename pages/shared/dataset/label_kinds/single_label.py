"""Pictures that show one class each: what is written about them, and how they are put right."""

from collections.abc import Callable, Sequence

from engine import graft
from engine.storage.registry import Item, Project
from pages.session.i18n import _
from pages.shared.dataset import picture_actions

# Sections of the Data page, with the view of each.
SECTIONS = {
    "pictures": "pictures_by_class",
    "check": "check_report",
    "map": "embedding_map",
    "label": "labelling",
    "parts": "split_editor",
    "history": "history",
}
WAYS: tuple[str, ...] = ("all", "classes", "example")  # in which pictures are added


def title() -> str:
    return _("Classes in a picture: one")


def choice() -> str:
    return _("Exactly one")


def note(label: str) -> str:
    """Return what a picture is, below its tile; plain text."""
    return _("labelled {label}").format(label=label)


def what_counts_as_right() -> str:
    """Return what is to be said about the accuracy of these runs; "" for nothing."""
    return ""


def edit(project: Project, chosen: Sequence[Item], *, key: str, selected: bool = True) -> None:
    """Offer to move the chosen pictures, to exclude them or to mark them as ambiguous.

    selected: whether they were chosen from others, so that there is a selection to let go.
    """
    ids = [item.id for item in chosen]
    picture_actions.buttons(project, ids, names_for_keys(project), key=key, selected=selected)


def names_for_keys(project: Project) -> list[str]:
    """Return the classes that a gallery moves pictures to by keys."""
    return list(graft.current().registry.counts(project.dataset_id))


def on_keys(project: Project) -> Callable[[list[dict]], None] | None:
    """Return what a gallery calls with what was asked by keys."""
    return picture_actions.by_keys(project)
