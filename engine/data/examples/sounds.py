"""Sounds that are made here: tones, sweeps, noises and spoken-like vowels, each by a "recorder" of its own."""

import io
import json
import wave
from collections.abc import Iterator

import numpy as np

RATE = 16_000
OF_EACH = 45
SEED = 7
KINDS = ("tone", "chirp", "noise", "voice", "clicks")
SPLIT_OF_NINE = ("train",) * 6 + ("validation", "test", "test")
# First three resonances of German vowels a, e, i, o, u in Hz (after Paetzold and Simpson 1997), and how wide they are.
VOWELS = ((750, 1300, 2500), (430, 2000, 2600), (290, 2200, 2900), (430, 850, 2500), (310, 800, 2300))
WIDTHS = (90, 110, 170)


def files() -> Iterator[tuple[str, bytes]]:
    """Yield the sounds as WAV files, and a table of their classes; the same every time."""
    lines = []
    for kind in KINDS:
        for number in range(OF_EACH):
            generator = np.random.default_rng([SEED, KINDS.index(kind), number])
            file = f"sounds/{kind}-{number:02}.wav"
            split = SPLIT_OF_NINE[number % len(SPLIT_OF_NINE)]
            lines.append(json.dumps({"file": file, "label": kind, "split": split}))
            yield file, _wav(_recorded(_MAKERS[kind](generator), generator))
    yield "labels.jsonl", "\n".join(lines).encode()


def _moments(generator: np.random.Generator) -> np.ndarray:
    """Return the times of 0.5 to 1 second, in seconds."""
    return np.arange(int(RATE * generator.uniform(0.5, 1.0))) / RATE


def _tone(generator: np.random.Generator) -> np.ndarray:
    """A steady note with a few overtones."""
    time, pitch = _moments(generator), np.exp(generator.uniform(np.log(150), np.log(2000)))
    strengths = 0.5 ** np.arange(1, 5) * generator.uniform(0.2, 1, 4)
    return sum(power * np.sin(2 * np.pi * pitch * order * time) for order, power in enumerate(strengths, 1))


def _chirp(generator: np.random.Generator) -> np.ndarray:
    """A tone that rises or falls by one to three octaves."""
    time = _moments(generator)
    begin = np.exp(generator.uniform(np.log(300), np.log(2500)))
    octaves = generator.uniform(1, 2.5) * generator.choice([-1, 1])
    pitch = np.clip(begin * 2 ** (octaves * time / time[-1]), 60, 7500)
    return np.sin(2 * np.pi * np.cumsum(pitch) / RATE)


def _noise(generator: np.random.Generator) -> np.ndarray:
    """Hiss or rumble: noise whose loudness falls towards high or low tones."""
    time = _moments(generator)
    spectrum = np.fft.rfft(generator.normal(size=len(time)))
    slope = np.linspace(0.02, 1, len(spectrum)) ** generator.uniform(-1.2, 0.8)
    return np.fft.irfft(spectrum * slope, len(time))


def _voice(generator: np.random.Generator) -> np.ndarray:
    """A spoken-like glide between two vowels: pulses of a voice through three resonances."""
    time, pitch = _moments(generator), generator.uniform(90, 240)
    melody = pitch * (1 + 0.15 * np.sin(2 * np.pi * (time * generator.uniform(0.5, 2) + generator.random())))
    phase = np.cumsum(melody) / RATE
    first, second = generator.choice(len(VOWELS), 2, replace=False)
    glide = (time / time[-1])[None]
    resonances = np.array(VOWELS[first])[:, None] * (1 - glide) + np.array(VOWELS[second])[:, None] * glide
    sound = np.zeros(len(time))
    for order in range(1, int(4000 // pitch)):
        loud = (1 / (1 + ((order * melody - resonances) / np.array(WIDTHS)[:, None]) ** 2)).sum(axis=0)
        sound += loud / order**0.5 * np.sin(2 * np.pi * order * phase)
    return sound


def _clicks(generator: np.random.Generator) -> np.ndarray:
    """Short knocks, evenly or not."""
    time = _moments(generator)
    sound = np.zeros(len(time))
    knock = np.exp(-np.arange(400) / generator.uniform(20, 120)) * generator.normal(size=400)
    at = 0.02
    while at < time[-1] - 0.03:
        start = int(at * RATE)
        sound[start : start + 400] += knock[: len(sound) - start]
        at += generator.uniform(0.06, 0.2)
    return sound


_MAKERS = {"tone": _tone, "chirp": _chirp, "noise": _noise, "voice": _voice, "clicks": _clicks}


def _recorded(sound: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a sound with a soft beginning and end, some room noise and a loudness of its own."""
    edge = np.minimum(1, np.arange(len(sound)) / (0.01 * RATE))
    sound = sound / np.abs(sound).max() * edge * edge[::-1]
    room = generator.normal(size=len(sound)) * 10 ** generator.uniform(-3.2, -1.8)
    return (sound + room) * generator.uniform(0.15, 0.7)


def _wav(sound: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
