"""Which network a person is advised to begin with: by the pictures and by this machine, never a dominated one."""

import numpy as np
import pytest
from PIL import Image

from engine.backbones.catalogue import CATALOGUE, info
from engine.data.photo_likeness import look_like_photos
from engine.training.recommend import expected, recommend, worth_offering
from tests.support.tiny_runs import add_picture

LAPTOP = {"kind": "cpu", "cores": 2}
COMES_WITH_GRAFT = ("sprout", "efficientnet_lite0")


def advice(pictures: int, ready=COMES_WITH_GRAFT, *, photos=True, has_model=False, known=None, device=LAPTOP):
    return recommend(expected(ready, pictures, known or {}, device), photos=photos, has_model=has_model)


def test_for_some_photos_the_accurate_network_takes_less_than_a_minute_and_is_recommended():
    found = advice(1_000)
    assert (found.backbone, found.recipe) == ("efficientnet_lite0", "instant")
    assert found.titles == {"accurate": "EfficientNet-Lite0", "quick": "Sprout"}
    assert found.seconds["quick_time"] < found.seconds["time"] < 60


def test_for_many_photos_the_quick_one_is_for_trying_out_and_the_accurate_one_for_afterwards():
    first, later = advice(20_000), advice(20_000, has_model=True)
    assert (first.backbone, later.backbone) == ("sprout", "efficientnet_lite0")
    assert later.recipe == "balanced"
    for found in (first, later):
        assert found.titles["accurate"] == "EfficientNet-Lite0" and found.seconds["time"] > 60


def test_drawings_go_to_sprout_however_much_time_there_is():
    assert advice(10, photos=False).backbone == "sprout"
    assert "drawings" in advice(10, photos=False).reason


def test_without_the_package_sprout_is_what_there_is():
    found = advice(1_000, ready=("sprout",))
    assert found.backbone == "sprout" and "needs no internet" in found.reason


def test_what_this_machine_measured_counts_more_than_what_an_ordinary_one_takes():
    slow = {"efficientnet_lite0-224": 5.0, "sprout-96": 500.0}
    assert advice(1_000).backbone == "efficientnet_lite0"
    assert advice(1_000, known=slow).backbone == "sprout"


def test_a_graphics_card_makes_the_most_accurate_network_quick():
    ready = (*COMES_WITH_GRAFT, "efficientnet_v2_s")
    assert advice(5_000, ready).backbone in COMES_WITH_GRAFT
    assert advice(5_000, ready, device={"kind": "gpu", "cores": 8}).backbone == "efficientnet_v2_s"


@pytest.mark.parametrize("pictures", [50, 1_000, 30_000])
@pytest.mark.parametrize("photos", [True, False])
def test_nothing_is_recommended_that_another_network_beats_in_accuracy_and_time(pictures, photos):
    seconds = expected(tuple(CATALOGUE), pictures, {}, LAPTOP)
    offered = worth_offering(seconds, photos=photos)
    for has_model in (False, True):
        assert recommend(seconds, photos=photos, has_model=has_model).backbone in offered
    for key in offered:
        better = [other for other in seconds if (info(other).top1 or 0) > (info(key).top1 or 100)]
        assert not photos or key == "sprout" or all(seconds[other] > seconds[key] for other in better)
    assert "vgg16" not in offered and "resnet50" not in offered


def test_photos_are_told_from_drawings(workspace):
    rng = np.random.default_rng(0)
    photos = [Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)) for _number in range(4)]
    drawing = Image.new("RGB", (64, 64), "white")
    drawing.paste((0, 0, 0), (20, 20, 40, 40))
    drawings = [drawing.crop((0, 0, 64, 60 + number)) for number in range(4)]
    for pictures, expected_answer in ((photos, True), (drawings, False)):
        items = [add_picture(workspace, picture, "a", number) for number, picture in enumerate(pictures)]
        assert look_like_photos(workspace, [item.sha256 for item in items]) is expected_answer
