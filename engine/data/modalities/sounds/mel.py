"""A clip as a picture: the logarithm of its energy in mel bands over time, with parameters that have names.

The parameters are one text (`Mel.text`), the sound's "scale" (see modality): the dataset keeps it, every run that
learned from it does, and whatever asks the run draws its pictures by it. Bands and decibels are those of
`keras.layers.MelSpectrogram` (HTK's mel scale, triangles that peak at 1).
"""

import functools
import re
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
from PIL import Image

from engine.errors import DataError

SILENCE = 1e-7  # power below which nothing is heard: about -90 dB of a full-scale tone in a band
# A Fourier transform shorter than this leaves the lowest of 64 bands between two of its frequencies.
LEAST_FFT = 1024
FRAMES = 200  # about as many moments as a network of 160 to 224 pixels sees
LEAST_HOP, MOST_HOP = 4.0, 50.0  # milliseconds
LEAST_WINDOW = 25.0
# Decibels below the loudest place. Measured on 1,020 spoken digits (a probe on Sprout, four folds): 80 dB give 0.89,
# 60 dB 0.92, 45 dB 0.946, 35 dB 0.951; of speakers never heard 0.45, 0.47, 0.52 and 0.61. What lies lower is the room.
RANGE = 40.0
MELS_A_BAND = 53  # 40 bands for the 4 kHz of a telephone (0.957 there, where 64 gave 0.946), 53 for 8 kHz
SECONDS = (0.2, 10.0)  # a picture of more squeezes what happens in it too much
RATES = (8000, 11025, 16000, 22050)
PAIR = re.compile(r"(rate|window|hop|bands|low|high|range|seconds)=?(\d+(?:\.\d+)?)")
LIMITS = {
    "rate": (4000, 96000),
    "window": (4, 400),
    "hop": (1, 200),
    "bands": (8, 256),
    "low": (0, 20000),
    "high": (100, 48000),
    "range": (20, 140),
    "seconds": (0.05, 60),
}


@dataclass(frozen=True)
class Mel:
    """How a clip becomes a picture.

    rate: samples a second that every clip is brought to. window, hop: milliseconds of one moment, and from one to the
    next. bands: from `low` to `high` Hz, evenly on the mel scale. range: decibels below the loudest place that are
    still seen. seconds: of a clip that one picture shows; shorter ones are padded with silence.
    """

    rate: float = 16000
    window: float = 32
    hop: float = 10
    bands: float = 64
    low: float = 20
    high: float = 8000
    range: float = RANGE
    seconds: float = 2

    def text(self) -> str:
        """Return the parameters as one text: rate8000-window25-hop4-bands40-low20-high4000-range40-seconds0.7."""
        return "-".join(f"{name}{value:g}" for name, value in asdict(self).items())

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * 1000 / self.hop))


def parsed(text: str, usual: Mel | None = None) -> Mel:
    """Return the parameters of a text; what it leaves out is as in `usual`.

    Written as `Mel.text` does, or as somebody types it: "bands=64,seconds=2". Raises DataError for anything else.
    """
    typed = text.strip().lower()
    pairs = PAIR.findall(typed)
    known = {name: float(value) for name, value in pairs}
    if PAIR.sub("", typed).strip(" ,;-") or len(known) < len(pairs):
        raise DataError(
            "'{text}' does not say how sounds become spectrograms. Write names with numbers, such as "
            "bands=64,seconds=2; the names are {names}.",
            text=text,
            names=", ".join(field.name for field in fields(Mel)),
        )
    for name, value in known.items():
        lowest, highest = LIMITS[name]
        if not lowest <= value <= highest:
            raise DataError(
                "{name} of a spectrogram is {value}. A number from {lowest} to {highest} was expected.",
                name=name,
                value=f"{value:g}",
                lowest=f"{lowest:g}",
                highest=f"{highest:g}",
            )
    return _within_reach(replace(usual or Mel(), **known))


def is_mel(text: str) -> bool:
    """Tell whether a text says anything about spectrograms."""
    return bool(text) and not PAIR.sub("", text.strip().lower()).strip(" ,;-")


