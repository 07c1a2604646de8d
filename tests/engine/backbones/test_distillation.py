"""Promises of growing one's own network: it learns from its teacher, survives interruptions, and says what is wrong."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from engine.backbones import pretrained, sprout
from engine.backbones.build import architecture
from engine.backbones.catalogue import info
from engine.backbones.distillation import __main__, distill
from engine.backbones.distillation.plan import MEANINGS, Plan
from engine.backbones.distillation.random_views import Pictures, Views, find_pictures, view
from engine.errors import BackboneError
from engine.training.features import embed
from engine.training.inputs.pixels import Pixels

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Twelve drawn pictures of varied colours, in two folders."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for number in range(12):
        coarse = generator.integers(0, 255, (6, 6, 3), dtype=np.uint8)
        path = folder / f"folder{number % 2}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(coarse).resize((80, 64), Image.Resampling.BILINEAR).save(path)
    return folder


@pytest.fixture(scope="module", autouse=True)
def short_intervals() -> Iterator[None]:
    """Every step is reported, every second one kept; three batches are sample enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distill, "SAMPLE_BATCHES", 3)
        patch.setattr(distill, "CHECKPOINT_EVERY", 2)
        patch.setattr(distill, "REPORT_EVERY", 1)
        yield


@pytest.fixture(scope="module")
def plan(pictures) -> Plan:
    """Four small steps with Sprout as its own teacher: no file from elsewhere is needed."""
    return Plan("sprout", (str(pictures),), steps=4, batch_size=4, student_size=48, teacher_size=64, picture_size=64)


@pytest.fixture(scope="module")
def grown(plan, tmp_path_factory) -> Path:
    """The weights that four steps without interruption end with."""
    return distill.distill(plan, tmp_path_factory.mktemp("distilled") / "out")


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as stored:
        return dict(stored)


def test_grown_weights_load_where_sprouts_do_and_have_changed(grown):
    model = architecture("sprout", 48)
    sprout.load_weights(model, grown)
    assert np.isfinite(model.predict_on_batch(np.full((1, 48, 48, 3), 100.0))).all()
    before, after = arrays(pretrained.SPROUT_WEIGHTS), arrays(grown)
    assert all(value.dtype == np.float16 for value in after.values())
    assert not np.array_equal(before["stem_conv/kernel"], after["stem_conv/kernel"])


def test_a_killed_training_goes_on_and_ends_as_if_nothing_had_happened(plan, grown, tmp_path, monkeypatch):
    steps, real = [], distill._report

    def die_at_third(out, step, *rest):
        steps.append(step)
        if step == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(distill, "_report", die_at_third)
    with pytest.raises(KeyboardInterrupt):
        distill.distill(plan, tmp_path / "out")
    monkeypatch.setattr(distill, "_report", lambda out, step, *rest: steps.append(step) or real(out, step, *rest))
    ended, expected = arrays(distill.distill(plan, tmp_path / "out")), arrays(grown)
    assert steps == [1, 2, 3, 3, 4]
    for name in expected:
        assert np.allclose(ended[name], expected[name], rtol=0.02, atol=0.005), name


def test_a_finished_training_is_not_repeated(plan, grown, monkeypatch):
    first = grown.read_bytes()
    monkeypatch.setattr(distill, "_train", lambda *_: pytest.fail("trained again"))
    assert distill.distill(plan, grown.parent).read_bytes() == first


def test_other_choices_in_the_same_folder_are_refused_by_name(plan, tmp_path):
    plan.keep(tmp_path / "out")
    with pytest.raises(BackboneError, match=r"holds a training with other choices \(batch_size, seed\)"):
        replace(plan, batch_size=5, seed=1).check_folder(tmp_path / "out")


def test_a_training_may_be_made_longer(plan, tmp_path):
    plan.keep(tmp_path / "out")
    replace(plan, steps=8).check_folder(tmp_path / "out")


