"""A guess is never treated as proof: only equal pixels are the same picture, and copies are looked at closely."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.curation import row_checks
from engine.data import closer_look, copies, readiness, split
from engine.storage.registry import Item
from tests.support.drawn_sets import brought_in, fixed_scene, grainy, png, saved
from tests.support.odd_files import photo


def lamp(on: bool, moment: int, quality: int = 0, size: tuple[int, int] = (160, 120)) -> bytes:
    """Return a frame in which a lamp of 20 pixels is on or off."""
    image = fixed_scene(1, size)
    ImageDraw.Draw(image).ellipse((80, 60, 84, 64), fill=(255, 40, 40) if on else (60, 20, 20))
    image = grainy(image, moment, sigma=3, brightness=moment % 5 - 2)
    return saved(image, "JPEG", quality=quality) if quality else png(image)


def dial(position: int, quality: int = 0) -> bytes:
    image, angle = fixed_scene(2, (200, 200)), 0.3 + 0.05 * position
    ImageDraw.Draw(image).line((100, 100, 100 + 40 * np.cos(angle), 100 + 40 * np.sin(angle)), fill=(0, 0, 0), width=2)
    return saved(image, "JPEG", quality=quality) if quality else png(image)


def shirt(hue: tuple[int, int, int], quality: int = 0) -> bytes:
    image = Image.new("RGB", (160, 160), "white")
    ImageDraw.Draw(image).ellipse((40, 40, 120, 120), fill=hue)
    return saved(image, "JPEG", quality=quality) if quality else png(image)


def defect(place: int, quality: int = 0, size: tuple[int, int] = (512, 512)) -> bytes:
    """Return a plain surface with a scratch of six pixels, or none for place 0; nothing else differs."""
    image = grainy(Image.new("RGB", size, (140, 140, 140)), 3, sigma=2)
    if place:
        ImageDraw.Draw(image).rectangle((20 * place, 31, 20 * place + 2, 32), fill=(60, 60, 60))
    return saved(image, "JPEG", quality=quality) if quality else png(image)


FRAMES = {
    "lamps": [lamp(n % 2 == 0, n) for n in range(8)],
    "lamps as JPEG": [lamp(n % 2 == 0, n, 85) for n in range(8)],
    "dials": [dial(n) for n in range(8)],
    "dials as JPEG": [dial(n, 90) for n in range(8)],
    "colours": [shirt(hue) for hue in ((200, 40, 40), (40, 160, 40), (40, 40, 200), (200, 80, 40), (170, 40, 40))],
    "colours as JPEG": [shirt(hue, 90) for hue in ((200, 40, 40), (40, 160, 40), (200, 80, 40), (170, 40, 40))],
    "defects": [defect(n) for n in range(6)],
    "defects as JPEG": [defect(n, 90) for n in range(6)],
}


@pytest.mark.parametrize("name", FRAMES)
def test_cameras_that_do_not_move_give_no_false_pair(name, tmp_path, workspace):
    files = {f"{'ab'[n % 2]}/{n}.{'jpg' if 'JPEG' in name else 'png'}": frame for n, frame in enumerate(FRAMES[name])}
    used = brought_in(tmp_path, workspace, files).used
    assert len(set(split.duplicate_clusters(used))) == len(used)
    kinds = {finding["kind"] for finding in row_checks.findings(used)}
    assert not kinds & {"conflict", "alike", "near_duplicates", "duplicates"}


def copies_of(original: bytes, image: Image.Image) -> dict[str, bytes]:
    width, height = image.size
    half = image.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    return {
        "q30": saved(image, "JPEG", quality=30),
        "q75": saved(image, "JPEG", quality=75),
        "q90": saved(image, "JPEG", quality=90, subsampling=0),
        "webp": saved(image, "WEBP", quality=80),
        "half": png(half),
        "half q80": saved(half, "JPEG", quality=80),
        "twice": png(image.resize((2 * width, 2 * height))),
        "other file": saved(image, "BMP"),
    }


@pytest.mark.parametrize("how", copies_of(b"", photo(0, 64, 48)))
def test_pictures_saved_or_scaled_anew_are_found(how):
    for seed in range(4):
        image = photo(seed, 240, 180)
        original = closer_look.see(png(image))
        copy = closer_look.see(copies_of(png(image), image)[how])
        assert closer_look.same(original, copy) and closer_look.same(copy, original)
        assert not closer_look.same(closer_look.see(png(photo(seed + 50, 240, 180))), copy)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_glance_at_large_pictures_rejects_no_copy_and_sees_another_scene(seed):
    image = photo(seed, 1800, 1350)
    small = closer_look.glance(saved(image, "JPEG", quality=92))
    for content in copies_of(b"", image).values():
        assert not closer_look.plainly_different(small, closer_look.glance(content))
    assert closer_look.plainly_different(small, closer_look.glance(saved(photo(seed + 50, 1800, 1350), "JPEG")))


def test_copies_keep_together_over_two_imports(tmp_path, workspace):
    image = photo(5, 240, 180)
    first = brought_in(tmp_path, workspace, {"a/1.png": png(image), "a/2.png": png(photo(6, 240, 180))}).used
    (tmp_path / "later").mkdir()
    from engine.data.importing.copy_search import Print

    known = [Print(one.sha256, one.facts) for one in first]
    later = brought_in(tmp_path / "later", workspace, {"a/3.jpg": saved(image, "JPEG", quality=60)}, known=known).used
    assert split.duplicate_clusters([*first, *later]) == [0, 1, 0]


def test_large_photographs_that_differ_in_a_few_pixels_are_not_the_same_picture(tmp_path, workspace):
    files = {f"{'ab'[n % 2]}/{n}.jpg": defect(n, 90, (1400, 1000)) for n in range(3)}
    used = brought_in(tmp_path, workspace, files).used
    assert len(set(split.exact_clusters(used))) == 3


def test_what_only_looks_the_same_is_asked_about_and_refuses_nothing(tmp_path, workspace):
    image = photo(1, 240, 180)
    files = {f"a/{n}.png": png(photo(10 + n, 240, 180)) for n in range(4)} | {"a/one.png": png(image)}
    files |= {f"b/{n}.png": png(photo(20 + n, 240, 180)) for n in range(4)} | {
        "b/copy.jpg": saved(image, "JPEG", quality=60)
    }
    used = brought_in(tmp_path, workspace, files).used
    items = [Item(**vars(record), id=n) for n, record in enumerate(used, 1)]
    (asked,) = [finding for finding in row_checks.findings(items) if finding["kind"] == "alike"]
    assert asked["severity"] == "question" and not asked["fixes"]
    assert not any(fix["key"] == "keep_one" for finding in row_checks.findings(items) for fix in finding["fixes"])
    readiness.check(items)


def test_copies_never_leave_a_class_with_too_few_pictures_to_train(tmp_path, workspace):
    image = photo(1, 240, 180)
    files = {f"a/{n}.jpg": saved(image, "JPEG", quality=40 + 10 * n) for n in range(4)}
    files |= {f"b/{n}.png": png(photo(20 + n, 240, 180)) for n in range(4)}
    used = brought_in(tmp_path, workspace, files).used
    parts = split.assign(used)
    items = [Item(**{**vars(one), "split": part}, id=n) for n, (one, part) in enumerate(zip(used, parts, strict=True))]
    assert {item.split for item in items if item.label == "a"} == set(split.SPLITS)
    readiness.check(items)
    assert copies.one_side(items) == {}
