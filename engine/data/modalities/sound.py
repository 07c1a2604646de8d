"""Sounds: recognised by content, seen by a network as a log-mel spectrogram, played as they are."""

import functools
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.data.modalities.fits import parted
from engine.data.modalities.modality import Augmentations, Playback, Reading, Source, Words
from engine.data.modalities.picture import LONGEST_SIDE
from engine.data.modalities.sounds import mel, sound_findings
from engine.data.modalities.sounds.sound_facts import SoundFacts, sound_facts_of
from engine.data.modalities.sounds.sound_samples import Heard, as_wav, hear
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord

SUFFIXES = (
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".weba", ".aif", ".aiff", ".au"),
    *(".caf", ".w64", ".wma", ".amr", ".mka", ".snd"),
)
ASF_AUDIO, ASF_VIDEO = bytes.fromhex("409e69f84d5bcf11"), bytes.fromhex("c0ef19bc4d5bcf11")
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE  # kinds of WAV that every browser plays
SHOWN_SECONDS = 10.0  # of a clip that its picture shows to a person
# What silence, a quiet sound and a loud one look like; from the first to the last, each is lighter than the one before.
INKS = np.array([(13, 17, 38), (34, 52, 105), (28, 112, 128), (62, 166, 110), (190, 205, 92), (255, 246, 214)])
ASPECT = 0.75  # height of a spectrogram that a person looks at, as a share of its width


