"""Samples out of sound files: read in blocks by libsndfile, or by FFmpeg what that does not know; memory stays flat."""

import contextlib
import functools
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.data.modalities.modality import Source
from engine.errors import DataError

BLOCK = 1 << 16  # samples of every channel that are in memory at once
# Of a longer recording this much is heard; the rest is told in its facts. 10 hours take no longer than 5 minutes.
MOST_SECONDS = 300.0
ENOUGH = 16_000  # samples a second: what a person looks at needs no more
FULL = 0.995  # of full scale: a sample up there was cut off
NO_SAMPLES = "The sound has no samples: it is empty. Record or export it again."
DAMAGED = (
    "The sound is damaged or of a kind that is not understood ({detail}). Save it as WAV, FLAC or MP3 and add that."
)


@dataclass
class Heard:
    """A sound that was read: its samples, one channel at the rate `at`, and what is known of the file.

    seconds: of the whole file; heard: those that were read. rate, channels: of the file. peak, rms, dc: of full scale,
    over all channels. clipped: share of samples that are cut off. print: hash of the samples, alike for all formats
    that lose nothing.
    """

    samples: np.ndarray
    at: int
    seconds: float
    heard: float
    rate: int
    channels: int
    peak: float
    rms: float
    dc: float
    clipped: float
    print: str


@dataclass
class _Opened:
    rate: int
    channels: int
    seconds: float
    blocks: Iterator[np.ndarray]


@dataclass
class _Tally:
    """What is counted while blocks (n, channels) pass by."""

    samples: int = 0
    peak: float = 0.0
    square: float = 0.0
    sum: float = 0.0
    clipped: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, block: np.ndarray) -> None:
        loud = np.abs(block)
        self.samples += block.size
        self.peak = max(self.peak, float(loud.max()))
        self.square += float(np.square(block, dtype=np.float64).sum())
        self.sum += float(block.sum(dtype=np.float64))
        self.clipped += int((loud >= FULL).sum())
        self.digest.update(np.round(np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())


def hear(source: Source, rate: int = 0) -> Heard:
    """Return what is in a sound file, its samples at `rate`, or as they are up to 16,000 a second.

    Raises DataError where there is nothing to be heard.
    """
    opened, tally = _open(source), _Tally()
    parts, most = [], MOST_SECONDS * opened.rate
    rate = rate or min(opened.rate, ENOUGH)
    resample = _resampler(opened.rate, rate)
    frames = 0
    for block in _until_broken(opened.blocks):
        block = np.nan_to_num(block[: int(most - frames)], posinf=1, neginf=-1)
        frames += len(block)
        tally.add(block)
        parts.append(resample(block.mean(axis=1, dtype=np.float32), False))
        if frames >= most:
            break
    if not frames:
        raise DataError(NO_SAMPLES)
    parts.append(resample(np.zeros(0, np.float32), True))
    heard = frames / opened.rate
    return Heard(
        samples=np.concatenate(parts),
        at=rate,
        seconds=round(max(heard, opened.seconds), 3),
        heard=round(heard, 3),
        rate=opened.rate,
        channels=opened.channels,
        peak=round(tally.peak, 5),
        rms=round((tally.square / tally.samples) ** 0.5, 6),
        dc=round(tally.sum / tally.samples, 5),
        clipped=round(tally.clipped / tally.samples, 5),
        print=f"{opened.rate}-{opened.channels}-{tally.digest.hexdigest()}",
    )


def as_wav(source: Source) -> bytes:
    """Return a sound as WAV of 16 bits, which every browser plays. Raises DataError as `hear` does."""
    import soundfile

    opened, buffer = _open(source), io.BytesIO()
    left = int(MOST_SECONDS * opened.rate)
    with soundfile.SoundFile(buffer, "w", opened.rate, opened.channels, "PCM_16", format="WAV") as file:
        for block in _until_broken(opened.blocks):
            file.write(block[:left])
            left -= len(block)
            if left <= 0:
                break
    return buffer.getvalue()


def _resampler(given: int, wanted: int):
    if given == wanted:
        return lambda samples, _last: samples
    import soxr

    stream = soxr.ResampleStream(given, wanted, 1, dtype="float32")
    return lambda samples, last: stream.resample_chunk(samples, last=last)


def _until_broken(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield blocks up to where a file is damaged; one that is damaged from its beginning raises DataError."""
    begun = False
    while True:
        try:
            block = next(blocks, None)
        except DataError:
            raise
        except Exception as error:  # a codec fed with hostile bytes may raise anything at all
            if begun:
                return
            raise DataError(DAMAGED, detail=str(error)[:120] or type(error).__name__) from error
        if block is None:
            return
        if len(block):
            begun = True
            yield block


def _open(source: Source) -> _Opened:
    if isinstance(source, bytes) and not source:
        raise DataError("The file is empty (0 bytes). Copy or download it again.")
    try:
        return _by_libsndfile(io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb"))
    except OSError as error:
        if isinstance(source, bytes) or not isinstance(error.errno, int):
            raise
        raise DataError(
            "{name} cannot be read ({reason}). Check that the file is still there.",
            name=Path(source).name,
            reason=error.strerror or str(error),
        ) from error
    except Exception:  # noqa: BLE001 - whatever libsndfile says of it, FFmpeg may know it, or says why not
        return _by_ffmpeg(io.BytesIO(source) if isinstance(source, bytes) else str(source))


def _by_libsndfile(file: BinaryIO) -> _Opened:
    import soundfile

    opened = soundfile.SoundFile(file)
    if opened.frames <= 0:
        raise DataError(NO_SAMPLES) if opened.format == "WAV" else ValueError("no samples")
    seconds = opened.frames / opened.samplerate
    return _Opened(opened.samplerate, opened.channels, seconds, _blocks(opened, file))


def _blocks(opened, file) -> Iterator[np.ndarray]:
    with file, opened:
        while len(block := opened.read(BLOCK, dtype="float32", always_2d=True)):
            yield block


def _by_ffmpeg(file) -> _Opened:
    av = _ffmpeg()
    try:
        container = av.open(file, "r")
    except Exception as error:
        raise DataError(DAMAGED, detail=str(error)[:120] or type(error).__name__) from error
    stream = next(iter(container.streams.audio), None)
    if stream is None or not stream.rate:
        container.close()
        raise DataError(NO_SAMPLES)
    seconds = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
    return _Opened(stream.rate, stream.channels or 1, max(0.0, seconds), _decoded(av, container, stream))


def _decoded(av, container, stream) -> Iterator[np.ndarray]:
    resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    with contextlib.closing(container):
        for frame in container.decode(stream):
            for part in resampler.resample(frame):
                yield np.ascontiguousarray(part.to_ndarray().T, np.float32)


@functools.cache
def _ffmpeg():
    import av

    av.logging.set_level(av.logging.PANIC)  # what is wrong with a file is said in our words
    return av
