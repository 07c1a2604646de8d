"""How files become the squares that a network sees: a choice for each modality, that of its own file here."""

from engine.storage.registry import Project
from pages.sections.data_upload.add import image_fit, spectrogram
from pages.session import modality

CHOICES = {"image": image_fit.choice, "sound": spectrogram.choice}


def choice(project: Project) -> None:
    """Show what can be chosen for the files of this project; nothing where there is no choice."""
    if (show := CHOICES.get(modality.of_project(project).name)) is not None:
        show(project)