def test_a_file_that_is_no_picture_is_skipped_and_named(pictures, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "notes.txt").write_text("no picture")
    (tmp_path / "more" / ".hidden").write_text("not even looked at")
    found = Pictures(tmp_path / "cache", find_pictures([pictures, tmp_path / "more"]), 32)
    assert len(found) == 12
    assert [(Path(name).name, reason) for name, reason in found.skipped] == [
        ("notes.txt", "This is text, not a picture.")
    ]


def test_a_folder_without_pictures_ends_in_a_sentence(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    out = str(tmp_path / "out")
    assert __main__.main(["--teacher", "sprout", "--images", str(tmp_path / "empty"), "--out", out]) == 2
    assert "There are no pictures in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--teacher", "vgg99"], "There is no network 'vgg99'. Choose one of"),
        (["--images", "nowhere"], "There is no folder nowhere"),
        (["--steps", "0"], "steps is 0. A whole number of at least 1"),
        (["--learning-rate", "7"], "The learning rate is 7.0"),
        (["--student-size", "500"], "Sprout takes pictures of 48 to 160 pixels a side, not 500"),
        (["--start", "nothing.npz"], "There is no file nothing.npz to start from"),
    ],
)
def test_a_wrong_choice_is_told_in_words_and_can_be_put_right_in_the_same_folder(
    pictures, tmp_path, capsys, wrong, sentence
):
    right = ["--teacher", "sprout", "--images", str(pictures), "--out", str(tmp_path / "out")]
    assert __main__.main([*right, *wrong]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out" / "plan.json").exists()


def test_a_teacher_without_weights_says_where_to_get_them(pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", _no_network)
    out = ["--images", str(pictures), "--out", str(tmp_path / "out")]
    assert __main__.main(["--teacher", "vgg16", *out]) == 2
    assert "VGG16 are not on this machine" in capsys.readouterr().err


def _no_network(*_arguments, **_options):
    raise OSError("no route to host")


def test_the_help_gives_every_choice_its_default(capsys):
    with pytest.raises(SystemExit):
        __main__.main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for name in MEANINGS:
        default = getattr(Plan, name)
        assert f"--{name.replace('_', '-')}" in told
        assert f"(default: {'its own' if default is None else default})" in told


def test_inner_layers_of_the_teacher_can_be_imitated_too(plan):
    wide = distill._with_layers(replace(plan, teacher_layers=("stage1_block1_out",)), None)
    assert wide.output.shape[-1] == info("sprout").features + 2 * sprout.WIDTHS[1]
    with pytest.raises(BackboneError, match="Sprout has no layer 'stage9' to learn from. It has these: .*stage1_"):
        distill._with_layers(replace(plan, teacher_layers=("stage9",)), None)


def test_a_wider_network_starts_with_what_the_narrow_one_knew(tmp_path):
    narrow = _network((8, 8, 16, 16, 20))
    _disturb(narrow)
    (tmp_path / "narrow.npz").write_bytes(sprout.save_weights(narrow))
    sprout.load_weights(narrow, tmp_path / "narrow.npz")
    wide = _network((8, 8, 16, 16, 28))
    distill.warm_start(wide, tmp_path / "narrow.npz")
    x = np.random.default_rng(0).uniform(-1, 1, (4, 48, 48, 3)).astype(np.float32)
    old, new = (np.asarray(model.predict_on_batch(x)) for model in (narrow, wide))
    assert new.shape == (4, 2 * 16 + 2 * 16 + 28)
    assert np.allclose(new[:, :84], old, atol=1e-4)
    assert new[:, 84:].std() > 0


def test_weights_of_another_network_are_refused_as_a_start(tmp_path):
    np.savez(tmp_path / "other.npz", dense=np.zeros(3))
    with pytest.raises(BackboneError, match="does not hold weights of this network"):
        distill.warm_start(_network((8, 8, 16, 16, 20)), tmp_path / "other.npz")


def _network(widths: tuple[int, ...]) -> keras.Model:
    inputs = keras.Input((48, 48, 3))
    return keras.Model(inputs, sprout.sprout(inputs, widths))


def _disturb(model: keras.Model) -> None:
    """Give BatchNorm statistics that matter, as training would."""
    generator = np.random.default_rng(1)
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))


