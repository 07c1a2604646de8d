"""Fingerprints that find the same picture again: exactly, and after it was resized or saved anew.

A fingerprint `phash` is 16 hex digits to search with and 256 to verify with. The first are the signs of the 63 lowest
frequencies of a cosine transform (pHash; Zauner 2010, "Implementation and benchmarking of perceptual image hash
functions"). The others are the picture itself as 16 x 16 grey values of 4 bits, stretched to full contrast: drawings
and digits share low frequencies without being the same picture, so a similar hash alone proves nothing. Nor do both
together: they see no colour and no small thing. So what they find is looked at closely when pictures come in
(engine.data.importing.copy_search).
"""

import functools
import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from engine.data.modalities.image_facts import ImageFacts

HASHED_AT_ONCE = 2_000_000  # pixels: a large picture is not copied whole for its hash

SIDE = 32  # the grey picture that is transformed
CELLS = 16  # the grey picture that is compared
HASH_DIGITS = 16
MIN_CONTRAST = 12  # of 255; a plainer picture has no fingerprint, or all blank pages would be one picture
MAX_BITS = 7  # of 64 that may differ: eight bands of eight bits, one of which must then be equal
MAX_STEP = 3  # of 16 grey levels that one cell may differ; measured: at 3 and 0.5 all of 300 photos are found again
MAX_MEAN_STEP = 0.5  # on average; after JPEG at quality 50 or a resize, and 4,000 handwritten digits give no false pair
MAX_ASPECT = 1.03
# A picture with so many others of similar bits that are not the same is a drawing among its like (one handwritten 1
# among thousands): there only what agrees nearly exactly counts. Measured on 20,000 digits of MNIST: without this,
# 2,736 of them counted as copies, with it 2; a closer look (engine.curation.near_duplicates) finds what this misses.
CROWD = 3
CROWDED_STEP, CROWDED_MEAN_STEP = 1, 0.12
BLOCK = 1024
FAMILY_DIGITS = 16
# More pictures that all look alike are frames of one scene: only what agrees nearly exactly counts there.
MOST_ALIKE = 8


