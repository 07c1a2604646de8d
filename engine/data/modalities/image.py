"""Open a picture by its content, whatever its name says, as upright 8-bit RGB."""

import contextlib
import functools
import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from engine import settings
from engine.errors import DataError

# EPS, PDF and WMF are left out on purpose: Pillow hands them to other programs.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF", "PPM", "JPEG2000", "ICO")
FITS = ("letterbox", "crop", "stretch")
ORIENTATION = 0x0112  # the EXIF tag; values above 4 swap width and height
REDUCED, SUB_IMAGES, DNG_VERSION = 254, 330, 50706  # TIFF tags
STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

NO_PICTURE = (
    "This is not a picture, or it is damaged. JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC are understood. "
    "Open it in a picture program and save it again."
)
RAW = "This is a camera's raw picture. Export it as JPEG, and add that."
DAMAGED = "The picture is damaged or cut off ({detail}). Copy or download it again."

ODD_TIFF = "This TIFF keeps its pixels in a way that is not understood, or it is damaged. Save it as PNG and add that."

# (where, first bytes, sentence): what people put between their pictures most often
KNOWN_CONTENT = (
    (0, b"%PDF", "This is a PDF document, not a picture. Save its pages as pictures and add those."),
    (0, b"%!PS", "This is a PostScript drawing, not a picture. Save it as PNG and add that."),
    (0, b"8BPS", "This is a Photoshop document, not a picture. Save it as PNG or JPEG and add that."),
    (0, b"PK\x03\x04", "This is an archive or an office document, not a picture. Unpack it and add its pictures."),
    (0, b"\x1f\x8b", "This is a compressed file, not a picture. Unpack it and add its pictures."),
    (0, b"Rar!", "This is a RAR archive, not a picture. Unpack it and add its pictures."),
    (0, b"7z\xbc\xaf", "This is a 7z archive, not a picture. Unpack it and add its pictures."),
    (0, b"version https://git-lfs", "This is a Git LFS pointer, not the picture itself. Run 'git lfs pull' first."),
    (8, b"CR\x02", RAW),
    (8, b"crx ", RAW),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"IIRO", RAW),
    (0, b"IIU\0", RAW),
    (128, b"DICM", "This is a medical DICOM file. Export it as PNG or TIFF and add that."),
    (0, b"\xff\x0a", "This is a JPEG XL picture, which is not understood yet. Save it as JPEG or PNG and add that."),
    (
        0,
        b"\0\0\0\x0cJXL ",
        "This is a JPEG XL picture, which is not understood yet. Save it as JPEG or PNG and add that.",
    ),
    (0, b"II*\0", ODD_TIFF),
    (0, b"MM\0*", ODD_TIFF),
    (8, b"WAVE", "This is a sound, not a picture."),
    (0, b"ID3", "This is a sound, not a picture."),
    (0, b"OggS", "This is a sound, not a picture."),
    (0, b"fLaC", "This is a sound, not a picture."),
    (4, b"ftyp", "This is a video, not a picture. Save single frames as pictures and add those."),
    (8, b"AVI ", "This is a video, not a picture. Save single frames as pictures and add those."),
    (0, b"\x1aE\xdf\xa3", "This is a video, not a picture. Save single frames as pictures and add those."),
)


def open_image(
    source: str | os.PathLike | bytes, *, max_pixels: int | None = None, target: tuple[int, int] | None = None
) -> Image.Image:
    """Return the first frame as an upright RGB image (EXIF applied, transparency on white, 16 bits scaled to 8).

    `target` (width, height) lets a JPEG be decoded at a fraction of its size that still covers it.
    Raises DataError with the reason when the content is no picture, is damaged or has more than `max_pixels`.
    """
    return open_with_size(source, max_pixels=max_pixels, target=target)[0]


