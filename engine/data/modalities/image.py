"""Open a picture by its content, whatever its name says, as upright 8-bit RGB."""

import contextlib
import functools
import io
import mimetypes
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from PIL import Image, ImageCms, ImageOps

from engine import settings
from engine.data import fingerprint, quality
from engine.data.modalities import bit_depth, image_limits, png_chunks, transparency
from engine.data.modalities.fits import parted
from engine.data.modalities.image_facts import ImageFacts
from engine.data.modalities.modality import Augmentations, Playback, Reading, Source, Words
from engine.data.modalities.picture import DECODE_SIDE, shrink
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord

# EPS, PDF and WMF are left out on purpose: Pillow hands them to other programs.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF", "PPM", "JPEG2000", "ICO")
FITS = ("letterbox", "crop", "stretch")
LARGE = 16_000_000  # pixels; above this a picture is converted strip by strip, each of STRIP pixels
STRIP = 2_000_000
# What EXIF's orientation asks for; values above 4 swap width and height.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
NO_PIXELS = ("image/svg", "image/vnd.adobe", "image/x-xcf")
REDUCED, SUB_IMAGES, DNG_VERSION = 254, 330, 50706  # TIFF tags
STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

Size = TypeVar("Size", tuple[int, int], tuple[int, int] | None)  # None stays None

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
    (4, b"ftyp", "This is a video, not a picture. Save single frames as pictures and add those."),
    (8, b"AVI ", "This is a video, not a picture. Save single frames as pictures and add those."),
    (0, b"\x1aE\xdf\xa3", "This is a video, not a picture. Save single frames as pictures and add those."),
)


def open_image(
    source: str | os.PathLike | bytes,
    *,
    max_pixels: int | None = None,
    target: tuple[int, int] | None = None,
    scale: str = "",
) -> Image.Image:
    """Return the first frame as an upright RGB image (EXIF applied, transparency on a ground, 16 bits scaled to 8).

    `target` (width, height) lets a JPEG be decoded at a fraction of its size that still covers it; `scale`
    ("LOW:HIGH", see `bit_depth`) says what is black and white in a picture of more than 8 bits, else it does itself.
    Raises DataError with the reason when the content is no picture, is damaged or has more than `max_pixels`.
    """
    return open_with_size(source, max_pixels=max_pixels, target=target, scale=scale)[0]


def open_with_size(
    source: str | os.PathLike | bytes,
    *,
    max_pixels: int | None = None,
    target: tuple[int, int] | None = None,
    scale: str = "",
) -> tuple[Image.Image, tuple[int, int]]:
    """Return what `open_image` returns, and the full upright (width, height) of the picture."""
    return _opened(source, max_pixels, target, scale)[:2]


def _opened(
    source: str | os.PathLike | bytes, max_pixels: int | None, target: tuple[int, int] | None, scale: str
) -> tuple[Image.Image, tuple[int, int], bit_depth.Range | None]:
    """Return what `open_with_size` returns, and what the values of a picture of more than 8 bits lie between."""
    content = png_chunks.essential(source if isinstance(source, bytes) else _read(Path(source)))
    limit = max_pixels or settings.current().max_pixels
    image = _open(content, limit)
    # A codec fed with hostile bytes may raise anything at all; none of it is a bug of ours.
    try:
        if image.format == "PNG":
            image = _verified_png(image, content)
        if image.format == "TIFF" and _is_raw(image, content):
            raise DataError(RAW)
        return _decoded(image, target, content, scale)
    except DataError:
        raise
    except Exception as error:
        raise DataError(DAMAGED, detail=str(error)[:120] or type(error).__name__) from error


def _decoded(
    image: Image.Image, target: tuple[int, int] | None, content: bytes, scale: str
) -> tuple[Image.Image, tuple[int, int], bit_depth.Range | None]:
    """Return (upright RGB picture, full upright size, range if it is deep) of a picture that was opened."""
    full, values = image.size, None
    if target and image.format in ("JPEG", "MPO"):
        image.draft(image.mode, _lying(target, image_limits.orientation(image)))
    announced = image.size
    with image_limits.in_work(image):
        image.load()
        full = full if image.size == announced else image.size  # an icon's own header may say another one
        turned = image_limits.orientation(image)  # a PNG tells it after its pixels
        if bit_depth.is_deep(image):
            values = bit_depth.range_of(image, content)
            scale = scale or bit_depth.scale_of([values])
        rgb = _to_rgb(image, _reduction(image, _lying(target, turned)), scale)
    return (rgb.transpose(TURNS[turned]) if turned in TURNS else rgb), _lying(full, turned), values


