"""A text drawn as a square picture for a network (after "Super Characters", Sun et al. 2019).

Words are shaped once by Raqm and kept as small greyscale stamps; a text is laid out in lines of them. A short text is
repeated until the square is full, so that how much ink a picture has says nothing of how long a text is; a long one is
written smaller, and of one that is longer still windows from its beginning to its end are shown.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.data.modalities import fonts

# Heights of a line as a fraction of the picture's side: the first at which all of a text has room.
LINES = (1 / 6, 1 / 8, 1 / 10, 1 / 14)
EM = 0.88  # of a line: large letters tell more (measured: 0.72 costs 0.025); marks that need more room move down
SMALLEST = 9  # pixels of a line: below it nothing can be told
WORD = re.compile(r"\S+")
# One by one, as these scripts have no blanks between words: Thai and Khmer are cut where a line ends, by the stamp.
IDEOGRAPHS = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
BASELINE = 0.76  # of a line's height, from above
MOST_CHARACTERS = 12  # of a stamp; a longer word is cut
RIGHT_TO_LEFT = ("R", "AL")
MOST_WORDS = 4000  # of a text are looked at, windows of it where it has more
PAPER = 255


class Stamp(NamedTuple):
    """A piece of a word as it is drawn: ink (H, W) uint8, and whether it is read from right to left."""

    ink: np.ndarray
    right_to_left: bool


class Part(NamedTuple):
    """A word, or as much of it as stands on one line; `ends` where a blank follows."""

    stamps: tuple[Stamp, ...]
    ends: bool

    @property
    def right_to_left(self) -> bool:
        return self.stamps[0].right_to_left


def drawn(text: str, side: int, *, repeat: bool = True, lines: tuple[float, ...] = LINES) -> np.ndarray:
    """Return the text as greyscale uint8 of shape (side, side), black on white."""
    paper = np.full((side, side), PAPER, np.uint8)
    words = _words(text)
    rows: list[list[Part]] = []
    height = SMALLEST
    for fraction in lines:
        height = max(SMALLEST, round(side * fraction))
        rows = _rows(words, height, side)
        if len(rows) * height <= side:
            break
    room = max(1, side // height)
    if len(rows) > room:
        rows = [rows[place] for place in _windows(len(rows), room)]
    if not rows:
        return paper
    backwards = rows[0][0].right_to_left  # the first word says from which side all of it is read
    for line in range(room if repeat else min(room, len(rows))):
        row = rows[line % len(rows)]
        _write(paper[line * height : (line + 1) * height], row, _gap(height), backwards)
    return paper


def _windows(rows: int, room: int) -> list[int]:
    """Return which rows of a long text are shown: three windows, of its beginning, its middle and its end."""
    each = -(-room // 3)
    starts = (0, (rows - each) // 2, rows - each)
    return sorted({start + place for start in starts for place in range(each)})[:room]


def _gap(height: int) -> int:
    return max(2, round(height * EM / 4))


def _words(text: str) -> list[str]:
    """Return the pieces that are drawn as one stamp each, those of a very long text from its beginning to its end."""
    words = WORD.findall(unicodedata.normalize("NFC", text))
    if len(words) > MOST_WORDS:
        words = words[: MOST_WORDS // 2] + words[-MOST_WORDS // 2 :]
    return words


def _rows(words: list[str], height: int, side: int) -> list[list[Part]]:
    """Return lines of words, none wider than the side."""
    rows: list[list[Part]] = [[]]
    left, gap = side, _gap(height)
    for word in words:
        for part in stamps(word, height, side):
            width = sum(stamp.ink.shape[1] for stamp in part.stamps)
            if rows[-1] and width > left:
                rows.append([])
                left = side
            rows[-1].append(part)
            left -= width + (gap if part.ends else 0)
    return [row for row in rows if row]


def _write(line: np.ndarray, words: list[Part], gap: int, backwards: bool) -> None:
    """Write the words of a line into it, from the right where `backwards`."""
    side = line.shape[1]
    at = 0
    for word in _in_order(words, backwards):
        for stamp in reversed(word.stamps) if backwards != word.right_to_left else word.stamps:
            width = stamp.ink.shape[1]
            left = side - at - width if backwards else at
            target = line[:, max(0, left) : left + width]
            np.minimum(target, stamp.ink[: target.shape[0], -target.shape[1] :], out=target)
            at += width
        at += gap if word.ends else 0


def _in_order(words: list[Part], backwards: bool) -> Iterator[Part]:
    """Yield words as they are written: those of the other direction that stand together are turned around."""
    waiting: list[Part] = []
    for word in words:
        if word.right_to_left != backwards:
            waiting.append(word)
            continue
        yield from reversed(waiting)
        waiting = []
        yield word
    yield from reversed(waiting)


@functools.lru_cache(maxsize=60_000)
def stamps(word: str, height: int, side: int) -> tuple[Part, ...]:
    """Return a word as parts between which a line may end, each of stamps by one font; nothing of what has no font."""
    pieces = [runs for piece in _pieces(word) if (runs := _runs(piece))]
    return tuple(
        Part(tuple(_stamp(font, run, height, side) for font, run in runs), place == len(pieces))
        for place, runs in enumerate(pieces, start=1)
    )


def _pieces(word: str) -> list[str]:
    pieces: list[str] = []
    for character in word:
        marks = unicodedata.category(character) in ("Mn", "Mc", "Cf")
        alone = IDEOGRAPHS.match(character) or (pieces and IDEOGRAPHS.match(pieces[-1]))
        if pieces and (marks or (not alone and len(pieces[-1]) < MOST_CHARACTERS)):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


@functools.lru_cache(maxsize=60_000)
def _runs(piece: str) -> tuple[tuple[int, str], ...]:
    """Return a piece as runs by one font each; punctuation and marks stay with the font beside them."""
    runs: list[tuple[int, str]] = []
    for character in piece:
        place = fonts.font_of(character)
        plain = not character.isalnum()
        if runs and plain and ord(character) in fonts.characters(runs[-1][0]):
            place = runs[-1][0]
        if place is None:
            continue
        if runs and runs[-1][0] == place:
            runs[-1] = (place, runs[-1][1] + character)
        else:
            runs.append((place, character))
    return tuple(runs)


class Glyph(NamedTuple):
    """What is drawn at once: ink (H, W) uint8, where its corner lies from the pen on its line, and the pen's way."""

    ink: np.ndarray
    left: int
    top: int
    advance: float


