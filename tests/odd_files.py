"""Pictures and non-pictures as people really send them, each made here: what must be used, and what must be refused."""

import io
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

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


def _png_with_size(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that announces a gigantic picture."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + encode(photo(), "PNG")[33:]


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
    from engine.data.decode import _register_heif

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
    "Käfer \N{BUG} 虫.png": lambda: encode(photo(23), "PNG"),
    "![x](http:y) <script>alert(1)<script>.png": lambda: encode(photo(24), "PNG"),
}

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "empty (0 bytes)"),
    "text.jpg": (lambda: "Grüße".encode() * 300, "This is text"),
    "page.png": (lambda: b"<!DOCTYPE html><html></html>", "This is text"),
    "noise.jpg": (lambda: np.random.default_rng(0).bytes(3000), "This is not a picture, or it is damaged"),
    "zeros.png": (lambda: bytes(500), "This is not a picture, or it is damaged"),
    "cut off.jpg": (lambda: encode(photo(30, 200, 200), "JPEG")[:1500], "damaged or cut off"),
    "cut off.png": (lambda: encode(photo(31, 200, 200), "PNG")[:-900], "damaged or cut off"),
    "damaged.png": (_damaged_png, "damaged"),
    "bomb.png": (lambda: _png_with_size(60_000, 60_000), "million pixels"),
    "paper.pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3", "PDF document"),
    "drawing.eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
    "drawing.svg": (lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
    "layers.psd": (lambda: b"8BPS\0\1" + bytes(60), "Photoshop"),
    "speech.wav": (_sound, "sound"),
    "clip.mp4": (lambda: b"\0\0\0\x18ftypisom" + bytes(60), "video"),
    "letter.docx": (_zip, "office document"),
    "photo.jpg.gz": (lambda: b"\x1f\x8b\x08\0" + bytes(30), "compressed file"),
    "pointer.png": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    ".DS_Store": (lambda: b"\0\0\0\1Bud1", "system file"),
    "Thumbs.db": (lambda: b"\xd0\xcf\x11\xe0", "system file"),
    ".ipynb_checkpoints/a-checkpoint.png": (lambda: encode(photo(32), "PNG"), "system file"),
    "__MACOSX/._a.png": (lambda: b"\0\5\x16\7", "system file"),
    "@eaDir/a.png": (lambda: b"x", "system file"),
}


def all_files() -> dict[str, bytes]:
    """Return {path: content} of everything above."""
    return {name: make() for name, make in USED.items()} | {name: make() for name, (make, _) in REFUSED.items()}