def _is_mpeg(head: bytes) -> bool:
    """Tell whether a frame of MPEG audio begins here: MP1 to MP3, or AAC with ADTS."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    if head[1] & 0xF6 == 0xF0:
        return head[2] >> 2 & 15 < 13  # a sampling rate of AAC
    layer, bits, rate = head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return head[1] >> 3 & 3 != 1 and layer != 0 and 0 < bits < 15 and rate != 3


class SoundModality:
    """Sounds of any format, rate and number of channels."""

    name = "sound"
    words = Words(
        title="Sounds",
        one="{n} sound",
        many="{n} sounds",
        none="No sounds yet",
        add="Add sounds",
        try_one="Try it on a sound",
        in_cell="Choose a cell or a pair to see its sounds.",
        unseen="On {n} sounds it never heard, it is right {share} times in 100 (between {low} and {high}).",
    )
    fits = ("stretch",)
    plays = True
    foreign = "This is a sound, and this project holds files of another kind. Add it to a project of its own."
    not_one = (
        "This is not a sound, or it is damaged. WAV, FLAC, OGG, MP3, M4A, AAC and WebM are understood. "
        "Open it in a sound program and save it again."
    )
    augmentations = Augmentations(
        # A spectrogram mirrored, tilted or cropped is another sound; these are what a room and a microphone do to one.
        tolerance={"time_shift": 0.08, "gain": 0.08, "hiss": 0.1, "time_mask": 0.1, "frequency_mask": 0.1},
        stronger={},
        mixtures={"mixup": 0.08},
        without_asking=("time_shift", "gain"),
        filled=("time_shift", "gain", "hiss", "time_mask", "frequency_mask"),
        plain=("time_shift", "gain", "hiss", "time_mask", "frequency_mask"),
    )

    def recognises(self, head: bytes) -> bool:
        if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
            return head[8:12] == b"WAVE"
        if head[:4] == b"OggS":
            return b"theora" not in head[:512]
        if head[:4] in (b"fLaC", b".snd", b"caff", b"riff") or head[:3] == b"ID3" or head[:5] == b"#!AMR":
            return True
        if head[:4] == b"FORM":
            return head[8:12] in (b"AIFF", b"AIFC")
        if head[4:8] == b"ftyp":
            return head[8:12] in (b"M4A ", b"M4B ", b"F4A ") or (b"soun" in head and b"vide" not in head)
        if head[:4] == b"\x1aE\xdf\xa3":
            return b"A_" in head and b"V_" not in head
        if head[:4] == b"0&\xb2u":
            return ASF_AUDIO in head and ASF_VIDEO not in head
        return _is_mpeg(head)

    def may_be(self, name: str) -> bool:
        return name.lower().endswith(SUFFIXES)

    def read(self, source: Source, scale: str = "") -> Reading:
        """Hear it once: length, loudness, what is wrong with it, and the spectrogram of all of it."""
        heard = hear(source)
        small = _shown(heard, LONGEST_SIDE)
        return Reading(SoundFacts.of(heard).text(), small, small)

    def scale_of(self, files: Sequence[Path]) -> str:
        readings = [hear(file, 8000) for file in files]
        return mel.suited([one.seconds for one in readings], [one.rate for one in readings]).text() if readings else ""

    def scale_of_facts(self, facts: Sequence[str], wanted: str = "") -> str:
        known = [sound_facts_of(text) for text in facts]
        return mel.parsed(wanted, mel.suited([one.seconds for one in known], [one.rate for one in known])).text()

    def reads_scale(self, scale: str) -> bool:
        return mel.is_mel(scale) and bool(mel.parsed(scale))

    def findings(self, items: Sequence["ItemRecord"]) -> list[dict]:
        return sound_findings.findings(items)

    def playback(self, source: Source) -> Playback:
        head = _head(source)
        kind = _played_as_it_is(head)
        return Playback(kind) if kind else Playback("audio/wav", as_wav(source))

    def span(self, source: Source, fit: str) -> tuple[float, float]:
        how = mel.parsed(parted(fit)[1])
        start = mel.loudest_at(hear(source, int(how.rate)).samples, round(how.seconds * how.rate))
        return round(start / how.rate, 3), how.seconds

    def picture(self, source: Source, side: int) -> tuple[Image.Image, tuple[int, int]]:
        shown = _shown(hear(source), side)
        return shown, shown.size

    def open_at(self, source: Source, image_size: int, fit: str) -> np.ndarray:
        how = mel.parsed(parted(fit)[1])
        drawn = mel.picture(hear(source, int(how.rate)).samples, how)
        square = drawn.resize((image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return np.repeat(np.asarray(square)[..., None], 3, axis=2)


def _shown(heard: Heard, side: int) -> Image.Image:
    """Return the spectrogram of a clip in colours, for a person: all of it, or the loudest ten seconds."""
    part = mel.loudest(heard.samples, round(SHOWN_SECONDS * heard.at))
    hop = max(2.0, len(part) / heard.at * 1000 / max(1, side))
    how = mel.Mel(rate=heard.at, window=max(32.0, 2 * hop), hop=hop, high=heard.at / 2)
    grey = mel.picture(part, how, whole=True)
    size = (side, max(1, round(side * ASPECT)))
    return _inked(grey.resize(size, Image.Resampling.BILINEAR))


def _inked(grey: Image.Image) -> Image.Image:
    inked = grey.copy()
    inked.putpalette(_palette())
    return inked.convert("RGB")


@functools.cache
def _palette() -> bytes:
    steps = np.linspace(0, 255, len(INKS))
    return np.round([np.interp(np.arange(256), steps, ink) for ink in INKS.T]).T.astype(np.uint8).tobytes()


def _head(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source[:64]
    try:
        with open(source, "rb") as file:
            return file.read(64)
    except OSError as error:
        raise DataError(
            "{name} cannot be read ({reason}). Check that the file is still there.",
            name=Path(source).name,
            reason=error.strerror or str(error),
        ) from error


def _played_as_it_is(head: bytes) -> str:
    """Return the kind of a file that every browser plays, "" for one that has to be written anew."""
    if head[:4] == b"RIFF" and head[12:16] == b"fmt ":
        kind, _channels, _rate, _bytes, _frame, bits = struct.unpack_from("<HHIIHH", head, 20)
        return "audio/wav" if (kind == PCM and bits in (8, 16, 24)) or (kind == FLOAT and bits == 32) else ""
    kinds = {b"fLaC": "audio/flac", b"OggS": "audio/ogg", b"\x1aE\xdf\xa3": "audio/webm"}
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    if head[:3] == b"ID3" or _is_mpeg(head):
        return "audio/aac" if head[0] == 0xFF and head[1] & 0xF6 == 0xF0 else "audio/mpeg"
    return kinds.get(head[:4], "")


SOUND = SoundModality()
