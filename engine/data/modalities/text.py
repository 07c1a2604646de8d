"""Texts: a file holds one text in UTF-8; a network sees it drawn, a person reads it."""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.data.modalities import fonts, text_drawing
from engine.data.modalities.modality import Augmentations, Playback, Reading, Source, Words
from engine.data.modalities.picture import LONGEST_SIDE
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord

SUFFIX = ".txt"
MAX_BYTES = 4 * 2**20  # of one text: a long novel
MOST_SHOWN = 200  # letters beside a picture
MOST_READ = 20_000  # characters that tell which script a text is in
MOST_MISSING = 0.2  # of the letters may have no font: they are left out; with more, nothing of it could be read
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Pictures that are written in letters.
NOT_TEXTS = re.compile(rb"\s*(P[1-7]\s+(#[^\n]*\n\s*)*\d+\s+\d+|%PDF|%!PS|version https://git-lfs|<\?xml|<svg)")
SHOWN_SIDE = LONGEST_SIDE  # no larger, so that nobody has to keep a smaller one beside it
MARGIN = 16  # of a side is left free on each side of it, as rounded corners cut off letters
READ_LINES = (1 / 9, 1 / 12, 1 / 16, 1 / 22)  # of the picture for people

EMPTY = "The text is empty. Write something into it, or leave it out."
NO_LETTERS = "There is no letter in this text, only numbers and signs. Texts of words can be learned."
NOT_UTF_8 = "This text is not written in UTF-8. Open it in an editor and save it as UTF-8."
TOO_LONG = "The text is longer than {limit} MB. Divide it into several."
NO_FONT = (
    "No font that comes with Graft has the script {script}, so this text cannot be drawn. Leave such texts out, or "
    "write them in another script."
)


def decoded(source: Source) -> str:
    """Return the text of a file in Unicode's composed form (NFC). Raises DataError where it is none."""
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if len(content) > MAX_BYTES:
        raise DataError(TOO_LONG, limit=MAX_BYTES // 2**20)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(NOT_UTF_8) from error
    return unicodedata.normalize("NFC", text).strip()


def beginning(source: Source) -> str:
    """Return the first MOST_SHOWN letters of a text on one line; "" where it cannot be read any more."""
    try:
        text = " ".join(decoded(source).split())
    except (DataError, OSError):
        return ""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def check(text: str) -> str:
    """Return the script of most letters. Raises DataError for a text that cannot be drawn, or has nothing to learn."""
    if not text.strip():
        raise DataError(EMPTY)
    letters = Counter(character for character in text[:MOST_READ] if character.isalpha())
    if not letters:
        raise DataError(NO_LETTERS)
    missing = Counter({letter: count for letter, count in letters.items() if fonts.font_of(letter) is None})
    if sum(missing.values()) > MOST_MISSING * sum(letters.values()):
        raise DataError(NO_FONT, script=_most_frequent(missing))
    return _most_frequent(letters)


def _most_frequent(letters: Counter) -> str:
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[fonts.script_of(letter)] += count
    return scripts.most_common(1)[0][0]


class TextModality:
    """Texts, drawn as pictures for the network."""

    name = "text"
    words = Words(
        title="Texts",
        one="{n} text",
        many="{n} texts",
        none="No texts yet",
        add="Add texts",
        try_one="Try it on a text",
        in_cell="Choose a cell or a pair to see its texts.",
        unseen="On {n} texts it never saw, it is right {share} times in 100 (between {low} and {high}).",
    )
    SUFFIX = SUFFIX
    # Nothing that mirrors, tilts or crops leaves a text what it was.
    augmentations = Augmentations({}, {}, {}, (), (), ())
    fits = ("letterbox",)
    plays = False
    foreign = "This is text, and this project holds files of another kind. Add it to a project of its own."
    not_one = "This is not a text in UTF-8. This project holds texts; add other files to a project of their own."

    def may_be(self, name: str) -> bool:
        return name.lower().endswith(SUFFIX)

    def recognises(self, head: bytes) -> bool:
        """Tell by the first bytes: letters in UTF-8 and nothing that steers a machine."""
        if not head.strip() or CONTROLS.search(head) or NOT_TEXTS.match(head):
            return False
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            return error.reason == "unexpected end of data" and len(head) - error.start < 4
        return True

    def read(self, source: Source, scale: str = "") -> Reading:
        """Return what is known of a text: its length, its script, and a fingerprint that blanks do not change."""
        text = decoded(source)
        script = check(text)
        same = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
        facts = {"characters": len(text), "words": len(text.split()), "script": script, "pixels_hash": same}
        picture, _size = self._shown(text, SHOWN_SIDE)
        return Reading(json.dumps(facts, separators=(",", ":")), picture, picture)

    def scale_of(self, files: Sequence[Path]) -> str:
        return ""

    def scale_of_facts(self, facts: Sequence[str], wanted: str = "") -> str:
        return ""

    def reads_scale(self, scale: str) -> bool:
        return False

    def findings(self, items: Sequence["ItemRecord"]) -> list[dict]:
        return []

    def playback(self, source: Source) -> Playback:
        raise DataError("A text has nothing to play.")

    def picture(self, source: Source, side: int) -> tuple[Image.Image, tuple[int, int]]:
        return self._shown(decoded(source), side)

    def open_at(self, source: Source, image_size: int, fit: str) -> np.ndarray:
        grey = text_drawing.drawn(decoded(source), image_size)
        return np.repeat(grey[..., None], 3, axis=2)

    def _shown(self, text: str, side: int) -> tuple[Image.Image, tuple[int, int]]:
        paper = np.full((side, side), text_drawing.PAPER, np.uint8)
        margin = side // MARGIN
        inner = text_drawing.drawn(text, side - 2 * margin, repeat=False, lines=READ_LINES)
        paper[margin : margin + len(inner), margin : margin + len(inner)] = inner
        return Image.fromarray(paper).convert("RGB"), (side, side)


TEXT = TextModality()
