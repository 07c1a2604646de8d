"""Explanations: each way points at what decides, is about what was learned, and is counted right."""

import functools
import io
import itertools
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from benchmarks import explanations as drawn
from engine.backbones import build
from engine.data.modalities import image
from engine.evaluation import predict, results
from engine.evaluation.explain import (
    border_bias,
    class_score,
    explain,
    grad_cam,
    lime,
    mean_heat_map,
    overlay,
    sanity,
    segments,
    shapley,
)
from engine.storage import status_file
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, read_json
from engine.training.fine_tuning import classifier as classifiers
from engine.training.heads import head
from engine.worker import door
from tests.support import tiny_runs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def squares(tmp_path_factory) -> tuple[Workspace, Path, dict[int, tuple[int, ...]]]:
    """A run on pictures in which only the colour of a square tells the class, and where each square is."""
    workspace = Workspace(tmp_path_factory.mktemp("squares")).create()
    rng, photos = np.random.default_rng(5), drawn.photographs()
    items, boxes = [], {}
    for label, colour in drawn.COLOURS.items():
        for number in range(40):
            image, box = drawn.draw(colour, photos, rng)
            items.append(tiny_runs.add_picture(workspace, image, label, number))
            boxes[items[-1].id] = box
    return workspace, tiny_runs.train(workspace, items, image_size=64), boxes


@pytest.mark.parametrize("way", explain.WAYS)
def test_an_explanation_points_at_the_square_that_decides(squares, way):
    workspace, run_dir, boxes = squares
    of, hits, likeness = explain.subject(run_dir), [], []
    rows = results.predictions(run_dir).where(lambda label, said: label == said)[::3]
    for row in rows:
        pixels = image.load_pixels(workspace.blob_path(row.sha256), of.image_size, of.fit)
        target = of.class_names.index(row.label)
        heat = explain.heat(of, way, pixels, target)
        large = np.asarray(Image.fromarray(heat).resize((drawn.SIDE, drawn.SIDE), Image.Resampling.BILINEAR))
        hits.append(drawn.points_at(large, boxes[row.item]))
        if len(likeness) < 2:
            likeness.append(sanity.likeness(heat, explain.untaught(of, way, pixels, target)))
    assert len(rows) >= 10
    assert np.mean(hits) >= 0.9
    assert np.mean(likeness) < sanity.TOO_ALIKE


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("sprout", ["mean", "peak", "mean", "peak", "mean"]),
        ("sprout+flatten", ["places"]),
        ("efficientnet_lite0", [*["mean", "peak"] * 4, "mean"]),
    ],
)
def test_grad_cam_adds_up_to_the_answer_where_the_head_is_linear(key, kinds):
    body = build.build(key, 48)
    rng = np.random.default_rng(0)
    width = body.output.shape[-1]
    spread = 0.01 if len(kinds) > 5 else 0.1  # so that no answer is beyond doubt
    layers = ((rng.normal(0, spread, (width, 2)).astype(np.float32), np.array([0.5, -0.25], np.float32)),)
    classifier = classifiers.finished(body, head.Head(layers, np.zeros(width, np.float32), np.ones(width, np.float32)))
    inside = grad_cam.open_up(classifier)
    assert list(inside.kinds) == kinds
    pixels = rng.integers(0, 255, (2, 48, 48, 3), dtype=np.uint8)
    found = inside.maps(pixels.astype(np.float32), training=False)
    maps = [np.asarray(each) for each in (found if isinstance(found, list) else [found])]
    places = grad_cam._places(inside, maps, np.array([1, 0]))
    whole = sum(part.sum(axis=(1, 2)) for part in places)
    said = classifiers.predict(classifier, pixels)
    expected = class_score.log_odds(said[:1], 1)[0] - (-0.75), class_score.log_odds(said[1:], 0)[0] - 0.75
    np.testing.assert_allclose(whole, expected, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("key", ["mobilenet_v2_035", "convnext_tiny"])
def test_grad_cam_opens_networks_that_end_otherwise(key):
    """One has a single pooling; the other normalises what was pooled. Random weights: nothing is downloaded."""
    inside = grad_cam.open_up(untrained(key))
    assert len(inside.kinds) == 1
    found = grad_cam.heat(inside, np.random.default_rng(1).integers(0, 255, (1, 64, 64, 3), np.uint8), np.array([2]))
    assert found.shape == (1, 64, 64)
    assert np.isfinite(found).all()


@functools.cache
def untrained(key: str) -> keras.Model:
    """Return a classifier for three classes at 64 px."""
    body = build.architecture(key, 64)
    width = body.output.shape[-1]
    kernel = np.random.default_rng(0).normal(0, 0.1, (width, 3)).astype(np.float32)
    own = head.Head(((kernel, np.zeros(3, np.float32)),), np.zeros(width, np.float32), np.ones(width, np.float32))
    return classifiers.finished(body, own)


def test_shap_gives_every_piece_its_exact_share():
    """Against Shapley's own formula, summed over all orders of five pieces of a game with interactions."""
    count, rng = 5, np.random.default_rng(0)
    worth = {kept: rng.normal() for kept in itertools.product((False, True), repeat=count)}
    kept, weight = shapley.coalitions(count, 400)
    values = np.array([worth[tuple(row)] for row in kept.tolist()])
    empty, full = worth[(False,) * count], worth[(True,) * count]
    found = shapley.solve(kept, values, weight, empty, full)
    np.testing.assert_allclose(found, [_share(worth, piece, count) for piece in range(count)], atol=1e-4)
    assert found.sum() == pytest.approx(full - empty)


def _share(worth: dict, piece: int, count: int) -> float:
    total = 0.0
    for order in itertools.permutations(range(count)):
        before = set(order[: order.index(piece)])
        without = tuple(each in before for each in range(count))
        total += worth[tuple(each in before or each == piece for each in range(count))] - worth[without]
    return total / math.factorial(count)


def test_drawn_sets_of_pieces_come_with_their_opposites_and_find_an_additive_game():
    kept, weight = shapley.coalitions(20, 200)
    np.testing.assert_array_equal(kept[:100], ~kept[100:])
    shares = np.linspace(-1, 2, 20)
    np.testing.assert_allclose(shapley.solve(kept, kept @ shares, weight, 0.0, shares.sum()), shares, atol=1e-4)


def test_lime_finds_the_pieces_that_count():
    kept = np.random.default_rng(0).random((300, 12)) < 0.5
    values = 3.0 * kept[:, 4] - 2.0 * kept[:, 7]
    found = lime.weights(kept, values)
    assert (found.argmax(), found.argmin()) == (4, 7)
    assert found[4] == pytest.approx(3.0, rel=0.2)


def test_hidden_pieces_have_the_mean_colour_and_kept_ones_are_untouched():
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, 16:] = 200
    pieces = segments.cut(pixels, 4)
    kept = np.zeros((1, pieces.max() + 1), bool)
    kept[0, pieces[0, 0]] = True
    shown = segments.without(pixels, pieces, kept)[0]
    assert (shown[pieces == pieces[0, 0]] == 0).all()
    assert (shown[pieces != pieces[0, 0]] == 100).all()


