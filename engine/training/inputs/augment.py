"""Random changes that a class survives, applied to decoded pictures. Plain Pillow and NumPy, so any backend trains."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

Generator = np.random.Generator


def augment(pixels: np.ndarray, names: Sequence[str], generator: Generator) -> np.ndarray:
    """Return one picture (S, S, 3) uint8, changed at random by each named augmentation in turn."""
    image = Image.fromarray(pixels)
    for name in names:
        image = _AUGMENTERS[name](image, generator)
    return np.asarray(image)


def view(pixels: np.ndarray, keys: Sequence[str], names: Sequence[str], seed: int, number: int) -> np.ndarray:
    """Return the pictures (N, S, S, 3) as they look in view `number`; the same arguments give the same view.

    The randomness of a picture hangs on its content hash alone: a picture added later changes no other.
    """
    generators = (np.random.default_rng([seed, number, int(key[:15], 16)]) for key in keys)
    changed = [augment(picture, names, generator) for picture, generator in zip(pixels, generators, strict=True)]
    return np.stack(changed)


def certain(pixels: np.ndarray, keys: Sequence[str], name: str, seed: int) -> np.ndarray:
    """Return the pictures with one augmentation in a form that changes every one of them."""
    if name == "flip":
        return pixels[:, :, ::-1]
    if name == "flip_vertical":
        return pixels[:, ::-1]
    generators: Iterator[Any] = (_Certain(np.random.default_rng([seed, 0, int(key[:15], 16)])) for key in keys)
    return np.stack([augment(picture, (name,), one) for picture, one in zip(pixels, generators, strict=True)])


class _Certain:
    """Dice that always say yes where a change is made only sometimes; how strong it is stays with chance."""

    def __init__(self, generator: Generator):
        self.uniform, self.normal, self.integers = generator.uniform, generator.normal, generator.integers

    def random(self) -> float:
        return 0.0


def _flip(image: Image.Image, generator: Generator) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if generator.random() < 0.5 else image


def _flip_vertical(image: Image.Image, generator: Generator) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if generator.random() < 0.5 else image


def _crop(image: Image.Image, generator: Generator) -> Image.Image:
    """Zoom into 60-100 % of the area with up to 15 % change of proportions."""
    side = np.sqrt(generator.uniform(0.6, 1.0))
    stretch = np.exp(generator.uniform(-0.14, 0.14))
    width, height = min(1.0, side * stretch) * image.width, min(1.0, side / stretch) * image.height
    left, top = generator.uniform(0, image.width - width), generator.uniform(0, image.height - height)
    return image.resize(image.size, Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))


def _rotate(image: Image.Image, generator: Generator) -> Image.Image:
    return image.rotate(generator.uniform(-12, 12), Image.Resampling.BILINEAR, fillcolor=_border_colour(image))


def _brightness(image: Image.Image, generator: Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(generator.uniform(0.75, 1.25))


def _contrast(image: Image.Image, generator: Generator) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(generator.uniform(0.75, 1.25))


def _colour(image: Image.Image, generator: Generator) -> Image.Image:
    return ImageEnhance.Color(image).enhance(generator.uniform(0.6, 1.4))


def _grey(image: Image.Image, generator: Generator) -> Image.Image:
    return image.convert("L").convert("RGB") if generator.random() < 0.15 else image


def _blur(image: Image.Image, generator: Generator) -> Image.Image:
    if generator.random() >= 0.3:
        return image
    return image.filter(ImageFilter.GaussianBlur(generator.uniform(0.3, 0.012 * image.width + 0.3)))


def _noise(image: Image.Image, generator: Generator) -> Image.Image:
    if generator.random() >= 0.3:
        return image
    pixels = np.asarray(image, np.float32)
    noisy = pixels + generator.normal(0, generator.uniform(2, 12), pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _erase(image: Image.Image, generator: Generator) -> Image.Image:
    """Cover 2-12 % of the area in half of the pictures (random erasing, Zhong et al. 2020)."""
    if generator.random() >= 0.5:
        return image
    side = np.sqrt(generator.uniform(0.02, 0.12))
    width, height = int(side * image.width), int(side * image.height)
    left, top = generator.integers(0, image.width - width + 1), generator.integers(0, image.height - height + 1)
    covered = image.copy()
    covered.paste(_border_colour(image), (int(left), int(top), int(left) + width, int(top) + height))
    return covered


def _time_shift(image: Image.Image, generator: Generator) -> Image.Image:
    """Move a spectrogram by up to a tenth of its length; what comes in is silence."""
    moved = round(generator.uniform(-0.1, 0.1) * image.width)
    shifted = Image.new(image.mode, image.size)
    shifted.paste(image, (moved, 0))
    return shifted


def _gain(image: Image.Image, generator: Generator) -> Image.Image:
    """Make a spectrogram louder or softer by up to a tenth of its range: its values are decibels."""
    louder = np.asarray(image, np.int16) + round(generator.uniform(-25, 25))
    return Image.fromarray(np.clip(louder, 0, 255).astype(np.uint8))


def _hiss(image: Image.Image, generator: Generator) -> Image.Image:
    """Lay an even noise under half of the spectrograms, a third to three quarters of its range below the loudest."""
    if generator.random() >= 0.5:
        return image
    pixels = np.asarray(image)
    floor = generator.normal(generator.uniform(60, 160), 12, pixels.shape[:2])
    return Image.fromarray(np.maximum(pixels, np.clip(floor, 0, 255).astype(np.uint8)[..., None]))


def _time_mask(image: Image.Image, generator: Generator) -> Image.Image:
    return _masked(image, generator, axis=1)


def _frequency_mask(image: Image.Image, generator: Generator) -> Image.Image:
    return _masked(image, generator, axis=0)


def _masked(image: Image.Image, generator: Generator, axis: int) -> Image.Image:
    """Silence up to a sixth of the moments, or of the bands, in half of the spectrograms (SpecAugment, Park 2019)."""
    if generator.random() >= 0.5:
        return image
    pixels = np.array(image)
    lanes = pixels.swapaxes(0, axis)
    width = max(1, int(generator.uniform(0.04, 0.17) * len(lanes)))
    start = int(generator.integers(0, len(lanes) - width + 1))
    lanes[start : start + width] = 0
    return Image.fromarray(pixels)


def _border_colour(image: Image.Image) -> tuple[int, ...]:
    pixels = np.asarray(image)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


_AUGMENTERS = {
    "flip": _flip,
    "flip_vertical": _flip_vertical,
    "crop": _crop,
    "rotate": _rotate,
    "brightness": _brightness,
    "contrast": _contrast,
    "colour": _colour,
    "grey": _grey,
    "blur": _blur,
    "noise": _noise,
    "erase": _erase,
    "time_shift": _time_shift,
    "gain": _gain,
    "hiss": _hiss,
    "time_mask": _time_mask,
    "frequency_mask": _frequency_mask,
}