def suited(seconds: list[float], rates: list[int]) -> Mel:
    """Return the parameters that suit clips of these lengths and rates.

    Nineteen of twenty clips fit into a picture. The rate is one that nearly all clips have, so that no band is empty in
    some of them only: which machine recorded a clip would be the easiest thing to learn.
    """
    length = float(np.clip(np.ceil(np.quantile(seconds, 0.95) * 10) / 10, *SECONDS))
    own = np.quantile(rates, 0.1, method="lower")
    rate = max((rate for rate in RATES if rate <= own), default=RATES[0])
    hop = float(np.clip(np.floor(length * 1000 / FRAMES), LEAST_HOP, MOST_HOP))
    bands = round(float(_mels(rate / 2) - _mels(Mel.low)) / MELS_A_BAND)
    window = max(LEAST_WINDOW, 2 * hop)
    return Mel(rate=rate, window=window, hop=hop, bands=bands, high=rate / 2, seconds=round(length, 2))


def _within_reach(mel: Mel) -> Mel:
    """Return the parameters with no band above what the rate can hold."""
    high = min(mel.high, mel.rate / 2)
    return replace(mel, high=high, low=min(mel.low, high / 2))


def decibels(samples: np.ndarray, mel: Mel) -> np.ndarray:
    """Return the log-mel spectrogram of samples (N,) in decibels: float32 (bands, moments), the lowest band first."""
    window, hop = round(mel.window * mel.rate / 1000), max(1, round(mel.hop * mel.rate / 1000))
    length = max(LEAST_FFT, 1 << (window - 1).bit_length())
    padded = np.pad(samples.astype(np.float32, copy=False), window // 2)
    if len(padded) < window:
        padded = np.pad(padded, (0, window - len(padded)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    power = np.square(np.abs(np.fft.rfft(frames * _hann(window), n=length, axis=1))).astype(np.float32)
    return 10 * np.log10(np.maximum(_triangles(mel.rate, mel.low, mel.high, int(mel.bands), length) @ power.T, 1e-10))


def picture(samples: np.ndarray, mel: Mel, *, whole: bool = False) -> Image.Image:
    """Return samples at the rate of `mel` as a grey picture, moments wide and bands high, low tones at the bottom.

    The loudest place is white, what is `range` decibels below it black. It shows `seconds`, of a longer clip where most
    of its energy is; with `whole`, all of it.
    """
    shown = samples if whole else loudest(samples, round(mel.seconds * mel.rate))
    levels = decibels(shown, mel)
    top = max(levels.max(), 10 * np.log10(SILENCE) + mel.range)
    grey = np.clip((levels - top) * (255 / mel.range) + 255, 0, 255).astype(np.uint8)[::-1]
    if not whole:
        grey = np.pad(grey[:, : mel.frames], ((0, 0), (0, max(0, mel.frames - grey.shape[1]))))
    return Image.fromarray(np.ascontiguousarray(grey))


def loudest(samples: np.ndarray, length: int) -> np.ndarray:
    """Return the stretch of so many samples with the most energy; all of them where there are no more."""
    start = loudest_at(samples, length)
    return samples[start : start + length]


def loudest_at(samples: np.ndarray, length: int) -> int:
    """Return where that stretch begins."""
    if len(samples) <= length:
        return 0
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    return int(np.argmax(energy[length:] - energy[:-length]))


@functools.lru_cache(8)
def _hann(window: int) -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.float32)


@functools.lru_cache(8)
def _triangles(rate: float, low: float, high: float, bands: int, length: int):
    """Return the weights (bands, frequencies) of triangles that are evenly wide on HTK's mel scale and peak at 1.

    Nearly all are 0: a sparse matrix needs neither the time of a full one nor BLAS, whose threads would stand in the
    way of those that decode.
    """
    from scipy import sparse  # here: the server, which imports this module, starts without it

    edges = np.linspace(_mels(low), _mels(high), bands + 2)
    at = _mels(np.linspace(0, rate / 2, length // 2 + 1))
    rising = (at - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - at) / np.diff(edges)[1:, None]
    weights = np.maximum(0, np.minimum(rising, falling))
    weights[:, 0] = 0  # what does not swing is no tone
    return sparse.csr_array(weights.astype(np.float32))


def _mels(hertz):
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)
