"""Pictures are opened by their content, upright, in 8-bit RGB; everything else is refused with the reason."""

import numpy as np
import pytest
from PIL import Image

from engine import settings
from engine.data import thumbnails
from engine.data.importing import archive
from engine.data.modalities import image as image_files
from engine.data.modalities import registry
from engine.errors import DataError
from tests.support import odd_files
from tests.support.odd_files import encode, half_red, photo, ramp


@pytest.mark.parametrize("name", odd_files.USED)
def test_every_kind_of_picture_becomes_rgb(name):
    image, size = image_files.open_with_size(odd_files.USED[name]())
    assert image.mode == "RGB"
    assert image.size == size
    assert image_files.load_pixels(odd_files.USED[name](), 32).shape == (32, 32, 3)


BY_NAME = (archive.SYSTEM_FILE, archive.IN_ICLOUD)
ELSEWHERE = tuple(modality.foreign for modality in registry.MODALITIES)  # of other kinds; their own tests hear them


@pytest.mark.parametrize(
    "name", [name for name, (_, reason) in odd_files.REFUSED.items() if reason not in BY_NAME + ELSEWHERE]
)
def test_what_is_no_picture_is_refused_with_its_reason(name):
    make, reason = odd_files.REFUSED[name]
    with pytest.raises(DataError) as refusal:
        image_files.open_image(make())
    assert refusal.value.template == reason


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="gone.png cannot be read"):
        image_files.open_image(tmp_path / "gone.png")


def test_photo_on_its_side_is_turned_upright_at_any_scale():
    content = odd_files.turned_by_exif()
    for target in (None, (6, 10)):
        image, size = image_files.open_with_size(content, target=target)
        pixels = np.asarray(image)
        assert size == (odd_files.HEIGHT, odd_files.WIDTH)
        assert pixels.shape[0] > pixels.shape[1]
        assert pixels[1, 1, 0] > 200 and pixels[-2, 1, 2] > 200


def test_transparency_is_laid_on_white():
    image = half_red("RGBA")
    image.putalpha(0)
    assert np.asarray(image_files.open_image(encode(image, "PNG"))).min() == 255


@pytest.mark.parametrize(
    ("top", "dtype", "kind"),
    [(65535, np.uint16, "PNG"), (4095, np.uint16, "PNG"), (65535, np.int32, "TIFF"), (1.0, np.float32, "TIFF")],
)
def test_deep_greys_keep_their_whole_range(top, dtype, kind):
    pixels = np.asarray(image_files.open_image(odd_files.grey(ramp(top, dtype), kind)))
    assert pixels.min() == 0 and pixels.max() == 255
    assert abs(int(pixels[0, odd_files.WIDTH // 2, 0]) - 128) < 8


def test_not_a_number_does_not_spoil_a_picture():
    values = ramp(1.0, np.float32)
    values[0, 0] = np.nan
    assert np.asarray(image_files.open_image(odd_files.grey(values, "TIFF"))).max() == 255


def test_pixel_limit_comes_from_the_settings(monkeypatch):
    monkeypatch.setenv("GRAFT_MAX_PIXELS", "500")
    settings.current.cache_clear()
    try:
        with pytest.raises(DataError, match="GRAFT_MAX_PIXELS"):
            image_files.open_image(encode(photo(), "PNG"))
    finally:
        monkeypatch.undo()
        settings.current.cache_clear()


def test_large_jpeg_is_decoded_at_a_fraction_of_its_size():
    content = encode(photo(1, 3200, 2400), "JPEG")
    image, size = image_files.open_with_size(content, target=(300, 300))
    assert size == (3200, 2400)
    assert image.size == (400, 300)


def test_letterbox_keeps_both_ends_and_pads_with_the_border_colour():
    image = half_red()
    image.paste("green", (4, 4, odd_files.WIDTH - 4, odd_files.HEIGHT - 4))
    image = image.resize((400, 40))
    pixels = image_files.load_pixels(encode(image, "PNG"), 100, "letterbox")
    assert pixels[50, 1, 0] > 200 and pixels[50, 98, 2] > 200
    assert (pixels[0] == pixels[0, 0]).all()


def test_crop_cuts_the_longer_side_and_stretch_nothing():
    content = encode(half_red().resize((400, 100)), "PNG")
    for fit in ("crop", "stretch"):
        pixels = image_files.load_pixels(content, 50, fit)
        assert pixels.shape == (50, 50, 3)
        assert pixels[25, 2, 0] > 200 and pixels[25, 47, 2] > 200


def test_unknown_fit_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="letterbox"):
        image_files.load_pixels(encode(photo(), "PNG"), 32, "squash")


def test_thumbnail_is_a_small_jpeg_and_comes_back_after_the_cache_is_emptied(workspace):
    content = encode(photo(1, 800, 400), "PNG")
    workspace.blob_path("ab12").parent.mkdir(parents=True)
    workspace.blob_path("ab12").write_bytes(content)
    first = image_files.open_image(thumbnails.read(workspace, "ab12"))
    assert first.size == (160, 80)
    workspace.thumbnail_path("ab12").unlink()
    assert thumbnails.read(workspace, "ab12")[:2] == b"\xff\xd8"


def test_preview_is_large_enough_to_judge_and_made_once(workspace):
    workspace.blob_path("ab12").parent.mkdir(parents=True)
    workspace.blob_path("ab12").write_bytes(encode(photo(1, 1600, 800), "PNG"))
    assert image_files.open_image(thumbnails.preview(workspace, "ab12")).size == (720, 360)
    workspace.blob_path("ab12").unlink()
    assert thumbnails.preview(workspace, "ab12")[:2] == b"\xff\xd8"


def test_thumbnail_of_a_lost_original_says_so(workspace):
    with pytest.raises(DataError, match="cannot be read"):
        thumbnails.read(workspace, "ab12")


@pytest.mark.parametrize(
    "name",
    [
        "inverted CMYK.jpg",
        "unmarked CMYK.jpg",
        "CMYK.jpg",
        "CMYK.tif",
        "16 bit colour.png",
        "16 bit with alpha.png",
        "16 bit colour.tif",
    ],
)
def test_colours_come_out_as_they_were_meant(name):
    pixels = np.asarray(image_files.open_image(odd_files.USED[name]())).astype(int)
    red, blue = pixels[4, 4], pixels[4, -4]
    assert red[0] > 240 and red[1:].max() < 16
    assert blue[2] > 240 and blue[:2].max() < 16


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_put_upright(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, size = image_files.open_with_size(encode(half_red(), kind, exif=exif))
    assert image.size == size == ((40, 24) if orientation < 5 else (24, 40))
    red_first = orientation in (1, 4, 5, 6)
    corner = np.asarray(image)[2, 2]
    assert corner[0 if red_first else 2] > 200 > 50 > corner[2 if red_first else 0]


@pytest.mark.parametrize("name", ["16 bit grey.tif", "16 bit grey.pgm", "floats.tif", "floats of any range.tif"])
def test_deep_greys_from_other_programs_keep_their_whole_range(name):
    pixels = np.asarray(image_files.open_image(odd_files.USED[name]()))
    assert pixels.min() == 0 and pixels.max() == 255
