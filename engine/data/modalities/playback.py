"""What a browser plays of a stored file: the file itself, or a copy written anew once, kept by content hash."""

from pathlib import Path

from engine.data.modalities import registry as modalities
from engine.errors import DataError
from engine.storage.workspace import Workspace, write_atomic


def path_of(workspace: Workspace, sha256: str) -> tuple[Path, str]:
    """Return where it lies and of which kind it is. Raises DataError where there is nothing to play."""
    blob, anew = workspace.blob_path(sha256), workspace.playback_path(sha256)
    if not blob.exists():
        raise DataError("The original of this file is no longer there.")
    if anew.exists():
        return anew, "audio/wav"
    found = modalities.of(blob).playback(blob)
    if found.content is None:
        return blob, found.kind
    write_atomic(anew, found.content)
    return anew, found.kind
