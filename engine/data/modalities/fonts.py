"""Fonts that come with Graft: which of them draws a character, and which script has none."""

import functools
import importlib.util
import unicodedata
from pathlib import Path
from typing import cast

from PIL import ImageFont

# (package, file inside it), the first that has a character draws it. All of them are under the SIL Open Font License.
FONTS = (
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),  # Latin, Greek, Cyrillic
    ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    ("fontpkg_noto_sans_devanagari", "files/NotoSansDevanagari[wdth,wght].ttf"),
    ("justmytype_intl_south_asia", "fonts/ofl/notosansbengali/NotoSansBengali[wdth,wght].ttf"),
    ("fontpkg_noto_sans_tamil", "files/NotoSansTamil[wdth,wght].ttf"),
    ("fontpkg_noto_sans_telugu", "files/NotoSansTelugu[wdth,wght].ttf"),
    ("fontpkg_noto_sans_thai", "files/NotoSansThai[wdth,wght].ttf"),
    ("fontpkg_noto_sans_khmer", "files/NotoSansKhmer[wdth,wght].ttf"),
    ("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc"),  # Chinese, Japanese, Korean
)
UNJOINED = (0, 8)  # of those, the ones whose letters stand side by side as they are
WEIGHT = 600  # of fonts that have a choice: thin strokes are lost in small pictures (measured: 400 costs 0.01)


@functools.cache
def font_of(character: str) -> int | None:
    """Return the position in FONTS of the font that draws a character, None where no font has it."""
    code = ord(character)
    return next((place for place in range(len(FONTS)) if code in characters(place)), None)


@functools.cache
def script_of(character: str) -> str:
    """Return the script of a letter as its Unicode name begins: "Gurmukhi"; "" where it has no name."""
    return unicodedata.name(character, "").partition(" ")[0].capitalize()


@functools.cache
def loaded(place: int, size: int) -> ImageFont.FreeTypeFont:
    """Return a font at a size in pixels, with shaping (ligatures, marks, right-to-left) by Raqm."""
    font = ImageFont.truetype(str(_path(place)), size, layout_engine=ImageFont.Layout.RAQM)
    if "wght" in FONTS[place][1]:
        font.set_variation_by_axes([WEIGHT if axis["name"] == b"Weight" else axis["default"] for axis in _axes(font)])
    return font


def _axes(font: ImageFont.FreeTypeFont) -> list[dict]:
    return cast(list[dict], font.get_variation_axes())


def _path(place: int) -> Path:
    package, file = FONTS[place]
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"The font package {package} is not installed.", name=package)
    return Path(found.origin).parent / file


@functools.cache
def characters(place: int) -> frozenset[int]:
    from fontTools.ttLib import TTCollection, TTFont  # a third of a second, only where a text is drawn

    path = _path(place)
    if path.suffix == ".ttc":
        with TTCollection(path, lazy=True) as collection:
            return frozenset(collection.fonts[0].getBestCmap())
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