def _stamp(place: int, run: str, height: int, side: int) -> Stamp:
    size = max(6, round(height * EM))
    # Letters that stand side by side are drawn once each; shaping every word anew takes five times as long.
    if place in fonts.UNJOINED and not any(unicodedata.category(character).startswith("M") for character in run):
        glyphs = [_glyph(place, character, size) for character in run]
    else:
        glyphs = [_drawn_at_once(place, run, size)]
    width = round(sum(glyph.advance for glyph in glyphs[:-1]) + glyphs[-1].left + glyphs[-1].ink.shape[1])
    ink = np.full((height, min(side, max(1, width))), PAPER, np.uint8)
    base = max(round(height * BASELINE), -min(glyph.top for glyph in glyphs))  # lower where marks need room above
    base = min(base, max(height - max(glyph.top + len(glyph.ink) for glyph in glyphs), round(height * BASELINE)))
    pen = 0.0
    for glyph in glyphs:
        left, top = max(0, round(pen) + glyph.left), max(0, base + glyph.top)
        target = ink[top : top + len(glyph.ink), left : left + glyph.ink.shape[1]]
        np.minimum(target, glyph.ink[: target.shape[0], : target.shape[1]], out=target)
        pen += glyph.advance
    return Stamp(ink, any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in run))


@functools.lru_cache(maxsize=20_000)
def _glyph(place: int, character: str, size: int) -> Glyph:
    return _drawn_at_once(place, character, size)


def _drawn_at_once(place: int, run: str, size: int) -> Glyph:
    font = fonts.loaded(place, size)
    mask, (left, top) = font.getmask2(run, mode="L", anchor="ls")
    width, tall = mask.size
    ink = PAPER - np.asarray(mask, np.uint8).reshape(tall, width)
    return Glyph(ink, round(left), round(top), font.getlength(run))
