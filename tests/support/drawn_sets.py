"""Datasets that tests draw in memory: pictures by name, packed as people's zips are, and read as an import would."""

import io
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.data.importing.ingest import Account, ingest
from engine.storage.workspace import Workspace


def png(image: Image.Image) -> bytes:
    return saved(image, "PNG")


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(seed: int, side: int = 16) -> bytes:
    """Return a small picture that no other seed draws."""
    values = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return png(Image.fromarray(values))


def drawn(*names: str) -> dict[str, bytes]:
    """Return {name: a picture of its own}."""
    return {name: noise(zlib.crc32(name.encode())) for name in names}


def numbered(*folders: str, each: int = 4, suffix: str = "png") -> dict[str, bytes]:
    return drawn(*(f"{folder}/{n}.{suffix}" for folder in folders for n in range(each)))


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zipped_in(encoding: str, files: dict[str, bytes], *, unicode_field: bool = False) -> bytes:
    """Return a zip whose names are written in a code page, without saying so, as older programs do."""
    buffer, directory = io.BytesIO(), []
    for name, content in files.items():
        raw = name.encode(encoding)
        field = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode() if unicode_field else b""
        extra = struct.pack("<HH", 0x7075, len(field)) + field if field else b""
        sizes = (zlib.crc32(content), len(content), len(content), len(raw), len(extra))
        directory.append((raw, extra, sizes, buffer.tell()))
        buffer.write(struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0x21, *sizes) + raw + extra + content)
    start = buffer.tell()
    for raw, extra, sizes, offset in directory:
        head = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0x21, *sizes, 0, 0, 0, 0, offset)
        buffer.write(head + raw + extra)
    size, count = buffer.tell() - start, len(directory)
    buffer.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, start, 0))
    return buffer.getvalue()


def brought_in(folder: Path, workspace: Workspace, source: dict[str, bytes] | bytes, **options) -> Account:
    """Return the account of files in a folder, or of a zip, as an import reads them."""
    if isinstance(source, bytes):
        path = folder / "set.zip"
        path.write_bytes(source)
    else:
        path = folder / "set"
        for name, content in source.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return ingest(path, workspace, **options)


def classes(account: Account) -> dict[str | None, int]:
    return dict(Counter(record.label for record in account.used))


def splits(account: Account) -> dict[str | None, int]:
    return dict(Counter(record.split for record in account.used))


def reasons(account: Account) -> dict[str, str]:
    return {one["file"]: one["reason"].format(**one["values"]) for one in account.refused}


def asked(account: Account) -> dict[str, tuple[str, list[str]]]:
    """Return {option: (answer, others)} of the questions that reading left."""
    return {one["option"]: (one["answer"], one["others"]) for one in account.layout.get("questions", ())}


def fixed_scene(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Return what a camera that does not move always sees."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(np.tile(np.linspace(60, 180, size[0], dtype=np.uint8)[None, :, None], (size[1], 1, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        width = int(rng.integers(5, size[0] // 4))
        draw.rectangle((x, y, x + width, y + width // 2), fill=tuple(int(value) for value in rng.integers(0, 255, 3)))
    return image


def grainy(image: Image.Image, seed: int, sigma: float = 4.0, brightness: float = 0.0) -> Image.Image:
    """Return a picture as a sensor sees it at another moment: with noise of its own, a little lighter or darker."""
    values = np.asarray(image, np.float32)
    values = values + np.random.default_rng(seed).normal(brightness, sigma, values.shape)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
