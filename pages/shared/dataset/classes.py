"""How many pictures each class has, and labels in words, whatever a label says."""

from engine import graft
from engine.data import label_kinds
from engine.data.label_kinds.label_kind import LabelKind
from engine.storage.registry import Project
from pages.session.i18n import _


def counts(project: Project, *, used: bool = False) -> dict[str, dict[str, int]]:
    """Return {class: {split: pictures}} by name; a picture that shows several classes counts for each of them.

    `used` counts only what a training would see (see engine.storage.registry).
    """
    return of_dataset(project.dataset_id, used=used)


def of_dataset(dataset_id: str, *, used: bool = False) -> dict[str, dict[str, int]]:
    registry = graft.current().registry
    by_label = registry.counts(dataset_id, used=used)
    return kind_of(dataset_id).counts(by_label)


def kind_of(dataset_id: str) -> LabelKind:
    """Return what labels of this dataset say."""
    return label_kinds.of(graft.current().registry.dataset_options(dataset_id))


def in_words(label: str | None, label_kind: LabelKind) -> str:
    """Return a label as a person reads it, "cat" or "cat + dog"; plain text, not safe in Markdown."""
    if label is None:
        return _("No class yet")
    return " + ".join(label_kind.names_of(label)) or _("None of the classes")
