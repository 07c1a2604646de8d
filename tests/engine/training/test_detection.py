"""The head that finds objects: what it is to say is read back as it was, and it learns on whatever backend is here."""

import keras
import numpy as np
import pytest

from engine.data.boxes.geometry import Box
from engine.training.detection import centre_head as heads
from engine.training.detection import feature_maps
from engine.training.detection import frame as frames
from engine.training.detection.frame import Frame, View


def test_what_the_head_is_to_say_reads_back_as_the_boxes_it_was_made_of():
    corners = np.array([[2.3, 3.1, 8.2, 9.9], [10, 2, 13, 4.5], [3.2, 11, 5.1, 15]], np.float32)
    classes = np.array([0, 1, 1])
    y = heads.targets(corners, classes, (16, 16), 2)
    heat = np.clip(y[..., :2], 1e-4, 1 - 1e-4)
    said = np.concatenate([np.log(heat / (1 - heat)), y[..., 2:6]], axis=-1)
    [rows] = heads.read(said[None])
    sure = rows[rows[:, 4] > 0.99]
    order = np.lexsort((sure[:, 0], sure[:, 5]))
    assert sure[order, 5].tolist() == [0, 1, 1]
    assert sure[order, :4] == pytest.approx(corners[[0, 2, 1]], abs=1e-3)


@pytest.mark.slow
def test_the_head_learns_on_the_backend_that_is_here():
    draws = np.random.default_rng(0)
    fine, coarse = np.zeros((8, 8, 8, 4), np.float32), np.zeros((8, 4, 4, 4), np.float32)
    y = []
    for place in range(8):
        column, row = draws.integers(1, 6, 2)
        corners = np.array([[column, row, column + 2, row + 2]], np.float32)
        fine[place, row : row + 2, column : column + 2] = 1
        y.append(heads.targets(corners, np.array([0]), (8, 8), 1))
    model = heads.build([fine.shape[1:], coarse.shape[1:]], 1, dropout=0.0)
    model.compile(keras.optimizers.AdamW(3e-3), heads.loss, jit_compile=False)
    losses = [float(model.train_on_batch([fine, coarse], np.stack(y))) for _step in range(25)]
    assert losses[-1] < 0.7 * losses[0]
    assert np.isfinite(losses).all()


def test_a_view_moves_boxes_with_the_picture():
    from PIL import Image

    frame, size = Frame(64, 96), (48, 32)
    image = Image.new("RGB", size, (0, 0, 0))
    image.paste((255, 255, 255), (10, 6, 26, 18))
    for view in frames.views(8, seed=1, mirror=True, upside_down=True):
        [corners] = view.corners([Box("a", 10, 6, 16, 12)], size, frame)
        pixels = np.asarray(view.pixels(image, size, frame), int)
        bright = np.array(np.nonzero((pixels.min(axis=2) > 128) & (np.ptp(pixels, axis=2) < 8)))
        low, high = bright.min(axis=1)[::-1], bright.max(axis=1)[::-1] + 1
        assert np.abs(np.concatenate([low, high]) - corners).max() <= 2.5


def test_pictures_of_small_objects_are_looked_at_larger_and_what_is_too_small_is_told():
    sizes = [(640, 480)] * 4
    large = [[Box("a", 100, 100, 80, 80)]] * 4
    small = [[Box("a", 100, 100, 18, 18)]] * 4
    tiny = [[Box("a", 100, 100, 5, 5)]] * 4
    assert frames.choose(sizes, large) == (Frame(256, 320), [])
    assert frames.choose(sizes, small) == (Frame(352, 448), [])
    frame, told = frames.choose(sizes, tiny)
    assert frame == Frame(480, 640)
    assert told[0]["template"] == frames.TOO_SMALL
    crowd = [[Box("a", 100 + n, 100, 40, 40) for n in range(4)]] * 4
    assert frames.choose(sizes, crowd)[1][-1]["template"] == frames.TOO_CLOSE


def test_principal_components_keep_what_varies_with_a_variance_of_one():
    draws = np.random.default_rng(0)
    rows = draws.normal(size=(500, 3)) @ draws.normal(size=(3, 10)) + 5
    kernel, bias = feature_maps.principal(rows, 3)
    fewer = rows @ kernel + bias
    assert fewer.shape == (500, 3)
    assert np.abs(fewer.mean(axis=0)).max() < 1e-3
    assert fewer.var(axis=0).mean() == pytest.approx(1, rel=0.01)
    assert np.linalg.matrix_rank(fewer) == 3


def test_an_unchanged_view_is_the_whole_picture_in_the_corner():
    assert View().placed(Frame(64, 96), (48, 32)) == (2.0, 0.0, 0.0)