def pixels_hash(image: Image.Image, size: tuple[int, int]) -> str:
    """Return the SHA-256 of a picture's upright RGB pixels, as it was decoded, with its full (width, height).

    A JPEG may be decoded at a fraction of its size; all others are hashed pixel by pixel, so that one pixel counts.
    """
    found = hashlib.sha256(b"%d x %d " % size)
    rows = max(1, HASHED_AT_ONCE // image.width)
    if rows >= image.height:
        found.update(image.tobytes())
        return found.hexdigest()
    for top in range(0, image.height, rows):
        found.update(image.crop((0, top, image.width, min(top + rows, image.height))).tobytes())
    return found.hexdigest()


def phash(small: Image.Image) -> str:
    """Return the fingerprint as 272 hex digits, or "" for a picture of one plain colour."""
    grey = np.asarray(small.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)
    low, high = grey.min(), grey.max()
    if high - low < MIN_CONTRAST:
        return ""
    basis = _cosines()
    frequencies = (basis @ grey @ basis.T).ravel()
    bits = frequencies > np.median(frequencies[1:])
    cells = grey.reshape(CELLS, 2, CELLS, 2).mean(axis=(1, 3))
    levels = np.round((cells - low) * (15 / (high - low))).astype(np.uint8).ravel()
    return np.packbits(bits).tobytes().hex() + (levels[::2] << 4 | levels[1::2]).tobytes().hex()


@functools.cache
def _cosines() -> np.ndarray:
    """Return the lowest 8 rows of the orthonormal DCT-II, shape (8, 32)."""
    rows, columns = np.arange(8)[:, None], np.arange(SIDE)[None]
    return (np.cos(np.pi * rows * (2 * columns + 1) / (2 * SIDE)) * np.sqrt(2 / SIDE)).astype(np.float32)


def near_duplicates(records: Sequence[ImageFacts]) -> list[tuple[int, int]]:
    """Return index pairs of records that seem to show the same picture, resized or compressed anew: a guess.

    Pairs are enough to join all copies; not every pair of a large family of copies is listed.
    """
    index = np.array([i for i, record in enumerate(records) if record.phash], dtype=np.int64)
    if len(index) < 2:
        return []
    hashes = np.frombuffer(bytes.fromhex("".join(records[i].phash[:HASH_DIGITS] for i in index)), np.uint8)
    levels = np.frombuffer(bytes.fromhex("".join(records[i].phash[HASH_DIGITS:] for i in index)), np.uint8)
    aspects = np.array([records[i].width / max(1, records[i].height) for i in index])
    bands, levels = hashes.reshape(-1, 8), levels.reshape(len(index), -1)
    pairs = _similar(bands)
    steps, means = _differences(pairs, levels)
    stretch = aspects[pairs[:, 0]] / aspects[pairs[:, 1]]
    same = (steps <= MAX_STEP) & (means <= MAX_MEAN_STEP) & (np.maximum(stretch, 1 / stretch) <= MAX_ASPECT)
    crowd = np.bincount(pairs[~same].ravel(), minlength=len(index))
    alike = np.bincount(pairs[same].ravel(), minlength=len(index))
    alone = (crowd[pairs].max(axis=1) < CROWD) & (alike[pairs].max(axis=1) < MOST_ALIKE)
    same &= alone | (steps <= CROWDED_STEP) & (means <= CROWDED_MEAN_STEP)
    return [(int(index[left]), int(index[right])) for left, right in pairs[same]]


def copies_of(one: ImageFacts, records: Sequence[ImageFacts]) -> list[int]:
    """Return the indices of the records that show the same picture as `one`, resized or compressed anew."""
    index = np.array([i for i, record in enumerate(records) if record.phash], dtype=np.int64)
    if not one.phash or not len(index):
        return []
    hashes = np.frombuffer(bytes.fromhex("".join(records[i].phash[:HASH_DIGITS] for i in index)), np.uint64)
    own = np.frombuffer(bytes.fromhex(one.phash[:HASH_DIGITS]), np.uint64)
    near = index[np.bitwise_count(hashes ^ own) <= MAX_BITS]
    pairs = near_duplicates([one, *(records[i] for i in near)])
    return [int(near[right - 1]) for left, right in pairs if left == 0]


def _similar(bands: np.ndarray) -> np.ndarray:
    """Return (M, 2): pairs whose 64 bits differ in at most MAX_BITS, each once and in order."""
    words = np.ascontiguousarray(bands).view(np.uint64).ravel()
    found = [
        left * len(bands) + right
        for band in range(8)
        for members in _buckets(bands[:, band])
        for left, right in _near(members, words)
    ]
    codes = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    return np.stack([codes // len(bands), codes % len(bands)], axis=1)


def _buckets(keys: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(keys, kind="stable")
    edges = np.flatnonzero(np.diff(keys[order])) + 1
    return [members for members in np.split(order, edges) if len(members) > 1]


def _near(members: np.ndarray, words: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    own = words[members]
    for start in range(0, len(members), BLOCK):
        distance = np.bitwise_count(own[start : start + BLOCK, None] ^ own[None, start:])
        rows, columns = np.nonzero(distance <= MAX_BITS)
        ahead = columns > rows
        yield members[start + rows[ahead]], members[start + columns[ahead]]


def _differences(pairs: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest and the mean difference between the cells of each pair, in grey levels of 16."""
    largest, mean = np.empty(len(pairs), np.int8), np.empty(len(pairs), np.float32)
    cells = _unpack(levels)
    for start in range(0, len(pairs), BLOCK):
        part = slice(start, start + BLOCK)
        steps = np.abs(cells[pairs[part, 0]] - cells[pairs[part, 1]])
        largest[part] = steps.max(axis=1)
        mean[part] = steps.sum(axis=1, dtype=np.int32) / steps.shape[1]
    return largest, mean


def _unpack(levels: np.ndarray) -> np.ndarray:
    return np.concatenate([levels >> 4, levels & 15], axis=1).astype(np.int8)
