"""Pictures with boxes, written as the tools do that people draw them with."""

import io
import json
import zipfile
from pathlib import Path

from PIL import Image

SIZE = (60, 40)
RED, BLUE = "red cell", "blue cell"


def picture(seed: int = 0, size: tuple[int, int] = SIZE, **saved) -> bytes:
    image = Image.new("RGB", size, (20 * seed % 250, 90, 200))
    image.paste((250, 10 + 7 * seed % 200, 0), (5 + seed, 4, 25 + seed, 20))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, **saved)
    return buffer.getvalue()


def turned_picture(orientation: int = 6) -> bytes:
    """Return a picture that is stored 60 x 40 and is to be shown 40 x 60."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return picture(exif=exif)


def zipped(path: Path, files: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def coco(images: list[dict], annotations: list[dict], categories: list[dict]) -> str:
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def voc(file: str, objects: list[tuple], size: tuple[int, int] = SIZE) -> str:
    boxes = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax>"
        "</bndbox></object>"
        for name, a, b, c, d in objects
    )
    width, height = size
    size_told = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation><filename>{file}</filename>{size_told}{boxes}</annotation>"
