"""Pictures and tables made to do harm cost seconds and less than a gigabyte, and end as a sentence or as a picture."""

import re
import threading
import time

import pytest
from PIL import Image, PngImagePlugin

from engine.data.importing import tables
from engine.data.modalities import image as image_files
from engine.data.modalities import image_limits
from tests.support import hostile_pictures, hostile_tables
from tests.support.measured import MOST_SECONDS
from tests.support.odd_files import encode, half_red, photo

pytestmark = pytest.mark.slow

PICTURE_MB, TABLE_MB = 1000, 700
CASES = {
    **{name: (case, PICTURE_MB) for name, case in hostile_pictures.HOSTILE.items()},
    **{name: (case, TABLE_MB) for name, case in hostile_tables.HOSTILE.items()},
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_used_or_refused_quickly_and_in_little_memory(case, tmp_path, readers):
    (name, make, words), most_mb = CASES[case]
    (tmp_path / name).write_bytes(make())
    outcome = readers.ingest(tmp_path / name)
    assert outcome.seconds < MOST_SECONDS and outcome.peak_mb < most_mb, outcome
    assert re.search(words, outcome.words or "") if words else outcome.used == 1, outcome


def test_a_large_picture_looks_the_same_in_strips(monkeypatch):
    at_once = {kind: image_files.open_image(encode(half_red(kind), "PNG")) for kind in ("RGB", "RGBA", "P", "I;16")}
    monkeypatch.setattr(image_files, "LARGE", 100)
    monkeypatch.setattr(image_files, "STRIP", 200)
    for kind, whole in at_once.items():
        content = encode(half_red(kind), "PNG")
        assert image_files.open_image(content).tobytes() == whole.tobytes()
        small, size = image_files.open_with_size(content, target=(10, 6))
        assert size == whole.size and small.size == (10, 6)
        assert small.tobytes() == whole.reduce(4).tobytes()


def test_a_turned_picture_is_upright_whatever_says_so(monkeypatch):
    monkeypatch.setattr(image_files, "LARGE", 100)
    exif = Image.Exif()
    exif[0x0112] = 6
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="6"/>')
    old = PngImagePlugin.PngInfo()
    block = exif.tobytes().hex()
    old.add_text("Raw profile type exif", f"\nexif\n    {len(block) // 2}\n{block}\n")
    contents = [
        encode(half_red(), "PNG", exif=exif),
        encode(half_red(), "TIFF", exif=exif),
        encode(half_red(), "WEBP", exif=exif, lossless=True),
        encode(half_red(), "PNG", pnginfo=text),
        encode(half_red(), "PNG", pnginfo=old),
    ]
    for content in contents:
        image, size = image_files.open_with_size(content, target=(6, 10))
        assert size == (24, 40) and image.size == (6, 10)
        assert image.getpixel((3, 1))[0] > 200 and image.getpixel((3, 8))[2] > 200


def test_so_many_pixels_are_in_work_at_once_and_a_larger_picture_goes_alone(monkeypatch):
    monkeypatch.setattr(image_limits, "PIXELS_PER_CORE", 1)
    gate, inside, most = image_limits._Gate(), [], []

    def work(pixels: int) -> None:
        with gate.open(pixels, 100):
            inside.append(pixels)
            most.append(list(inside))
            time.sleep(0.005)
            inside.remove(pixels)

    threads = [threading.Thread(target=work, args=(pixels,)) for pixels in [40, 300, 60, 50, 40, 100] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sum(together) <= 100 or together == [300] for together in most) and max(map(len, most)) > 1


def test_an_exif_block_of_a_phone_is_no_bomb():
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "a maker", "a comment " * 1000
    assert image_files.open_image(encode(photo(), "JPEG", exif=exif)).size == photo().size
    motion = encode(photo(), "JPEG") + b"\xff\xda" * 5000  # a phone puts a film behind its picture
    assert image_files.open_image(motion).size == photo().size


def test_a_row_of_a_table_finds_its_file_however_it_is_written():
    rows = tables.read("labels/t.csv", b"file,label\n./cats//1.png,a\ndeep.name.png,b\n3,c\n").rows
    assert [row.file for row in rows] == ["cats/1.png", "deep.name.png", "3"]
    assert tables.match(rows, ["labels/cats/1.png", "x/deep.name.png", "y/3.JPG"]) == [0, 1, 2]