@pytest.mark.parametrize(
    ("fit", "expected"), [("letterbox", (0.5, 0.25)), ("stretch", (0.5, 0.375)), ("crop", (0.5, 0.375))]
)
def test_heat_lies_where_it_belongs_on_pictures_that_are_no_squares(fit, expected):
    heat = np.zeros((96, 96), np.float32)
    heat[33:39, 45:51] = 1  # the middle, three eighths down
    lying = overlay.onto(heat, (640, 320), fit)
    assert lying.shape == (160, 320)
    assert overlay.hottest(lying) == pytest.approx(expected, abs=0.03)
    assert np.isnan(lying).any() == (fit == "crop")
    assert overlay.hottest(-np.ones((4, 4))) is None


def test_of_two_hot_spots_the_hotter_one_is_named_and_not_the_middle_between_them():
    heat = np.zeros((60, 60), np.float32)
    heat[4:8, 4:8], heat[50:54, 50:54] = 1.0, 1.5
    assert overlay.hottest(heat) == pytest.approx((52 / 60, 52 / 60))


def test_the_hottest_place_is_orange_and_what_speaks_against_is_blue():
    heat = np.zeros((10, 10), np.float32)
    heat[2, 3], heat[7, 8] = 1, -1
    drawn_heat = np.asarray(Image.open(io.BytesIO(overlay.png(heat))))
    assert tuple(drawn_heat[2, 3][:3]) == overlay.FOR and tuple(drawn_heat[7, 8][:3]) == overlay.AGAINST
    assert drawn_heat[0, 0][3] == 0 and drawn_heat[2, 3][3] > 200


def test_where_a_model_looks_is_kept_per_class_and_squares_anywhere_raise_no_question(squares):
    workspace, run_dir, _boxes = squares
    found = mean_heat_map.measure(run_dir, workspace, StatusFile(None).advance)
    assert {row["class"] for row in found["classes"]} == set(drawn.COLOURS)
    assert found == read_json(run_dir / mean_heat_map.FILE)
    assert found["pictures"] == len(results.predictions(run_dir))


def test_a_class_that_is_told_by_a_mark_in_the_corner_is_asked_about_and_no_other(tmp_path):
    workspace, rng, photos = Workspace(tmp_path).create(), np.random.default_rng(5), drawn.photographs()
    places = {"red": (50, 50), "green": (50, 50), "yellow": (100, 102)}
    items = [
        tiny_runs.add_picture(workspace, drawn.draw(drawn.COLOURS[label], photos, rng, at)[0], label, number)
        for label, at in places.items()
        for number in range(30)
    ]
    found = mean_heat_map.measure(
        tiny_runs.train(workspace, items, image_size=96), workspace, lambda _done, _total: None
    )
    assert {row["class"]: row["asks"] for row in found["classes"]} == {"red": False, "green": False, "yellow": True}
    assert found["classes"][0]["class"] == "yellow"


