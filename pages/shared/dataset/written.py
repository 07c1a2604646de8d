"""What stands in items that are texts, to read beside their picture."""

from collections.abc import Sequence

from engine import graft
from engine.data.modalities import registry as modalities


def of(hashes: Sequence[str]) -> list[str]:
    """Return the beginning of each text by its content hash, "" for items that are something else."""
    blob_path = graft.current().workspace.blob_path
    return modalities.words_of([blob_path(sha256) for sha256 in hashes])
