"""Whether pictures look like photos, or like drawings, scans and texts. Light: pages ask as well as workers."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine.data.modalities import registry as modalities
from engine.storage.workspace import Workspace

SAMPLE = 64
# A picture up to this much longer than wide loses little when its middle square is cut out.
CROP_ASPECT = 1.5
# Border pixels within this distance (of 255) of the border's median colour count as plain background.
PLAIN = 24
# Measured medians: photos 0.43 and 0.54 of the border, scanned digits and drawn characters 1.0.
PLAIN_SHARE = 0.7


def look_like_photos(workspace: Workspace, keys: Sequence[str]) -> bool:
    """Tell whether most of a sample are about as long as wide and filled to the border."""
    ordered = sorted(set(keys))
    sample = ordered[:: max(1, len(ordered) // SAMPLE)][:SAMPLE]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        looks = list(threads.map(lambda key: _look(workspace, key), sample))
    aspects, plain = np.array(looks).T
    return bool(np.quantile(aspects, 0.75) <= CROP_ASPECT and np.median(plain) < PLAIN_SHARE)


def _look(workspace: Workspace, key: str) -> tuple[float, float]:
    """Return how long a picture is (long side / short side) and the share of its border that is plain background."""
    path = workspace.blob_path(key)
    image, (width, height) = modalities.of(path).picture(path, 96)
    image.thumbnail((96, 96))
    pixels = np.asarray(image).astype(np.int16)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    distance = np.abs(border - np.median(border, axis=0)).max(axis=1)
    return max(width, height) / min(width, height), float((distance <= PLAIN).mean())