def test_heat_at_the_edge_of_one_class_is_asked_about():
    corner, even = np.zeros((mean_heat_map.GRID, mean_heat_map.GRID)), np.ones((mean_heat_map.GRID, mean_heat_map.GRID))
    corner[:6, :6] = 1
    assert mean_heat_map.edge_share(corner) == 1.0
    assert mean_heat_map.edge_share(even) == pytest.approx(0.5, abs=0.02)
    assert border_bias.is_odd(mean_heat_map.edge_share(corner), usual=0.5)
    assert not border_bias.is_odd(0.7, usual=0.68)


def test_a_worker_explains_a_path_and_bytes_alike_and_tells_how_far_it_is(squares, tmp_path, monkeypatch):
    monkeypatch.setattr(status_file, "REPORT_EVERY", 0.0)  # a quick machine is done before it has anything to tell
    workspace, run_dir, _boxes = squares
    row = results.predictions(run_dir).rows([0])[0]
    path, progress = workspace.blob_path(row.sha256), tmp_path / "progress.json"
    found = door.answer("explain", run_dir, path, "occlusion", "red", StatusFile(progress).advance)
    again = door.answer("explain", run_dir, path.read_bytes(), "occlusion", "red", StatusFile(None).advance)
    assert found["png"] == again["png"]
    assert 0 < read_json(progress)["progress"] <= 1
    expected = predict.predict(run_dir, [path])[0][results.evaluation(run_dir)["class_names"].index("red")]
    assert found["probability"] == pytest.approx(float(expected), abs=1e-5)
    assert -1 <= door.answer("check_explanation", run_dir, path, "occlusion", "red", StatusFile(None).advance) <= 1


def test_a_random_network_shares_no_weight_with_the_trained_one():
    trained = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    other = sanity.randomised(trained)
    for before, after in zip(trained.weights, other.weights, strict=True):
        if len(before.shape) > 1:
            assert not np.allclose(before, after)
    np.testing.assert_array_equal(sanity.randomised(trained).weights[0], other.weights[0])


def test_a_deep_random_network_answers_every_picture_in_its_own_way():
    """Depthwise kernels drawn too small let the picture fade away: every answer a third, every map flat."""
    random, photos, rng = (
        sanity.randomised(untrained("mobilenet_v2_035")),
        drawn.photographs(),
        np.random.default_rng(1),
    )
    pictures = [drawn.draw(colour, photos, rng)[0].resize((64, 64)) for colour in drawn.COLOURS.values()]
    pixels = np.stack([np.asarray(picture) for picture in pictures])
    said = predict.predict_pixels(random, pixels)
    assert np.ptp(said, axis=0).max() > 0.2
    maps = grad_cam.heat(grad_cam.open_up(random), pixels, said.argmax(axis=1))
    assert not any(sanity.is_flat(each) for each in maps)
    assert max(sanity.likeness(one, two) for one, two in itertools.combinations(maps, 2)) < 0.95


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (keras.layers.Dense(4), {"kernel": 6}),
        (keras.layers.Conv2D(4, 3), {"kernel": 3 * 3 * 6}),
        (keras.layers.Conv2D(4, 3, groups=2), {"kernel": 3 * 3 * 3}),
        (keras.layers.DepthwiseConv2D(3, depth_multiplier=2), {"kernel": 3 * 3}),
        (keras.layers.SeparableConv2D(4, 3), {"depthwise_kernel": 3 * 3, "pointwise_kernel": 6}),
        (keras.layers.Conv2DTranspose(4, 3), {"kernel": 3 * 3 * 6}),
    ],
)
def test_random_kernels_are_measured_by_what_comes_together_in_one_number(layer, expected):
    layer.build((None, 8, 8, 6))
    found = {weight.name: sanity.fan_in(layer, weight) for weight in layer.weights if len(weight.shape) > 1}
    assert found == expected


def test_an_explanation_that_shows_the_picture_whatever_was_learned_is_found_out(squares, monkeypatch):
    workspace, run_dir, _boxes = squares
    source = str(workspace.blob_path(results.predictions(run_dir).rows([1])[0].sha256))
    monkeypatch.setattr(explain, "_kept", explain.OrderedDict())
    monkeypatch.setitem(explain.SLOW, "occlusion", lambda _ask, pixels, _target, _advance: edges(pixels))
    assert (
        door.answer("check_explanation", run_dir, source, "occlusion", "red", StatusFile(None).advance)
        > sanity.TOO_ALIKE
    )
    monkeypatch.setitem(explain.SLOW, "occlusion", lambda *_asked: np.zeros((64, 64), np.float32))
    monkeypatch.setattr(explain, "_kept", explain.OrderedDict())
    assert math.isnan(explain.check(run_dir, source, "occlusion", "red", lambda _done, _total: None))


def edges(pixels: np.ndarray) -> np.ndarray:
    down, across = np.gradient(pixels.mean(axis=-1))
    return np.hypot(down, across).astype(np.float32)
