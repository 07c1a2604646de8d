"""What every modality can do: a file of it as an image for a network, as a picture for a person, and in facts."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord


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
class Playback:
    """What a browser plays of a file: the file itself where `content` is None, else this in its place."""

    kind: str  # such as "audio/wav"
    content: bytes | None = None


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


@dataclass(frozen=True)
class Words:
    """What files of a modality are called where a person reads of them: whole sentences, as each language bends them.

    count: of one and of many, with {n}. unseen: the honest number, with {n}, {share}, {low} and {high}.
    """

    title: str
    one: str
    many: str
    none: str
    add: str
    try_one: str
    in_cell: str
    unseen: str

    @property
    def count(self) -> tuple[str, str]:
        return self.one, self.many


class Modality(Protocol):
    """One kind of files. `name` stands in the registry beside every file of it, and with the dataset and its runs.

    fits: in what ways a file becomes a square ("letterbox", "crop", "stretch"); a single one is taken whatever is
    wished. plays: whether there is something to hear or to see
    move (see `playback`). foreign: what is said of such a file in a project of another kind, and not_one: of a file
    that nobody recognises in a project of this kind; both sentences without values. words: what its files are called.
    """

    name: str
    words: Words
    augmentations: Augmentations
    fits: tuple[str, ...]
    plays: bool
    foreign: str
    not_one: str

    def may_be(self, name: str) -> bool:
        """Tell by its name alone whether a file may be of this kind, before anything is opened."""
        ...

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

    def scale_of_facts(self, facts: Sequence[str], wanted: str = "") -> str:
        """Return what `scale_of` would, from the facts of all files as they come in; "" where nothing is to be said.

        wanted: what somebody chose, which may leave a part of it to be found out.
        """
        ...

    def reads_scale(self, scale: str) -> bool:
        """Tell whether a text is a scale of this modality, as somebody may have typed it."""
        ...

    def findings(self, items: Sequence["ItemRecord"]) -> list[dict]:
        """Return what stands out among items of this modality, by their facts (shapes: engine.data.finding)."""
        ...

    def playback(self, source: Source) -> Playback:
        """Return what a browser plays of a file. Raises DataError where it cannot be read; only for what `plays`."""
        ...

    def span(self, source: Source, fit: str) -> tuple[float, float]:
        """Return (from which second, how many seconds) of what `playback` gives `open_at` shows; (0, 0) of a still."""
        ...

    def picture(self, source: Source, side: int) -> tuple[Image.Image, tuple[int, int]]:
        """Return a file as a person sees it, RGB, and its full (width, height); about `side` pixels are enough.

        Raises DataError with the reason where it cannot be read.
        """
        ...

    def open_at(self, source: Source, image_size: int, fit: str) -> np.ndarray:
        """Return a file as a network sees it: uint8 of shape (image_size, image_size, 3).

        fit: one of `fits`, and after an @ the scale (see `fits.with_scale`). Raises DataError with the reason where it
        cannot be read.
        """
        ...
