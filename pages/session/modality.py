"""Of which modality the files of the project in front of the person are: pages ask it, and never what it is called."""

from engine import graft
from engine.data.modalities import registry as modalities
from engine.data.modalities.modality import Modality
from engine.storage.registry import Project
from pages.session import state


def of_project(project: Project | None) -> Modality:
    """Return the modality of a project; without one, or before anything came in, that of pictures."""
    options = graft.current().registry.dataset_options(project.dataset_id) if project else {}
    return modalities.named(options.get("modality", modalities.FIRST))


def current() -> Modality:
    """Return the modality of the project in front of the person."""
    return of_project(state.project())