def test_a_batch_of_views_depends_on_seed_and_number_alone(pictures, tmp_path):
    found = Pictures(tmp_path / "cache", find_pictures([pictures]), 64)
    first, again, other = (Views(found, (48, 64), 8, seed) for seed in (0, 0, 1))
    first.batch(0)
    assert np.array_equal(first.batch(3)[0], again.batch(3)[0])
    assert not np.array_equal(first.batch(3)[0], other.batch(3)[0])


def test_every_picture_is_shown_once_before_any_is_shown_again(pictures, tmp_path):
    views = Views(Pictures(tmp_path / "cache", find_pictures([pictures]), 32), (48, 64), 5, 0)
    shown = np.concatenate([views._rows(number) for number in range(12)])
    assert all(sorted(shown[start : start + 12]) == list(range(12)) for start in range(0, 60, 12))


def test_student_and_teacher_see_the_same_piece():
    square = np.asarray(Image.linear_gradient("L").convert("RGB"))
    for seed in range(10):
        small, large = view(square, (48, 96), np.random.default_rng(seed))
        halved = np.asarray(Image.fromarray(large).resize((48, 48), Image.Resampling.BILINEAR))
        assert np.abs(halved.astype(int) - small).mean() < 4


def test_features_of_earlier_weights_are_never_taken_for_todays(workspace, tmp_path, monkeypatch):
    pixels = Pixels(workspace, 48, "crop")
    today = embed.features_cache(workspace, "sprout", pixels)
    today.add(["a picture"], np.zeros((1, 3), np.float32))
    other = tmp_path / pretrained.SPROUT_WEIGHTS.name
    other.write_bytes(sprout.save_weights(architecture("sprout", 48)))
    monkeypatch.setattr(pretrained, "SPROUT_WEIGHTS", other)
    assert embed.features_cache(workspace, "sprout", pixels).missing(["a picture"]) == ["a picture"]


def test_earlier_versions_caches_do_not_fit_todays_weights():
    """Their weights are the same, but fewer stages spoke: their features have another width."""
    assert pretrained.weights_hash("sprout") not in ("89acf740ba914d40", "983761a66bc90eaf")
    stored = arrays(pretrained.SPROUT_WEIGHTS)
    assert stored["pooled_stages"].tolist() == list(sprout.POOLED_STAGES)
    assert stored["peak_stages"].tolist() == list(sprout.PEAK_STAGES)


def test_shipped_weights_are_half_precision_and_small():
    stored = arrays(pretrained.SPROUT_WEIGHTS)
    assert pretrained.SPROUT_WEIGHTS.stat().st_size <= 8e6
    assert all(value.dtype == np.float16 and np.isfinite(value).all() for value in stored.values())
    assert sum(value.size for value in stored.values()) <= 4e6


def test_the_model_card_names_the_shipped_weights_by_their_hash():
    card = (ROOT / "docs" / "backbone.md").read_text(encoding="utf-8")
    assert pretrained.SPROUT_WEIGHTS.name in card
    assert hashlib.sha256(pretrained.SPROUT_WEIGHTS.read_bytes()).hexdigest() in card


def test_distillation_runs_on_jax_where_it_is_installed(pictures, tmp_path):
    pytest.importorskip("jax", reason="JAX is not installed here")
    command = [
        sys.executable,
        "-m",
        "engine.backbones.distillation",
        "--teacher",
        "sprout",
        "--images",
        str(pictures),
    ]
    sizes = ["--student-size", "48", "--teacher-size", "48", "--picture-size", "48", "--batch-size", "4"]
    out = tmp_path / "out"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([*command, *sizes, "--steps", "2", "--out", str(out)], cwd=ROOT, env=environment, check=True)
    assert (out / "sprout.npz").exists()
