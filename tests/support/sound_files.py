"""Sounds as people really send them, each made here: every way to keep samples that is understood."""

import io
from collections.abc import Sequence

import numpy as np
import soundfile

PITCH, RATE = 1000, 16_000


def tone(seconds: float = 0.5, pitch: float = PITCH, rate: int = RATE, loud: float = 0.5) -> np.ndarray:
    """Return a sine of this pitch in Hz, shape (N,)."""
    return loud * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)


def written(samples: np.ndarray, kind: str = "WAV", subtype: str | None = None, rate: int = RATE) -> bytes:
    """Return samples (N,) or (N, channels) as a file of a kind that libsndfile writes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, subtype=subtype, format=kind)
    return buffer.getvalue()


def encoded(samples: np.ndarray, container: str, codec: str, rate: int = RATE) -> bytes:
    """Return samples (N,) as a file that FFmpeg writes."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        for packet in [*_packets(stream, frame), *stream.encode(None)]:
            file.mux(packet)
    return buffer.getvalue()


def _packets(stream, frame) -> Sequence:
    import av

    resampler = av.AudioResampler(stream.format.name, stream.layout.name, stream.rate, stream.frame_size or None)
    return [
        packet for part in [*resampler.resample(frame), *resampler.resample(None)] for packet in stream.encode(part)
    ]


def every_kind() -> dict[str, bytes]:
    """Return one tone in every kind of file that is understood, by a name for each."""
    sound, cd = tone(), tone(rate=44_100)
    return {
        **{f"{subtype}.wav": written(sound, "WAV", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32")},
        **{f"{subtype}.wav": written(sound, "WAV", subtype) for subtype in ("FLOAT", "DOUBLE", "ALAW", "ULAW")},
        "stereo.wav": written(np.stack([cd, cd], axis=1), rate=44_100),
        "plain.flac": written(sound, "FLAC"),
        "plain.ogg": written(sound, "OGG", "VORBIS"),
        "opus.ogg": written(sound, "OGG", "OPUS"),
        "plain.mp3": written(cd, "MP3", rate=44_100),
        "plain.aiff": written(sound, "AIFF"),
        "plain.au": written(sound, "AU"),
        "plain.m4a": encoded(cd, "ipod", "aac", 44_100),
        "plain.aac": encoded(cd, "adts", "aac", 44_100),
        "recorded.webm": encoded(tone(rate=48_000), "webm", "libopus", 48_000),
        "mp3-inside.wav": encoded(cd, "wav", "libmp3lame", 44_100),
    }
