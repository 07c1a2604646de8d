"""What every modality can do: a file of it as an image for a network, as a picture for a person, and in facts."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

Source = str | os.PathLike | bytes  # a path, or what is in the file


@dataclass(frozen=True)
class Reading:
    """A file read once, as it comes in: facts for the registry, and what its thumbnail is made from.

    facts: a JSON object as text, read by its modality alone. picture: at least as large as a thumbnail, where the file
    has as much to show. small: its thumbnail; the very same image where that was small from the start.
    """

    facts: str
    picture: Image.Image
    small: Image.Image


@dataclass(frozen=True)
class Augmentations:
    """The augmentations that are tried on files of a modality: {name: the highest loss of accuracy it may cost}.

    stronger: tried as well where the whole network trains. mixtures: of two files of one class, there too.
    without_asking: made where there are too few files to try it. filled, plain: what is usual for pictures that reach
    to their border, and for those on a plain ground.
    """

    tolerance: Mapping[str, float]
    stronger: Mapping[str, float]
    mixtures: Mapping[str, float]
    without_asking: tuple[str, ...]
    filled: tuple[str, ...]
    plain: tuple[str, ...]


class Modality(Protocol):
    """One kind of files. `name` stands in the registry beside every file of it."""

    name: str
    augmentations: Augmentations

    def recognises(self, head: bytes) -> bool:
        """Tell by its first bytes whether a file is of this kind."""
        ...

    def read(self, source: Source, scale: str = "") -> Reading:
        """Return what is to be known of a file. Raises DataError with the reason where it cannot be read.

        scale: what `scale_of` said of a whole dataset.
        """
        ...

    def scale_of(self, files: Sequence[Path]) -> str:
        """Return which values are the least and the most in all these files alike, "" where each says it itself."""
        ...

    def picture(self, source: Source, side: int) -> tuple[Image.Image, tuple[int, int]]:
        """Return a file as a person sees it, RGB, and its full (width, height); about `side` pixels are enough.

        Raises DataError with the reason where it cannot be read.
        """
        ...

    def open_at(self, source: Source, image_size: int, fit: str) -> np.ndarray:
        """Return a file as a network sees it: uint8 of shape (image_size, image_size, 3).

        fit: "letterbox", "crop" or "stretch". Raises DataError with the reason where it cannot be read.
        """
        ...
