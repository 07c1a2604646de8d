"""How many pictures each class has, whether a picture shows one class or several."""

from engine import graft
from engine.data import multi_label
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
    return multi_label.counts(by_label) if multi_label.applies(registry.dataset_options(dataset_id)) else by_label


def show_several(project: Project) -> bool:
    """Tell whether pictures of this project may show several classes."""
    return multi_label.applies(graft.current().registry.dataset_options(project.dataset_id))


def in_words(label: str | None) -> str:
    """Return a label of several classes as a person reads it: "cat + dog"; plain text, not safe in Markdown."""
    if label is None:
        return _("No class yet")
    return " + ".join(multi_label.names_of(label)) or _("None of the classes")
