"""Pictures and non-pictures as people really send them, each made here: what must be used, and what must be refused."""

import io
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from engine.data.importing.archive import IN_ICLOUD, SYSTEM_FILE
from engine.data.modalities.image import DAMAGED, NO_PICTURE, ODD_TIFF, RAW
from engine.data.modalities.sound import SOUND

WIDTH, HEIGHT = 40, 24


def photo(seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Return a smooth coloured picture that looks like no other seed's."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def half_red(mode: str = "RGB") -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "blue")
    image.paste("red", (0, 0, WIDTH // 2, HEIGHT))
    return image.convert(mode)


def turned_by_exif() -> bytes:
    """Return a JPEG stored on its side, as phones do: upright it is 24 x 40 with red at the top."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(half_red(), "JPEG", quality=95, exif=exif)


def grey(values: np.ndarray, kind: str) -> bytes:
    return encode(Image.fromarray(values), kind)


def ramp(top: float, dtype) -> np.ndarray:
    return np.tile(np.linspace(0, top, WIDTH).astype(dtype), (HEIGHT, 1))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, bits: int, kind: int, rows: bytes) -> bytes:
    """Return a PNG written by hand: kinds and depths that Pillow reads but does not write."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def tiff_of(values: np.ndarray, sample_format: int = 1, tags: dict[int, int] | None = None) -> bytes:
    """Return an uncompressed TIFF written by hand from values of shape (height, width[, 3])."""
    height, width, planes = *values.shape[:2], 1 if values.ndim == 2 else values.shape[2]
    bits, data = 8 * values.dtype.itemsize, values.tobytes()
    entries = {256: width, 257: height, 259: 1, 262: 2 if planes == 3 else 1, 273: 0, 277: planes, 278: height}
    entries |= {279: len(data), 339: sample_format, 258: bits, **(tags or {})}
    start = 8 + 2 + 12 * len(entries) + 4
    depths = struct.pack(f"<{planes}H", *[bits] * planes) if planes > 1 else b""
    entries |= {273: start + len(depths)} | ({258: start} if planes > 1 else {})
    listed = [
        struct.pack(
            "<HHII", tag, 4 if tag in (254, 256, 257, 273, 278, 279, 330) else 3, planes if tag == 258 else 1, value
        )
        for tag, value in sorted(entries.items())
    ]
    return b"II*\0" + struct.pack("<IH", 8, len(listed)) + b"".join(listed) + struct.pack("<I", 0) + depths + data


def two_colours(dtype, *, alpha: bool = False) -> np.ndarray:
    """Return red (left) and blue (right) at the full depth of `dtype`."""
    top = np.iinfo(dtype).max
    values = np.zeros((HEIGHT, WIDTH, 4 if alpha else 3), dtype)
    values[:, : WIDTH // 2, 0] = values[:, WIDTH // 2 :, 2] = top
    values[..., 3:] = top
    return values


def _rows(values: np.ndarray) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in values)


def _cmyk(adobe: bool) -> bytes:
    """Return a CMYK JPEG, inverted as Adobe's programs write it, with or without the mark that says so."""
    image = Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0))
    image.paste((255, 255, 0, 0), (WIDTH // 2, 0, WIDTH, HEIGHT))
    content = encode(image, "JPEG", quality=95)
    at = content.find(b"\xff\xee")
    length = struct.unpack(">H", content[at + 2 : at + 4])[0]
    return content if adobe else content[:at] + content[at + 2 + length :]


def _png_with_size(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that announces a gigantic picture."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + encode(photo(), "PNG")[33:]


def _gif_with_size(side: int) -> bytes:
    return (
        b"GIF89a"
        + struct.pack("<HH", side, side)
        + b"\0\0\0,\0\0\0\0"
        + struct.pack("<HH", side, side)
        + b"\0\x08\x02\0;"
    )


def _damaged_png() -> bytes:
    content = bytearray(encode(photo(), "PNG"))
    content[60:90] = bytes(30)
    return bytes(content)


def _bad_exif() -> bytes:
    content = encode(photo(3), "JPEG", exif=Image.Exif())
    marker = b"\xff\xe1" + struct.pack(">H", 14) + b"Exif\0\0" + b"\xff" * 6
    return content[:2] + marker + content[2:]


def _animated(kind: str) -> bytes:
    return encode(photo(5), kind, save_all=True, append_images=[photo(6), photo(7)])


def _transparent() -> Image.Image:
    image = photo(8).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def _heic() -> bytes:
    from engine.data.modalities.image import _register_heif

    _register_heif()
    return encode(photo(9), "HEIF")


def _sound() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(400))
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("word/document.xml", "<x/>")
    return buffer.getvalue()


USED: dict[str, Callable[[], bytes]] = {
    "UPPER CASE.JPG": lambda: encode(photo(1), "JPEG"),
    "turned by EXIF.jpeg": turned_by_exif,
    "broken EXIF.jpg": _bad_exif,
    "progressive.jpg": lambda: encode(photo(2), "JPEG", progressive=True),
    "CMYK.jpg": lambda: encode(half_red("CMYK"), "JPEG"),
    "grey.jpg": lambda: encode(photo(4).convert("L"), "JPEG"),
    "16 bit.png": lambda: grey(ramp(65535, np.uint16), "PNG"),
    "12 bit in 16.png": lambda: grey(ramp(4095, np.uint16), "PNG"),
    "1 bit.png": lambda: encode(photo(10).convert("1"), "PNG"),
    "palette.png": lambda: encode(photo(11).convert("P"), "PNG"),
    "palette with transparency.png": lambda: encode(photo(12).convert("P"), "PNG", transparency=0),
    "grey with alpha.png": lambda: encode(_transparent().convert("LA"), "PNG"),
    "alpha.png": lambda: encode(_transparent(), "PNG"),
    "animated.gif": lambda: _animated("GIF"),
    "animated.png": lambda: _animated("PNG"),
    "animated.webp": lambda: _animated("WEBP"),
    "photo.webp": lambda: encode(photo(13), "WEBP"),
    "photo.avif": lambda: encode(photo(14), "AVIF"),
    "photo.heic": _heic,
    "scan.tif": lambda: encode(photo(15), "TIFF"),
    "many pages.tiff": lambda: _animated("TIFF"),
    "floats.tif": lambda: grey(ramp(1.0, np.float32), "TIFF"),
    "lab.tif": lambda: encode(Image.new("LAB", (WIDTH, HEIGHT), (200, 128, 128)), "TIFF"),
    "paint.bmp": lambda: encode(photo(16), "BMP"),
    "old.ppm": lambda: encode(photo(17), "PPM"),
    "icon.ico": lambda: encode(photo(18, 32, 32), "ICO"),
    "really a PNG.jpg": lambda: encode(photo(19), "PNG"),
    "no suffix": lambda: encode(photo(20), "PNG"),
    "one pixel.png": lambda: encode(photo(21, 1, 1), "PNG"),
    "very long.png": lambda: encode(photo(22, 900, 3), "PNG"),
    "one pixel wide.png": lambda: encode(photo(40, 1, 20_000), "PNG"),
    "line of text.png": lambda: encode(photo(41, 800, 40), "PNG"),
    "crop of 30.jpg": lambda: encode(photo(42, 30, 30), "JPEG"),
    "two eyes.mpo": lambda: encode(photo(43), "MPO", save_all=True, append_images=[photo(44)]),
    "inverted CMYK.jpg": lambda: _cmyk(adobe=True),
    "unmarked CMYK.jpg": lambda: _cmyk(adobe=False),
    "CMYK.tif": lambda: encode(half_red("CMYK"), "TIFF"),
    "16 bit colour.png": lambda: png_of(WIDTH, HEIGHT, 16, 2, _rows(two_colours(">u2"))),
    "16 bit with alpha.png": lambda: png_of(WIDTH, HEIGHT, 16, 6, _rows(two_colours(">u2", alpha=True))),
    "16 bit colour.tif": lambda: tiff_of(two_colours("<u2")),
    "16 bit grey.tif": lambda: tiff_of(ramp(65535, "<u2")),
    "16 bit grey.pgm": lambda: b"P5\n%d %d\n65535\n" % (WIDTH, HEIGHT) + ramp(65535, ">u2").tobytes(),
    "floats of any range.tif": lambda: tiff_of(ramp(3.7, "<f4"), sample_format=3),
    "fax.tif": lambda: encode(photo(45).convert("1"), "TIFF", compression="group4"),
    "palette with alpha.png": lambda: encode(photo(46).convert("P"), "PNG", transparency=bytes(range(256))),
    "new.jp2": lambda: encode(photo(47), "JPEG2000"),
    "picture and archive.jpg": lambda: encode(photo(48), "JPEG") + _zip(),
    "letters after its end.png": lambda: encode(photo(49), "PNG") + b"tail" * 50,
    "Käfer \N{BUG} 虫.png": lambda: encode(photo(23), "PNG"),
    "![x](http:y) <script>alert(1)<script>.png": lambda: encode(photo(24), "PNG"),
}

TEXT = "This is text, not a picture."
TOO_MANY_PIXELS = "The picture has more than {limit} million pixels. Make it smaller, or raise GRAFT_MAX_PIXELS."
VIDEO = "This is a video, not a picture. Save single frames as pictures and add those."
JPEG_XL = "This is a JPEG XL picture, which is not understood yet. Save it as JPEG or PNG and add that."
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"

# {name: (content, exact template of the reason)}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "The file is empty (0 bytes). Copy or download it again."),
    "text.jpg": (lambda: "Grüße".encode() * 300, TEXT),
    "page.png": (lambda: b"<!DOCTYPE html><html></html>", TEXT),
    "noise.jpg": (lambda: np.random.default_rng(0).bytes(3000), NO_PICTURE),
    "zeros.png": (lambda: bytes(500), NO_PICTURE),
    "nothing by nothing.png": (lambda: png_of(0, 0, 8, 2, b""), NO_PICTURE),
    "nothing by nothing.gif": (lambda: b"GIF89a" + bytes(7) + b";", NO_PICTURE),
    "cut off.jpg": (lambda: encode(photo(30, 200, 200), "JPEG")[:1500], DAMAGED),
    "cut off.png": (lambda: encode(photo(31, 200, 200), "PNG")[:-900], DAMAGED),
    "cut off.gif": (lambda: encode(photo(33, 200, 200), "GIF")[:2000], DAMAGED),
    "cut off.tif": (lambda: encode(photo(34, 200, 200), "TIFF")[:2000], DAMAGED),
    "cut off.bmp": (lambda: encode(photo(35, 200, 200), "BMP")[:2000], DAMAGED),
    "cut off.webp": (lambda: encode(photo(36, 200, 200), "WEBP")[:-200], NO_PICTURE),
    "cut off.avif": (lambda: encode(photo(37, 200, 200), "AVIF")[:-300], NO_PICTURE),
    "damaged.png": (_damaged_png, DAMAGED),
    "bomb.png": (lambda: _png_with_size(60_000, 60_000), TOO_MANY_PIXELS),
    "bomb.gif": (lambda: _gif_with_size(65_535), TOO_MANY_PIXELS),
    "doubles.tif": (lambda: tiff_of(ramp(1, "<f8"), sample_format=3), ODD_TIFF),
    "raw.dng": (lambda: tiff_of(ramp(255, "u1"), tags={254: 1, 330: 8, 50706: 1}), RAW),
    "raw.nef": (lambda: tiff_of(ramp(255, "u1"), tags={254: 1, 330: 8}), RAW),
    "raw.cr2": (lambda: b"II*\0\x10\0\0\0CR\2\0" + bytes(50), RAW),
    "scan.dcm": (
        lambda: bytes(128) + b"DICM" + bytes(50),
        "This is a medical DICOM file. Export it as PNG or TIFF and add that.",
    ),
    "newer.jxl": (lambda: b"\xff\x0a" + bytes(30), JPEG_XL),
    "paper.jpg": (
        lambda: b"%PDF-1.7\n%\xe2\xe3" + encode(photo(38), "JPEG"),
        "This is a PDF document, not a picture. Save its pages as pictures and add those.",
    ),
    "drawing.eps": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "This is a PostScript drawing, not a picture. Save it as PNG and add that.",
    ),
    "drawing.svg": (
        lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        "This is an SVG drawing, not a picture of pixels. Save it as PNG and add that.",
    ),
    "layers.psd": (
        lambda: b"8BPS\0\1" + bytes(60),
        "This is a Photoshop document, not a picture. Save it as PNG or JPEG and add that.",
    ),
    "speech.wav": (_sound, SOUND.foreign),
    "clip.mp4": (lambda: b"\0\0\0\x18ftypisom" + bytes(60), VIDEO),
    "letter.docx": (
        _zip,
        "This is an archive or an office document, not a picture. Unpack it and add its pictures.",
    ),
    "photo.jpg.gz": (
        lambda: b"\x1f\x8b\x08\0" + bytes(30),
        "This is a compressed file, not a picture. Unpack it and add its pictures.",
    ),
    "old.rar": (
        lambda: b"Rar!\x1a\x07\x01\0" + bytes(30),
        "This is a RAR archive, not a picture. Unpack it and add its pictures.",
    ),
    "small.7z": (
        lambda: b"7z\xbc\xaf\x27\x1c" + bytes(30),
        "This is a 7z archive, not a picture. Unpack it and add its pictures.",
    ),
    "pointer.png": (lambda: POINTER, "This is a Git LFS pointer, not the picture itself. Run 'git lfs pull' first."),
    ".DS_Store": (lambda: b"\0\0\0\1Bud1", SYSTEM_FILE),
    "Thumbs.db": (lambda: b"\xd0\xcf\x11\xe0", SYSTEM_FILE),
    ".ipynb_checkpoints/a-checkpoint.png": (lambda: encode(photo(32), "PNG"), SYSTEM_FILE),
    "__MACOSX/._a.png": (lambda: b"\0\5\x16\7", SYSTEM_FILE),
    "@eaDir/a.png": (lambda: b"x", SYSTEM_FILE),
    ".holiday.jpg.icloud": (lambda: b"bplist00\xd3\x01", IN_ICLOUD),
}


def all_files() -> dict[str, bytes]:
    """Return {path: content} of everything above."""
    return {name: make() for name, make in USED.items()} | {name: make() for name, (make, _) in REFUSED.items()}
