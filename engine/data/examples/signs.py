"""Draw one photo-like picture of a sign: a coloured plate with a word on a wall, in changing light."""

import functools
import importlib
import random
from collections.abc import Iterator
from typing import cast

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 224, 144
SHARP = 2  # drawn twice as large, then reduced: smooth edges
ROOM, TALL = 400, 130  # drawn pixels that letters may take across and down
PILLOWS_OWN = ""  # the sans-serif font inside Pillow; it has no accents

WORDS = {
    "stop": {"English": "STOP", "French": "ARRÊT", "German": "HALT"},
    "caution": {"English": "CAUTION", "French": "PRUDENCE", "German": "VORSICHT"},
    "slow": {"English": "SLOW", "French": "LENTEMENT", "German": "LANGSAM"},
    "exit": {"English": "EXIT", "French": "SORTIE", "German": "AUSGANG"},
    "left": {"English": "LEFT", "French": "GAUCHE", "German": "LINKS"},
    "right": {"English": "RIGHT", "French": "DROITE", "German": "RECHTS"},
}
# (plate, letters). As in one well-kept town, each meaning has its colour, on the plate or in the letters, and now and
# then a plain plate where only the word tells.
PLATES = {
    "stop": (("#c4161c", "#fafafa"), ("#d8232a", "#ffffff"), ("#f4f1e8", "#c4161c")),
    "caution": (("#f7cf0d", "#141414"), ("#ffdd33", "#1a1a1a"), ("#1c1c1c", "#ffd91a")),
    "slow": (("#ee6a0a", "#141414"), ("#f57c14", "#ffffff"), ("#f4f1e8", "#e2610a")),
    "exit": (("#0c7a43", "#fafafa"), ("#12924f", "#ffffff"), ("#f4f1e8", "#0b7a3e")),
    "left": (("#1f4e9c", "#fafafa"), ("#2b66c4", "#ffffff"), ("#f4f1e8", "#1d4fa8")),
    "right": (("#5b3a21", "#f5efdf"), ("#6f4a2d", "#ffffff"), ("#efe3cd", "#54341c")),
}
PLAIN = ("#f4f1e8", "#1a1a1a")
PLAIN_SHARE = 0.01
WALLS = ("#9b948a", "#b7ab98", "#7c8288", "#6d7f6a", "#a6765b", "#8fa3b5", "#c9c4bb", "#55585c")
FONT_PACKAGES = ("font_source_serif_pro", "font_caladea", "font_amatic_sc")
FONTS = (
    "SourceSerifProBlack",
    "SourceSerifProBold",
    "SourceSerifProSemibold",
    "Caladea",
    "CaladeaBold",
    "AmaticSCBold",
)


def words() -> Iterator[tuple[str, str, str]]:
    """Yield (meaning, language, word)."""
    for meaning, languages in WORDS.items():
        for language, word in languages.items():
            yield meaning, language, word


def draw(word: str, meaning: str, draws: random.Random) -> Image.Image:
    """Return an RGB picture of 224 x 144; everything that varies comes from `draws`."""
    wall = draws.choice(WALLS)
    scene = Image.new("RGB", (WIDTH * SHARP, HEIGHT * SHARP), wall)
    plate = _plate(word, meaning, draws).rotate(draws.uniform(-7, 7), Image.Resampling.BILINEAR, expand=True)
    mask = plate.getchannel("A")
    left = (scene.width - plate.width) // 2 + draws.randint(-16, 16)
    top = (scene.height - plate.height) // 2 + draws.randint(-14, 14)
    shadow = mask.filter(ImageFilter.BoxBlur(6)).point(lambda value: value // 2)
    scene.paste("black", (left + draws.randint(2, 9), top + draws.randint(3, 9)), shadow)
    scene.paste(plate, (left, top), mask)
    scene = scene.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    if draws.random() < 0.6:
        scene = scene.filter(ImageFilter.GaussianBlur(draws.uniform(0.3, 1.1)))
    return _in_light(scene, draws)


def _plate(word: str, meaning: str, draws: random.Random) -> Image.Image:
    """Return the plate as RGBA, transparent outside its rounded outline."""
    colour, ink = PLAIN if draws.random() < PLAIN_SHARE else draws.choices(PLATES[meaning], weights=(12, 11, 1))[0]
    text = word if draws.random() < 0.7 else word.capitalize()
    font = _fitting(text, draws.choice(_fonts_for(word)), draws.uniform(0.55, 0.9) * ROOM, draws.uniform(0.5, 1) * TALL)
    box = font.getbbox(text)
    across, down = draws.randint(20, 34), draws.randint(16, 38)
    size = (int(box[2] - box[0]) + 2 * across, int(box[3] - box[1]) + 2 * down)
    radius = draws.choice((2, 8, 16, 26))
    plate = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(plate)
    pen.rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius, fill=colour)
    _frame(pen, size, radius, ink, draws)
    pen.text((across - box[0], down - box[1]), text, font=font, fill=ink)
    return plate


def _frame(pen: ImageDraw.ImageDraw, size: tuple[int, int], radius: int, ink: str, draws: random.Random) -> None:
    if draws.random() < 0.6:
        inset, width = draws.randint(4, 9), draws.randint(2, 6)
        pen.rounded_rectangle(
            (inset, inset, size[0] - 1 - inset, size[1] - 1 - inset), radius, outline=ink, width=width
        )
    if draws.random() < 0.5:
        for x in (16, size[0] - 16):
            pen.ellipse((x - 4, size[1] // 2 - 4, x + 4, size[1] // 2 + 4), fill="#8d8f92", outline="#3c3e40")


def _in_light(scene: Image.Image, draws: random.Random) -> Image.Image:
    """Return the scene with light falling from one side, a colour cast, and the noise of a camera."""
    pixels = np.asarray(scene, np.float32)
    across = np.linspace(-1, 1, WIDTH, dtype=np.float32) * draws.uniform(-0.22, 0.22)
    down = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None] * draws.uniform(-0.22, 0.22)
    light = (1 + across + down)[..., None] * draws.uniform(0.72, 1.15)
    cast = np.array([draws.uniform(0.92, 1.06), 1.0, draws.uniform(0.9, 1.08)], np.float32)
    noise = np.random.default_rng(draws.getrandbits(32)).standard_normal((HEIGHT, WIDTH, 1), np.float32)
    return Image.fromarray(np.clip(pixels * light * cast + noise * draws.uniform(1, 9), 0, 255).astype(np.uint8))


def _fitting(text: str, file: str, width: float, height: float) -> ImageFont.FreeTypeFont:
    """Return the font in the largest size that keeps the text within `width` and `height`."""
    left, top, right, bottom = _font(file, 100).getbbox(text)
    return _font(file, int(100 * min(width / (right - left), height / (bottom - top))))


def _fonts_for(word: str) -> tuple[str, ...]:
    return (*_font_files(), PILLOWS_OWN) if word.isascii() else _font_files()


@functools.cache
def _font_files() -> tuple[str, ...]:
    """Return the upright fonts that come as Python packages, in a fixed order, and no other: pictures stay the same."""
    files = []
    for package in FONT_PACKAGES:
        module = importlib.import_module(package)
        found = getattr(module, "font_files", None) or module.font_files_ttf
        files += [file for name, file in found.items() if name in FONTS]
    return tuple(sorted(files, key=lambda file: file.rsplit("/", 1)[-1]))


@functools.lru_cache(maxsize=512)
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size) if file else cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))
