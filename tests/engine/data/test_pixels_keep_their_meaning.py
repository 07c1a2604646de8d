"""Pictures of more than 8 bits, transparent drawings and PNGs with much beside their pixels keep what they show."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.data.modalities import bit_depth
from engine.data.modalities import image as image_files
from engine.data.modalities.fits import parted
from engine.data.modalities.image_facts import image_facts
from engine.errors import DataError
from engine.training.inputs.pixels import choose_fit
from tests.support.drawn_sets import asked, brought_in, classes, noise, png, saved


def deep(seed: int, low: int, high: int, side: int = 48) -> np.ndarray:
    """Return a 16-bit picture with values between low and high."""
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, (side, side)).astype(np.uint16)


def as_png(values: np.ndarray) -> bytes:
    return png(Image.fromarray(values))


def mean(content: bytes, scale: str = "") -> float:
    return float(np.asarray(image_files.open_image(content, scale=scale)).mean())


@pytest.mark.parametrize(
    ("ranges", "scale"),
    [
        (((900, 2800), (1100, 2600)), "0:4095"),
        (((0, 700), (10, 900)), "0:1023"),
        (((0, 9000), (100, 15000)), "0:16383"),
        (((0, 20000), (0, 300)), "0:65535"),
    ],
)
def test_deep_pictures_of_a_dataset_share_one_scale(ranges, scale, tmp_path, workspace):
    files = {f"{label}/{n}.png": as_png(deep(n + 9 * c, *ranges[c])) for c, label in enumerate("ab") for n in range(3)}
    account = brought_in(tmp_path, workspace, files)
    assert account.layout["pixel_scale"] == scale and asked(account)["pixel_scale"][0] == scale
    hashes = [record.sha256 for record in account.used]
    assert parted(choose_fit(workspace, "crop", hashes))[1] == scale


@pytest.mark.parametrize("spoiled", [4200, 9000, 65535])
def test_one_bright_pixel_changes_nothing_else(spoiled, tmp_path, workspace):
    values = deep(1, 900, 2800)
    bright = values.copy()
    bright[5, 5] = spoiled
    account = brought_in(tmp_path, workspace, {"a/1.png": as_png(values), "a/2.png": as_png(bright)})
    assert account.layout["pixel_scale"] == "0:4095"
    whole, one = (image_files.load_pixels(as_png(each), 48, "crop@0:4095") for each in (values, bright))
    assert np.count_nonzero(np.abs(whole.astype(int) - one).max(axis=-1) > 1) <= 9


def test_the_sensor_says_its_depth():
    def with_bits(bits: int) -> bytes:
        content = as_png(deep(1, 0, 500))
        chunk = b"sBIT" + bytes([bits])
        return content[:33] + struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]

    found = image_files.value_range(with_bits(12))
    assert found.bits == 12 and bit_depth.scale_of([found]) == "0:4095"
    assert mean(with_bits(12)) < mean(with_bits(10)) < mean(as_png(deep(1, 0, 255)))


def test_a_scale_can_be_told_and_nonsense_is_a_sentence(tmp_path, workspace):
    files = {f"a/{n}.png": as_png(deep(n, 900, 2800)) for n in range(3)}
    account = brought_in(tmp_path, workspace, files, reading={"pixel_scale": "500:3000"})
    assert account.layout["pixel_scale"] == "500:3000" and "pixel_scale" not in asked(account)
    assert mean(files["a/0.png"], "500:3000") > mean(files["a/0.png"], "0:65535") + 50
    for nonsense in ("4095", "5:1", "a:b"):
        with pytest.raises(DataError, match="LOW:HIGH"):
            bit_depth.typed(nonsense)


def test_pictures_of_8_bits_have_no_scale(tmp_path, workspace):
    account = brought_in(tmp_path, workspace, {f"a/{n}.png": noise(n) for n in range(3)})
    assert "pixel_scale" not in account.layout
    assert parted(choose_fit(workspace, "crop", [record.sha256 for record in account.used]))[1] == ""


def drawing(colour: tuple[int, ...], shape: str, mode: str = "RGBA") -> Image.Image:
    image = Image.new("RGBA", (64, 64), (*colour[:3], 0))
    draw = ImageDraw.Draw(image)
    (draw.ellipse if shape == "circle" else draw.rectangle)((16, 16, 48, 48), outline=(*colour, 255), width=3)
    return image if mode == "RGBA" else image.convert(mode)


@pytest.mark.parametrize("colour", [(255, 255, 255), (250, 250, 240), (0, 0, 0), (200, 30, 30)])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_drawings_get_a_ground_on_which_they_show(colour, mode):
    pixels = np.asarray(image_files.open_image(saved(drawing(colour, "circle", mode), "PNG")).convert("L"), int)
    assert abs(int(pixels[0, 0]) - int(pixels[32, 16:19].mean())) > 60


def test_white_drawings_stay_two_classes(tmp_path, workspace):
    files = {
        f"{shape}/{n}.png": png(drawing((255, 255, 255 - n), shape)) for shape in ("circle", "square") for n in range(4)
    }
    account = brought_in(tmp_path, workspace, files)
    assert classes(account) == {"circle": 4, "square": 4}
    assert len({image_facts(record).pixels_hash for record in account.used}) == 8


def with_chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    content = noise(3, 32)
    crc = zlib.crc32(kind + body) if checksum is None else checksum
    return content[:33] + struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc) + content[33:]


@pytest.mark.parametrize(
    "content",
    [
        with_chunk(b"tEXt", b"Comment\0hello", checksum=1),
        with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 3_000_000, 9)),
        with_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000, 9)),
        with_chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"x" * 3_000_000, 9)),
        with_chunk(b"tIME", b"\0" * 7, checksum=7),
    ],
)
def test_side_chunks_of_a_png_do_not_cost_the_picture(content):
    whole = np.asarray(Image.open(io.BytesIO(noise(3, 32))).convert("RGB"))
    assert np.array_equal(np.asarray(image_files.open_image(content)), whole)


def test_damaged_pixels_of_a_png_still_do():
    content = bytearray(noise(3, 32))
    content[60] ^= 0xFF
    with pytest.raises(DataError, match="damaged"):
        image_files.open_image(bytes(content))
