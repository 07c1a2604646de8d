"""Which weights this machine has, and whether the others could be fetched. Light: the server asks before a run."""

import os
import urllib.error
import urllib.request
from pathlib import Path

from engine import settings
from engine.backbones import catalogue, custom, packaged_weights
from engine.backbones.catalogue import BackboneInfo
from engine.errors import BackboneError

SPROUT_WEIGHTS = Path(__file__).parent / "weights" / "sprout-v3.npz"
# Long enough for a slow line, short enough that a machine without internet says so at once.
REACH_SECONDS = 5


def local_path(key: str, weights_dir: Path | None = None) -> Path | None:
    """Return the weights file if this machine already has it, else None."""
    if custom.is_own(key):
        return custom.path_of(key)
    info = catalogue.info(key)
    if info.package is not None:
        kept = keras_folder() / packaged_weights.CONVERTED
        return kept if kept.is_file() else packaged_weights.installed()
    if info.url is None or info.weights_file is None:
        return SPROUT_WEIGHTS
    weights_dir = weights_dir or settings.current().weights_dir
    folders = [weights_dir] if weights_dir else []
    candidates = [Path(folder) / info.weights_file for folder in [*folders, keras_folder()]]
    return next((path for path in candidates if path.is_file()), None)


def keras_folder() -> Path:
    """Return where Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def check_reachable(info: BackboneInfo) -> None:
    """Raise BackboneError, with what to do instead, when the weights cannot be downloaded from here."""
    if info.package is not None:
        raise packaged_weights.missing(info)
    request = urllib.request.Request(info.url or "", method="HEAD")  # noqa: S310 - an https address of our catalogue
    try:
        urllib.request.urlopen(request, timeout=REACH_SECONDS).close()  # noqa: S310 - the same
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise unreachable(info, str(getattr(error, "reason", error))) from error


def unreachable(info: BackboneInfo, reason: str) -> BackboneError:
    """Return the sentence for weights that are not here and cannot be fetched."""
    return BackboneError(
        "The weights of {title} are not on this machine and could not be downloaded ({reason}). Fetch {url} on "
        "a machine with internet access, put the file into a folder under its own name and set GRAFT_WEIGHTS_DIR to "
        "that folder. Or choose Sprout, which needs no download.",
        title=info.title,
        reason=reason,
        url=info.url,
    )