def open_with_size(
    source: str | os.PathLike | bytes, *, max_pixels: int | None = None, target: tuple[int, int] | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    """Return what `open_image` returns, and the full upright (width, height) of the picture."""
    content = source if isinstance(source, bytes) else _read(Path(source))
    limit = max_pixels or settings.current().max_pixels
    image = _open(content, limit)
    # A codec fed with hostile bytes may raise anything at all; none of it is a bug of ours.
    try:
        if image.format == "PNG":
            image = _verified_png(image, content)
        if image.format == "TIFF" and _is_raw(image, content):
            raise DataError(RAW)
        size = _upright_size(image)
        reduced = image.format in ("JPEG", "MPO") and target
        if reduced:
            image.draft(image.mode, target if size == image.size else target[::-1])
        image.load()
        with contextlib.suppress(Exception):  # a broken EXIF block must not cost the picture
            ImageOps.exif_transpose(image, in_place=True)
        return _to_rgb(image), size if reduced else image.size
    except DataError:
        raise
    except Exception as error:
        raise DataError(DAMAGED, detail=str(error)[:120] or type(error).__name__) from error


def load_pixels(source: str | os.PathLike | bytes, image_size: int, fit: str = "letterbox") -> np.ndarray:
    """Return the picture as uint8 of shape (image_size, image_size, 3).

    `fit`: "letterbox" keeps everything and pads with the median colour of the border, "crop" cuts the longer side,
    "stretch" ignores the proportions. Raises DataError as `open_image` does.
    """
    if fit not in FITS:
        raise ValueError(f"fit is {fit!r}; expected one of {FITS}.")
    square = (image_size, image_size)
    image = open_image(source, target=square)
    if fit == "stretch":
        return np.asarray(image.resize(square, Image.Resampling.BILINEAR, reducing_gap=2.0))
    if fit == "crop":
        return np.asarray(ImageOps.fit(image, square, Image.Resampling.BILINEAR))
    return _letterbox(image, image_size)


def _letterbox(image: Image.Image, image_size: int) -> np.ndarray:
    scale = image_size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    pixels = np.empty((image_size, image_size, 3), np.uint8)
    pixels[:] = np.median(border, axis=0).astype(np.uint8)
    top, left = (image_size - height) // 2, (image_size - width) // 2
    pixels[top : top + height, left : left + width] = small
    return pixels


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            "{name} cannot be read ({reason}). Check that the file is still there.",
            name=path.name,
            reason=error.strerror or str(error),
        ) from error


def _open(content: bytes, limit: int) -> Image.Image:
    if not content:
        raise DataError("The file is empty (0 bytes). Copy or download it again.")
    _register_heif()
    Image.MAX_IMAGE_PIXELS = limit  # Pillow's own guard follows the setting: it raises at twice as many
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limit) from error
    except Exception as error:
        raise DataError(_what_it_is(content)) from error
    if image.width * image.height > limit:
        raise _too_many_pixels(limit)
    return image


def _is_raw(image: Image.Image, content: bytes) -> bool:
    """Raw files of many cameras are TIFFs whose first picture is a small preview: that must not pass for the photo."""
    tags = image.tag_v2
    if content[8:11] == b"CR\x02":
        return True
    return DNG_VERSION in tags or (bool(tags.get(REDUCED, 0) & 1) and SUB_IMAGES in tags)


def _verified_png(image: Image.Image, content: bytes) -> Image.Image:
    """Check the checksums first: Pillow decodes a damaged PNG without a word and leaves the rest of it black."""
    image.verify()
    return Image.open(io.BytesIO(content), formats=("PNG",))


def _too_many_pixels(limit: int) -> DataError:
    return DataError(
        "The picture has more than {limit} million pixels. Make it smaller, or raise GRAFT_MAX_PIXELS.",
        limit=f"{limit / 1e6:g}",
    )


def _what_it_is(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in STILL_BRANDS:
        return NO_PICTURE
    for start, magic, sentence in KNOWN_CONTENT:
        if content[start : start + len(magic)] == magic:
            return sentence
    head = content[:1024]
    if b"<svg" in head:
        return "This is an SVG drawing, not a picture of pixels. Save it as PNG and add that."
    return "This is text, not a picture." if _is_text(head) else NO_PICTURE


def _is_text(head: bytes) -> bool:
    try:
        return b"\0" not in head and bool(head.decode("utf-8"))
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # cut in the middle of the last letter


@functools.cache
def _register_heif() -> None:
    import pillow_heif  # here, because registering is work and importing a module must do none

    pillow_heif.register_heif_opener()


def _upright_size(image: Image.Image) -> tuple[int, int]:
    orientation = 1
    with contextlib.suppress(Exception):
        orientation = image.getexif().get(ORIENTATION, 1)
    return image.size[::-1] if orientation in (5, 6, 7, 8) else image.size


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_8_bit(np.asarray(image))).convert("RGB")
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """Scale by the number of bits in use (8, 12 or 16), so that a 12-bit scan in a 16-bit file is not black.

    Floats are taken as 0..1, or as 0..255 when they reach above 16; other ranges are stretched from their smallest to
    their largest value.
    """
    floats = values.dtype.kind == "f"
    values = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    low, high = values.min(), values.max()
    for top in (1.0, 255.0) if floats else (1.0, 255.0, 4095.0, 65535.0):
        if low >= 0 and high <= top and not (floats and 1 < high <= 16):
            return np.round(values * (255 / top)).astype(np.uint8)
    return np.round((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)


def jpeg_bytes(image: Image.Image, quality: int = 85) -> bytes:
    """Return an RGB image as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