def _lying(size: Size, turned: int) -> Size:
    """Return (width, height) as a picture with this orientation is stored; or, of a stored one, as it is upright."""
    return size[::-1] if size and turned > 4 else size


def _reduction(image: Image.Image, target: tuple[int, int] | None) -> int:
    """Return by how much a very large picture is made smaller before anything else is done with it."""
    if not target or image.width * image.height <= LARGE:
        return 1
    return max(1, min(image.width // target[0], image.height // target[1]))


def load_pixels(source: str | os.PathLike | bytes, image_size: int, fit: str = "letterbox") -> np.ndarray:
    """Return the picture as uint8 of shape (image_size, image_size, 3).

    `fit`: "letterbox" keeps everything and pads with the median colour of the border, "crop" cuts the longer side,
    "stretch" ignores the proportions; what stands after an @ in it is the scale of pictures of more than 8 bits.
    Raises DataError as `open_image` does.
    """
    fit, scale = parted(fit)
    if fit not in FITS:
        raise ValueError(f"fit is {fit!r}; expected one of {FITS}.")
    square = (image_size, image_size)
    image = open_image(source, target=square, scale=scale)
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
    image_limits.check_content(content)
    Image.MAX_IMAGE_PIXELS = limit // 2  # Pillow's own guard follows the setting: it raises at twice as many
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise DataError(image_limits.TOO_MANY_PIXELS, limit=f"{limit / 1e6:g}") from error
    except Exception as error:
        raise DataError(_what_it_is(content)) from error
    image_limits.check_opened(image, limit)
    return image


def _is_raw(image: Image.Image, content: bytes) -> bool:
    """Raw files of many cameras are TIFFs whose first picture is a small preview: that must not pass for the photo."""
    tags = getattr(image, "tag_v2", {})
    if content[8:11] == b"CR\x02":
        return True
    return DNG_VERSION in tags or (bool(tags.get(REDUCED, 0) & 1) and SUB_IMAGES in tags)


def _verified_png(image: Image.Image, content: bytes) -> Image.Image:
    """Check the checksums first: Pillow decodes a damaged PNG without a word and leaves the rest of it black."""
    image.verify()
    return Image.open(io.BytesIO(content), formats=("PNG",))


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
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # it comes at half of what is allowed


@functools.cache
def _known_types() -> mimetypes.MimeTypes:
    return mimetypes.MimeTypes()  # Python's own table, whatever this machine knows beyond it


def value_range(content: bytes) -> bit_depth.Range | None:
    """Return what the values of a picture of more than 8 bits lie between, None for any other file."""
    if not bit_depth.may_be_deep(content):
        return None
    content = png_chunks.essential(content)
    with contextlib.suppress(Exception):  # what cannot be opened is refused elsewhere, with its reason
        image = _open(content, settings.current().max_pixels)
        if bit_depth.is_deep(image):
            with image_limits.in_work(image):
                image.load()
                return bit_depth.range_of(image, content)
    return None


def _to_rgb(image: Image.Image, reduction: int, scale: str) -> Image.Image:
    """Return the picture as RGB, its sides divided by `reduction`; a large one strip by strip, to save memory."""
    convert = _converter(image, scale)
    if image.width * image.height <= LARGE:
        return convert(image)
    if image.mode == "RGB" and not image.has_transparency_data:
        return image if reduction == 1 else image.reduce(reduction)
    width, height = (-(-side // reduction) for side in image.size)
    made = Image.new("RGB", (width, height))
    for top, strip in _strips(image, reduction):
        made.paste(convert(strip).reduce(reduction), (0, top // reduction))
    return made


def _strips(image: Image.Image, step: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Yield (top, strip) of a picture, each of a number of rows that `step` divides."""
    rows = max(step, STRIP // image.width // step * step)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _converter(image: Image.Image, scale: str) -> Callable[[Image.Image], Image.Image]:
    """Return what makes RGB of this picture, or of a strip of it."""
    if bit_depth.is_deep(image):
        return lambda strip: bit_depth.to_8_bit(strip, scale).convert("RGB")
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return lambda strip: cast(Image.Image, ImageCms.profileToProfile(strip, *profiles, outputMode="RGB"))
    if image.has_transparency_data:
        return functools.partial(transparency.on_ground, ground=transparency.ground_of(image))
    return lambda strip: strip if strip.mode == "RGB" else strip.convert("RGB")


def _may_be_deep(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return bit_depth.may_be_deep(file.read(64))
    return False


class ImageModality:
    """Pictures of pixels, of any format that is understood."""

    name = "image"
    words = Words(
        title="Pictures",
        one="{n} picture",
        many="{n} pictures",
        none="No pictures yet",
        add="Add pictures",
        try_one="Try it on a picture",
        in_cell="Choose a cell or a pair to see its pictures.",
        unseen="On {n} pictures it never saw, it is right {share} times in 100 (between {low} and {high}).",
    )
    fits = FITS
    plays = False
    foreign = "This is a picture, and this project holds files of another kind. Add it to a project of its own."
    not_one = NO_PICTURE
    augmentations = Augmentations(
        # Mirroring keeps the meaning or destroys it: it must cost next to nothing (measured: photos 0.00-0.01, digits
        # and characters 0.07-0.20); the others make a picture harder, as they should.
        tolerance={"flip": 0.04, "crop": 0.12, "rotate": 0.08, "brightness": 0.08, "contrast": 0.08, "colour": 0.08},
        stronger={"grey": 0.08, "blur": 0.08, "noise": 0.08, "erase": 0.12},
        mixtures={"mixup": 0.08, "cutmix": 0.08},
        without_asking=("brightness", "contrast"),  # these spare shapes and sides
        filled=("flip", "crop", "brightness", "contrast", "colour"),
        plain=("crop", "rotate", "brightness", "contrast", "colour"),
    )

    def recognises(self, head: bytes) -> bool:
        """What nobody else recognises is taken for an image, which says what is wrong with it."""
        return True

    def may_be(self, name: str) -> bool:
        """A picture's suffix, none, or one that nobody knows."""
        kind = _known_types().guess_type(f"x.{name.lower().rpartition('.')[2]}", strict=False)[0] or "image/unknown"
        return kind.startswith("image/") and not kind.startswith(NO_PIXELS)

    def read(self, source: Source, scale: str = "") -> Reading:
        """Decode once: size, fingerprints, quality and thumbnail come from the same reduced picture.

        scale: what is black and white in a picture of more than 8 bits (see bit_depth), else it says itself.
        """
        content = source if isinstance(source, bytes) else _read(Path(source))
        image, size, values = _opened(content, None, (DECODE_SIDE, DECODE_SIDE), scale)
        small = shrink(image)
        prints = fingerprint.pixels_hash(image, size), fingerprint.phash(small)
        seen = quality.measure(small)
        facts = ImageFacts(*size, *prints, seen["sharpness"], seen["brightness"], seen["contrast"])
        return Reading(facts._replace(values=astuple(values) if values else None).text(), image, small)

    def scale_of(self, files: Sequence[Path]) -> str:
        ranges = [value_range(path.read_bytes()) for path in files if _may_be_deep(path)]
        found = [one for one in ranges if one]
        return bit_depth.scale_of(found) if found else ""

    def scale_of_facts(self, facts: Sequence[str], wanted: str = "") -> str:
        """ "": pictures of more than 8 bits are looked at again for it (engine.data.importing.ingest)."""
        return ""

    def reads_scale(self, scale: str) -> bool:
        return bool(bit_depth.SCALE.match(scale.strip()))

    def findings(self, items: Sequence["ItemRecord"]) -> list[dict]:
        return quality.findings(items)

    def playback(self, source: Source) -> Playback:
        raise DataError("A picture has nothing to play.")

    def span(self, source: Source, fit: str) -> tuple[float, float]:
        return 0.0, 0.0

    def picture(self, source: Source, side: int) -> tuple[Image.Image, tuple[int, int]]:
        return open_with_size(source, target=(side, side))

    def open_at(self, source: Source, image_size: int, fit: str) -> np.ndarray:
        return load_pixels(source, image_size, fit)


IMAGE = ImageModality()
