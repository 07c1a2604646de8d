"""Promises of the backbone's benchmark: every row is measured with its own weights, and leads are told from chance."""

import numpy as np
import pytest

from benchmarks import backbone_report, backbone_speed
from benchmarks.backbone_rows import Row
from engine.backbones import build, sprout
from engine.backbones.catalogue import info


def test_every_row_is_measured_with_its_own_weights_and_sprout_is_itself_again(tmp_path):
    other = tmp_path / "other.npz"
    other.write_bytes(sprout.save_weights(build.architecture("sprout", 48)))
    rows = Row("shipped", "sprout", 48), Row("other", "sprout", 48, other), Row("shipped again", "sprout", 48)
    pixels = np.full((1, 48, 48, 3), 100.0, np.float32)
    said = []
    for row in rows:
        with row.in_place():
            said.append(np.asarray(build.frozen("sprout", 48).predict_on_batch(pixels)))
    assert not np.allclose(said[0], said[1])
    assert np.array_equal(said[0], said[2])
    assert rows[0].identity == rows[2].identity != rows[1].identity


def test_a_row_of_an_earlier_version_reads_out_what_it_did_then(tmp_path):
    with np.load(build.weights_path("sprout")) as stored:
        arrays = {name: stored[name] for name in stored.files if not name.endswith("_stages")}
    np.savez(tmp_path / "first.npz", **arrays)
    np.savez(tmp_path / "second.npz", **arrays, pooled_stages=np.array([3, 4]))
    for name, width in (("first", 320), ("second", 192 + 320)):
        with Row(name, "sprout", 48, tmp_path / f"{name}.npz").in_place():
            assert build.architecture("sprout", 48).output.shape[-1] == width
    assert build.architecture("sprout", 48).output.shape[-1] == info("sprout").features


def test_a_lead_counts_only_pictures_on_which_two_networks_differ():
    assert backbone_report.lead("1111100000", "1111100000") == (0, 0, 1.0)
    won, lost, chance = backbone_report.lead("1" * 10, "0" * 9 + "1")
    assert (won, lost) == (9, 0)
    assert chance == pytest.approx(2 * 0.5**9)


def test_a_ratio_of_times_comes_with_its_interval():
    rounds = np.random.default_rng(0).uniform(1, 2, 30)
    middle, low, high = backbone_speed.ratio(list(1.2 * rounds), list(rounds))
    assert low <= middle <= high
    assert middle == pytest.approx(1.2)
