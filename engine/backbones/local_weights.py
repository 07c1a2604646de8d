"""Which weights files this machine already has. Light: the server asks before a run is wasted on a missing file."""

import os
from pathlib import Path

from engine import settings
from engine.backbones import catalogue

SPROUT_WEIGHTS = Path(__file__).parent / "weights" / "sprout-v1.npz"


def local_path(key: str, weights_dir: Path | None = None) -> Path | None:
    """Return the weights file if this machine already has it, else None."""
    info = catalogue.info(key)
    if info.url is None:
        return SPROUT_WEIGHTS
    weights_dir = weights_dir or settings.current().weights_dir
    folders = [weights_dir] if weights_dir else []
    candidates = [Path(folder) / info.weights_file for folder in [*folders, keras_folder()]]
    return next((path for path in candidates if path.is_file()), None)


def keras_folder() -> Path:
    """Return where Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
