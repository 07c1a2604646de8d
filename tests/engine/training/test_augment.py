"""Augmentation: what each one does, that it is repeatable, and that it is chosen by what the pictures survive."""

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.backbones import forward
from engine.data.modalities.image import IMAGE
from engine.training.features import embed
from engine.training.fine_tuning import safe_augmentation
from engine.training.inputs import augment, mixing
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.recipe import AUGMENTATIONS, Recipe
from engine.worker import door
from tests.support.pictures import draw_picture
from tests.support.tiny_runs import add_picture, discs

KEYS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(8)]


def pictures() -> np.ndarray:
    return np.stack([np.asarray(draw_picture((200, 40, 40), seed).resize((48, 48))) for seed in range(len(KEYS))])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_changes_pictures_and_keeps_their_shape(name):
    before = pictures()
    after = augment.view(before, KEYS, (name,), seed=0, number=1)
    assert after.shape == before.shape and after.dtype == np.uint8
    assert (after != before).any()
    assert np.abs(after.astype(int) - before).mean() < 80


def test_the_same_seed_gives_the_same_view_and_another_number_another_view():
    before = pictures()
    names = ("flip", "crop", "colour")
    first = augment.view(before, KEYS, names, seed=3, number=1)
    np.testing.assert_array_equal(first, augment.view(before, KEYS, names, seed=3, number=1))
    assert (first != augment.view(before, KEYS, names, seed=3, number=2)).any()


def test_a_picture_looks_the_same_whoever_its_neighbours_are():
    before = pictures()
    together = augment.view(before, KEYS, ("crop",), seed=0, number=1)
    alone = augment.view(before[4:5], KEYS[4:5], ("crop",), seed=0, number=1)
    np.testing.assert_array_equal(together[4:5], alone)


def arrow(turned: bool, seed: int) -> Image.Image:
    """Return an arrow that points left or right: mirroring it changes its class."""
    generator = np.random.default_rng(seed)
    image = Image.new("RGB", (48, 48), tuple(generator.integers(170, 255, 3).tolist()))
    x, y = generator.integers(-4, 5, 2).tolist()
    ImageDraw.Draw(image).polygon([(x + 10, y + 24), (x + 30, y + 8), (x + 30, y + 40)], fill=(20, 20, 60))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if turned else image


def choice(workspace, items) -> tuple[str, ...]:
    return safe(workspace, items).augmentation


def safe(workspace, items, kept=None, run=None, **options) -> safe_augmentation.Safe:
    pixels = Pixels(workspace, 48, "stretch")
    keys = [item.sha256 for item in items]
    labels = sorted({item.label for item in items})
    y = np.array([labels.index(item.label) for item in items])
    rows = embed.embed(workspace, "sprout", pixels, keys, lambda *_step: None).read(keys)
    run = run or forward.open_backbone(workspace, "sprout", 48)
    recipe = Recipe.from_dict({"name": "balanced", **options})
    return safe_augmentation.choose(rows, y, keys, recipe, pixels, run, kept)


def test_the_next_training_on_the_same_pictures_need_not_look_at_their_changes_again(workspace, tmp_path):
    items = discs(workspace, 30)
    first = safe(workspace, items, tmp_path / "changed")
    again = safe(workspace, items, tmp_path / "changed", run=lambda _pixels: pytest.fail("looked again"))
    assert again == first


def test_pictures_that_mirroring_ruins_are_never_mirrored(workspace):
    arrows = [
        add_picture(workspace, arrow(turned, 100 * turned + seed), ("left", "right")[turned], seed)
        for turned in (False, True)
        for seed in range(40)
    ]
    assert "flip" not in choice(workspace, arrows)


def test_pictures_that_mirroring_spares_are_mirrored(workspace):
    assert "flip" in choice(workspace, discs(workspace, 30))


def test_too_few_pictures_to_ask_get_only_harmless_changes(workspace):
    assert choice(workspace, discs(workspace, 3)) == IMAGE.augmentations.without_asking


def test_the_preview_shows_the_views_training_would_see(workspace):
    items = discs(workspace, 1)
    recipe = {"name": "balanced", "image_size": 48, "augmentation": ["flip", "crop"]}
    shown = door.answer("augment_preview", workspace, Recipe.from_dict(recipe), [item.sha256 for item in items], 4)
    assert [len(views) for views in shown] == [4, 4, 4]
    assert shown[0][0].shape == (48, 48, 3) and shown[0][0].dtype == np.uint8
    assert (shown[0][0] != shown[0][1]).any()


def test_photos_are_cut_and_drawings_and_long_pictures_are_kept_whole(workspace):
    def photo(size, seed):
        return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*size[::-1], 3), dtype=np.uint8))

    photos = [add_picture(workspace, photo((80, 60), seed), "a", seed).sha256 for seed in range(8)]
    strips = [add_picture(workspace, photo((160, 40), seed), "b", seed).sha256 for seed in range(8)]
    drawings = [add_picture(workspace, arrow(False, seed), "c", seed).sha256 for seed in range(8)]
    assert choose_fit(workspace, "auto", photos) == "crop"
    assert choose_fit(workspace, "auto", strips) == "letterbox"
    assert choose_fit(workspace, "auto", drawings) == "letterbox"
    assert choose_fit(workspace, "stretch", photos) == "stretch"


def test_mixed_pictures_share_their_classes_as_they_share_the_picture():
    x = np.stack([np.full((16, 16, 3), value, np.float32) for value in (0.0, 200.0)])
    for kind in ("mixup", "cutmix"):
        generator = np.random.default_rng(0)
        seen = [
            mixing.mix(x, np.eye(2, dtype=np.float32), np.ones(2, np.float32), (kind,), generator) for _ in range(40)
        ]
        mixed = [(pictures, targets) for pictures, targets, _weights in seen if targets[0, 1] > 0]
        assert 3 < len(mixed) < 30  # some batches stay as they were
        for pictures, targets in mixed:
            np.testing.assert_allclose(pictures.mean(axis=(1, 2, 3)) / 200, targets[:, 1], atol=1e-4)


MIXED = {"freeze_depth": 0.0, "mixing": "auto"}


def dots(count: int, seed: int) -> Image.Image:
    """Return a picture with so many dots: two pictures with one dot each, mixed, show two."""
    image, generator = Image.new("RGB", (48, 48), "white"), np.random.default_rng(seed)
    places = generator.choice(16, count, replace=False)
    for place in places.tolist():
        x, y = 12 * (place % 4), 12 * (place // 4)
        ImageDraw.Draw(image).ellipse([x + 2, y + 2, x + 10, y + 10], fill=(20, 20, 60))
    return image


@pytest.mark.slow
def test_pictures_whose_class_a_mixture_changes_are_not_mixed(workspace):
    counted = [
        add_picture(workspace, dots(count, 1000 * count + seed), name, seed)
        for name, count in (("one", 1), ("two", 2), ("three", 3))
        for seed in range(60)
    ]
    assert safe(workspace, counted, **MIXED).mixing == ()
    assert "mixup" in safe(workspace, discs(workspace, 30), **MIXED).mixing
    assert "mixup" not in safe(workspace, discs(workspace, 30)).costs
