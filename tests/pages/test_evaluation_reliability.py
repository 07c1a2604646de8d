"""How sure a model is, when it had better say nothing, and what it has never seen: numbers against scikit-learn."""

import io
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest, norm
from sklearn import metrics as reference

from engine.backbones import forward
from engine.data.modalities import image
from engine.errors import Stopped
from engine.evaluation import results
from engine.evaluation.metrics import calibration, curves, intervals
from engine.evaluation.metrics import single_label as metrics
from engine.evaluation.reliability import corruptions, nearest_examples, out_of_distribution, robustness, selective
from engine.evaluation.reliability.selective import Answering
from engine.storage import runs, status_file
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training.fine_tuning import classifier as classifiers
from engine.training.heads import head, linear_probe
from engine.training.objectives import scores
from engine.training.recipe import Recipe
from engine.worker import door
from tests.conftest import SHARED_DATA
from tests.support.pictures import COLOURS, draw_picture
from tests.support.tiny_runs import discs, train


def too_sure(pictures=4000, classes=4, temperature=2.5, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """Return classes drawn from honest probabilities, and the same probabilities sharpened as by a network."""
    rng = np.random.default_rng(seed)
    honest = scores.softmax(rng.normal(0, 2, (pictures, classes)))
    y = (rng.random((pictures, 1)) > honest.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return y, calibration.tempered(honest, 1 / temperature)


def test_the_temperature_that_made_a_model_too_sure_is_found_and_taken_back():
    y, sharpened = too_sure()
    temperature = calibration.fit_temperature(y[:2000], sharpened[:2000])
    assert temperature == pytest.approx(2.5, rel=0.1)
    after = calibration.tempered(sharpened[2000:], temperature)
    assert calibration.calibration_error(y[2000:], after) < 0.03
    assert calibration.calibration_error(y[2000:], sharpened[2000:]) > 0.1
    np.testing.assert_array_equal(after.argmax(axis=1), sharpened[2000:].argmax(axis=1))


def test_three_validation_pictures_all_right_do_not_make_a_model_claim_certainty():
    sure = np.tile(np.array([[0.7, 0.3]], np.float32), (3, 1))
    temperature = calibration.fit_temperature(np.zeros(3, int), sure)
    assert 0.5 < temperature < 1
    assert calibration.fit_temperature(np.zeros(0, int), np.zeros((0, 2))) == 1.0


def test_the_cross_validated_pictures_steady_a_temperature_that_few_validation_pictures_would_miss():
    y, sharpened = too_sure()
    few = [calibration.fit_temperature(y[start : start + 40], sharpened[start : start + 40]) for start in (0, 40, 80)]
    held_out = y[2000:], sharpened[2000:]
    steady = [
        calibration.fit_temperature(y[start : start + 40], sharpened[start : start + 40], held_out)
        for start in (0, 40, 80)
    ]
    assert max(abs(np.log(np.array(steady) / 2.5))) < 0.1 < max(abs(np.log(np.array(few) / 2.5)))
    assert calibration.fit_temperature(y[:0], sharpened[:0], held_out) == pytest.approx(2.5, rel=0.1)


def test_every_picture_of_the_cross_validation_is_answered_by_a_probe_that_had_not_seen_it():
    x, y = np.random.default_rng(0).normal(0, 1, (90, 20)).astype(np.float32), np.tile([0, 1, 2], 30)
    labels, probabilities = linear_probe.fit(x, y, 3, Recipe()).held_out
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    # Labels by chance: what was learned by heart would be right, what was held out is not.
    assert (probabilities.argmax(axis=1) == y).mean() < 0.5
    assert linear_probe.fit(x, y, 3, Recipe(l2=0.01)).held_out is None


def test_what_chance_makes_of_perfect_probabilities_is_what_they_show():
    y, sharpened = too_sure(300)
    perfect = calibration.tempered(sharpened, 2.5)
    chance = calibration.by_chance(perfect)
    assert 0.02 < chance["usual"] < chance["high"] < 0.1
    assert calibration.calibration_error(y, perfect) < chance["high"] < calibration.calibration_error(y, sharpened)
    assert calibration.by_chance(np.tile(perfect, (100, 1)))["usual"] < chance["usual"] / 4


def test_the_calibration_error_is_smoothed_by_a_gaussian_mirrored_at_both_ends():
    """Against the formula of the paper, summed picture by picture on a fine grid."""
    y, sharpened = too_sure(150)
    said, right = sharpened.max(axis=1).astype(float), sharpened.argmax(axis=1) == y
    found = calibration.calibration_error(y, sharpened)
    grid = (np.arange(2000) + 0.5) / 2000
    mirrored = np.concatenate([np.concatenate([said, -said]) + shift for shift in (-4, -2, 0, 2, 4)])
    density = norm.pdf(grid[:, None], mirrored, found).reshape(len(grid), -1, len(said)).sum(axis=1)
    assert np.abs(density @ (right - said) / len(said)).mean() == pytest.approx(found, rel=0.02)


def test_the_calibration_error_tells_the_better_of_two_models_where_bins_cannot():
    told = {calibration.calibration_error: 0, bins_of_equal_width: 0}
    for seed in range(60):
        y, sharpened = too_sure(200, temperature=1.4, seed=seed)
        better = calibration.tempered(sharpened, 1.3)
        for error in told:
            told[error] += error(y, better) < error(y, sharpened)
    assert told[calibration.calibration_error] > told[bins_of_equal_width]


def bins_of_equal_width(y: np.ndarray, probabilities: np.ndarray) -> float:
    rows = calibration.reliability(y, probabilities)
    return sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / len(y)


def test_what_ninety_percent_is_worth_is_counted_from_the_pictures_near_it():
    highest = np.array([0.91] * 12 + [0.88] * 8 + [0.5] * 30)
    probabilities = np.stack([highest, 1 - highest], axis=1)
    y = np.array([0] * 15 + [1] * 35)
    said = calibration.spoken(y, probabilities)
    interval = binomtest(15, 20).proportion_ci(method="wilson")
    assert (said["confidence"], said["count"], said["accuracy"]) == (pytest.approx(0.898), 20, 0.75)
    assert (said["low"], said["high"]) == (pytest.approx(interval.low), pytest.approx(interval.high))
    # Where too few are near 90 % the next level with enough of them speaks; with none, nobody does.
    few = calibration.spoken(y[12:], probabilities[12:])
    assert (few["confidence"], few["count"], few["accuracy"]) == (pytest.approx(0.5), 30, 0)
    assert calibration.spoken(y[:14], probabilities[:14]) is None


def test_the_report_holds_both_sides_and_every_picture_once():
    y, sharpened = too_sure(500)
    report = calibration.report(y, calibration.tempered(sharpened, 2.5), 2.5, fitted_on=100)
    assert report["before"]["error"] == pytest.approx(calibration.calibration_error(y, sharpened), abs=1e-4)
    assert report["before"]["log_loss"] > report["after"]["log_loss"]
    assert sum(row["count"] for row in report["after"]["bins"]) == 500


def test_the_temperature_is_inside_the_saved_model():
    inputs = keras.Input((4, 4, 3))
    body = keras.Model(inputs, keras.layers.Flatten()(inputs))
    rng = np.random.default_rng(1)
    layers = ((rng.normal(0, 0.05, (48, 3)).astype(np.float32), np.array([0.1, -0.2, 0.3], np.float32)),)
    classifier = classifiers.finished(body, head.Head(layers, np.zeros(48, np.float32), np.ones(48, np.float32)))
    pixels = rng.uniform(0, 255, (5, 4, 4, 3)).astype(np.float32) / 100
    before = classifiers.predict(classifier, pixels)
    classifiers.temper(classifier, 3.0)
    np.testing.assert_allclose(classifiers.predict(classifier, pixels), calibration.tempered(before, 3.0), atol=1e-5)


def test_every_score_agrees_with_scikit_learn():
    y, probabilities = too_sure(400, classes=6)
    said = probabilities.argmax(axis=1)
    assert metrics.weighted_f1(y, said, 6) == pytest.approx(reference.f1_score(y, said, average="weighted"))
    assert metrics.macro_f1(y, said, 6) == pytest.approx(reference.f1_score(y, said, average="macro"))
    assert metrics.balanced_accuracy(y, said, 6) == pytest.approx(reference.balanced_accuracy_score(y, said))
    assert metrics.cohens_kappa(y, said, 6) == pytest.approx(reference.cohen_kappa_score(y, said))
    assert metrics.log_loss(y, probabilities) == pytest.approx(reference.log_loss(y, probabilities), rel=1e-4)
    for k in (1, 3, 5):
        assert metrics.top_k_accuracy(y, probabilities, k) == pytest.approx(
            reference.top_k_accuracy_score(y, probabilities, k=k, labels=range(6))
        )


def test_curves_of_a_class_agree_with_scikit_learn():
    y, probabilities = too_sure(300)
    scores, positive = probabilities[:, 1].round(2), y == 1
    roc, found = curves.roc(positive, scores), curves.precision_recall(positive, scores)
    assert roc["area"] == pytest.approx(reference.roc_auc_score(positive, scores))
    assert found["average"] == pytest.approx(reference.average_precision_score(positive, scores))
    precision, recall, _thresholds = reference.precision_recall_curve(positive, scores)
    assert {(round(p, 9), round(r, 9)) for p, r in zip(found["precision"], found["recall"], strict=True)} <= {
        (round(p, 9), round(r, 9)) for p, r in zip(precision, recall, strict=True)
    }


def test_a_threshold_trades_misses_for_false_alarms():
    positive, scores = np.array([True, True, True, False, False]), np.array([0.9, 0.4, 0.1, 0.5, 0.05])
    assert curves.counts_at(positive, scores, 0.5) == curves.Counts(1, 2, 1, 1)
    assert curves.counts_at(positive, scores, 0.1) == curves.Counts(3, 0, 1, 1)
    assert curves.counts_at(positive, scores, 0.5).cost(5) == 11
    assert curves.threshold_for(1) == 0.5 and curves.threshold_for(4) == pytest.approx(0.2)


def test_a_threshold_of_one_class_changes_only_what_it_must():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    answers, called = curves.answers_with_thresholds(probabilities, {1: 0.25})
    assert (answers.tolist(), called.tolist()) == ([1, 1, 2], [True, True, False])
    assert curves.answers_with_thresholds(probabilities, {1: 0.8})[0].tolist() == [0, 0, 2]
    assert curves.answers_with_thresholds(probabilities, {})[0].tolist() == [0, 1, 2]
    # Of two that reach their thresholds the one further above it, of none the nearest.
    assert curves.answers_with_thresholds(probabilities, {0: 0.4, 1: 0.2})[0].tolist() == [1, 1, 1]
    assert curves.answers_with_thresholds(probabilities, {0: 0.9, 1: 0.9, 2: 0.9})[0].tolist() == [0, 1, 2]


def test_the_dearer_a_mistake_the_less_it_answers_and_the_more_of_it_is_right():
    assert [selective.threshold_for(cost) for cost in (1, 2, 10)] == [0, 0.5, 0.9]
    y, sharpened = too_sure()
    honest = calibration.tempered(sharpened, 2.5)
    outcomes = [selective.outcome(y, honest, selective.threshold_for(cost)) for cost in (1, 3, 10)]
    assert outcomes[0].answered == len(y)
    assert [o.answered for o in outcomes] == sorted((o.answered for o in outcomes), reverse=True)
    assert [o.accuracy for o in outcomes] == sorted(o.accuracy for o in outcomes)
    # The rule is the cheapest there is when probabilities are honest.
    cheapest = min(selective.outcome(y, honest, t).cost(3) for t in np.linspace(0, 1, 41))
    assert outcomes[1].cost(3) <= 1.03 * cheapest


def test_the_selective_curve_ends_at_the_accuracy_of_all_pictures():
    y = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]])
    points = selective.curve(y, probabilities)
    assert [(p["coverage"], round(p["accuracy"], 3)) for p in points] == [
        (0.25, 1),
        (0.5, 0.5),
        (0.75, 0.667),
        (1, 0.75),
    ]


def test_strange_pictures_and_early_calls_count_in_what_is_answered_and_in_its_curve():
    y = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]])
    refused, own = np.array([True, False, False, False]), {1: 0.15}
    assert selective.outcome(y, probabilities, 0.0, refused=refused) == selective.Outcome(4, right=2, wrong=1)
    assert selective.outcome(y, probabilities, 0.7, own, refused) == selective.Outcome(4, right=2, wrong=1)
    assert selective.outcome(y, probabilities, 0.0, refused=~refused).cost(5) == 3
    for rules in ({"refused": refused}, {"own": own}, {"own": own, "refused": refused}):
        for point in selective.curve(y, probabilities, **rules):
            found = selective.outcome(y, probabilities, point["threshold"], **rules)
            assert (found.answered / 4, found.accuracy) == (point["coverage"], point["accuracy"])
    assert selective.curve(y, probabilities, refused=np.ones(4, bool)) == []


def test_two_windows_may_keep_two_choices(tmp_path):
    selective.change(tmp_path, lambda now: now.with_miss_cost("lesion", 9))
    selective.change(tmp_path, lambda now: replace(now, cost=5.0))
    assert selective.read(tmp_path) == Answering(5.0, miss_costs={"lesion": 9})


def test_how_a_model_answers_is_kept_beside_it_and_obeyed(tmp_path):
    def said(answering, highest: float, unknown=None) -> str:
        return selective.verdict(answering, [highest, 1 - highest], ["lesion", "skin"], unknown).said

    assert said(selective.read(tmp_path), 0.6) == "answer"
    selective.write(tmp_path, Answering(cost=5))
    kept = selective.read(tmp_path)
    assert said(kept, 0.79) == "unsure"
    assert said(kept, 0.81, {"score": 1.0, "limit": 2.0}) == "answer"
    assert said(kept, 0.99, {"score": 3.0, "limit": 2.0}) == "unknown"
    assert said(Answering(5, refuse_unknown=False), 0.99, {"score": 3.0, "limit": 2.0}) == "answer"


def test_a_class_that_must_not_be_missed_is_called_early_until_that_is_taken_back(tmp_path):
    selective.write(tmp_path, Answering(cost=5).with_miss_cost("lesion", 9).with_miss_cost("gone", 2))
    kept, names = selective.read(tmp_path), ["lesion", "skin"]
    assert kept.own_thresholds(names) == {0: pytest.approx(0.1)}
    assert selective.verdict(kept, [0.12, 0.88], names, None) == selective.Verdict("answer", 0, pytest.approx(0.1))
    assert selective.verdict(kept, [0.05, 0.95], names, None) == selective.Verdict("answer", 1)
    assert selective.verdict(kept, [0.5, 0.5], names, {"score": 3.0, "limit": 2.0}).said == "unknown"
    back = kept.with_miss_cost("lesion", None)
    assert selective.verdict(back, [0.12, 0.88], names, None).position == 1
    y, probabilities = np.array([0, 1, 1]), np.array([[0.12, 0.88], [0.3, 0.7], [0.01, 0.99]])
    assert selective.outcome(y, probabilities, 0.8, {0: 0.1}) == selective.Outcome(3, right=2, wrong=1)


def test_few_validation_pictures_set_a_limit_with_room_above_the_strangest_of_them():
    x, y = blobs(3, 60, seed=3)
    for pictures, most in ((12, 0.1), (40, 0.15)):
        refused = []
        for seed in range(10):
            order = np.random.default_rng(seed).permutation(len(y))
            validation, test, learn = np.split(order, [pictures, pictures + 60])
            detector = out_of_distribution.fit(x[learn], y[learn], x[validation])
            refused.append(detector.refuses(x[test]).mean())
            assert detector.refuses(x[test] + 40).all()
        assert np.mean(refused) < most
    twelve = out_of_distribution.fit(x[12:], y[12:], x[:12])
    scores = twelve.scores(x[:12])
    assert twelve.limit == pytest.approx(2 * scores.max() - np.median(scores))


def blobs(classes: int, per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features of classes around corners of a cube, in 12 dimensions."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), per_class)
    return (4 * np.eye(12)[y] + rng.normal(0, 1, (len(y), 12))).astype(np.float32), y


@pytest.mark.parametrize("classes", [2, 5])
def test_what_is_unlike_all_training_is_refused_and_what_is_like_it_rarely(classes, tmp_path):
    (x, y), (validation, _own), (test, _test) = (blobs(classes, 60, seed) for seed in range(3))
    detector = out_of_distribution.fit(x, y, validation)
    detector.save(tmp_path / out_of_distribution.FILE)
    again = out_of_distribution.load(tmp_path / out_of_distribution.FILE)
    np.testing.assert_allclose(again.scores(test), detector.scores(test), rtol=1e-4)
    assert again.refuses(test).mean() < 0.15
    far = np.random.default_rng(5).normal(0, 12, (50, 12)).astype(np.float32)
    assert again.refuses(far).mean() > 0.9


def test_the_detector_is_judged_on_classes_it_never_saw():
    parts = [blobs(6, 40, seed) for seed in range(3)]
    found = out_of_distribution.estimate(*parts[0], *parts[1], *parts[2])
    assert found["folds"] == 3 and found["auroc"] > 0.9
    assert out_of_distribution.estimate(*blobs(2, 40, 0), *blobs(2, 40, 1), *blobs(2, 40, 2)) is None
    assert out_of_distribution.fit(*blobs(2, 40, 0), np.zeros((3, 12))) is None
    known, strange = np.array([0.0, 1, 2]), np.array([1.0, 5])
    area = reference.roc_auc_score([0, 0, 0, 1, 1], [*known, *strange])
    assert out_of_distribution.auroc(known, strange) == pytest.approx(area)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("sure")).create()
    return workspace, train(workspace, discs(workspace, per_class=40))


def test_a_run_stores_its_calibration_its_scores_and_its_detector(trained):
    workspace, run_dir = trained
    facts = runs.read_evaluation(run_dir)
    assert facts["calibration"]["fitted_on"] == facts["counts"]["validation"]
    assert facts["calibration_error"] == pytest.approx(facts["calibration"]["after"]["error"])
    assert {"weighted_f1", "cohens_kappa", "log_loss", "top_k"} <= facts.keys()
    assert facts["unknown"]["limit"] == pytest.approx(
        out_of_distribution.load(run_dir / out_of_distribution.FILE).limit
    )
    assert 0 <= facts["unknown"]["false_refusals"] <= 0.3
    refused = results.refused(run_dir)
    assert len(refused) == facts["counts"]["test"] and refused.mean() == facts["unknown"]["false_refusals"]


def test_a_picture_reminds_of_its_own_kind_and_noise_is_unlike_everything(trained):
    workspace, run_dir = trained
    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)).save(noise, "PNG")
    red = io.BytesIO()
    draw_picture(COLOURS["red"], seed=777).save(red, "PNG")
    known, strange = door.answer("predict", run_dir, workspace, [red.getvalue(), noise.getvalue()])
    assert {near["label"] for near in known["nearest"]} == {"red"}
    assert known["unknown"]["score"] < known["unknown"]["limit"] < strange["unknown"]["score"]
    (run_dir / out_of_distribution.FILE).rename(run_dir / "gone")
    nearest_examples._warm.clear()
    [older] = door.answer("predict", run_dir, workspace, [red.getvalue()])
    (run_dir / "gone").rename(run_dir / out_of_distribution.FILE)
    assert older["unknown"] is None and older["nearest"]


def test_every_disturbance_grows_with_its_strength_and_is_the_same_again():
    picture = np.asarray(draw_picture(COLOURS["blue"], 3, (64, 64)))
    for kind in corruptions.KINDS:
        worse = [
            corruptions.disturbed(picture, kind, strength, seed=4) for strength in range(corruptions.STRENGTHS + 1)
        ]
        assert all(each.shape == picture.shape and each.dtype == np.uint8 for each in worse)
        np.testing.assert_array_equal(worse[0], picture)
        np.testing.assert_array_equal(worse[5], corruptions.disturbed(picture, kind, 5, seed=4))
        changes = [np.abs(each.astype(int) - picture).mean() for each in worse]
        assert changes[1] > 0 and changes[5] > changes[1], kind


def test_a_model_breaks_where_it_is_worse_by_more_than_chance():
    right = [np.ones(40, bool) for _strength in range(6)]
    right[2][:3] = False  # 3 of 40 may be chance
    right[4][:12] = right[5][:20] = False
    assert robustness.breaks_at(right) == 4
    assert robustness.breaks_at(right[:4]) is None
    assert robustness.p_value(8, 2) == pytest.approx(binomtest(2, 10).pvalue)
    least = intervals.least_lost()
    assert robustness.p_value(least, 0) < robustness.SIGNIFICANT <= robustness.p_value(least - 1, 0)


def test_robustness_is_measured_kind_by_kind_stopped_and_taken_up_again(trained, tmp_path, monkeypatch):
    workspace, run_dir = trained
    job, stop, measured = tmp_path / "job.json", tmp_path / "stop", []
    write_json(job, {"task": "robustness", "run_dir": str(run_dir)})
    measure = robustness.measure
    monkeypatch.setattr(robustness, "measure", lambda *some: measured.append(some[2]) or stop.touch() or measure(*some))
    monkeypatch.setattr(status_file, "REPORT_EVERY", 0.0)
    with pytest.raises(Stopped):
        door.answer("measure_run", job, workspace)
    monkeypatch.setattr(robustness, "measure", lambda *some: measured.append(some[2]) or measure(*some))
    stop.unlink()
    found = robustness.measure_all(run_dir, workspace, StatusFile(tmp_path / "status.json").advance)
    assert read_json(run_dir / robustness.FILE) == found
    told = read_json(tmp_path / "status.json")
    assert told["progress"] == 1 and told["seconds_left"] == 0
    assert measured == [corruptions.KINDS[0], *corruptions.KINDS]
    assert [row["kind"] for row in found["rows"]] == list(corruptions.KINDS)
    for row in found["rows"]:
        assert len(row["accuracy"]) == len(row["examples"]) == 6
        assert row["pictures"] == runs.read_evaluation(run_dir)["counts"]["test"]
        assert row["accuracy"][0] == pytest.approx(runs.read_evaluation(run_dir)["accuracy"], abs=0.05)
    write_json(run_dir / robustness.FILE, {**found, "rows": found["rows"][:-1]})
    assert robustness.measure_all(run_dir, workspace, StatusFile(None).advance) == found
    assert measured[-1] == corruptions.KINDS[-1] and len(measured) == len(corruptions.KINDS) + 2, (
        "only what was missing"
    )


@pytest.fixture(scope="module")
def clothing(tmp_path_factory):
    """Sprout's features, classes and splits of photos of clothes: every third training picture, all held-out ones."""
    archive = SHARED_DATA / "clothing.zip"
    if not archive.exists():
        pytest.skip(f"no larger data sets in {SHARED_DATA}")
    with zipfile.ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))
        names = [name for place, name in enumerate(names) if "train/" not in name or place % 3 == 0]
        pixels = np.stack([image.load_pixels(opened.read(name), 96, "crop") for name in names])
    parts = [name.split("/")[-3:-1] for name in names]
    classes = sorted({label for _split, label in parts})
    workspace = Workspace(tmp_path_factory.mktemp("clothing")).create()
    features = forward.run(forward.open_backbone(workspace, "sprout", 96), pixels)
    y = np.array([classes.index(label) for _split, label in parts])
    return features, y, np.array([split for split, _label in parts])


@pytest.mark.slow
def test_temperature_scaling_lowers_the_calibration_error_on_clothing(clothing):
    """A mean over random splits: on one of a few hundred pictures the error is off by a point or two by chance."""
    x, y, _split = clothing
    errors = []
    for seed in range(4):
        test, choose, learn = np.split(np.random.default_rng(seed).permutation(len(y)), [372, 713])
        fitted = linear_probe.fit(x[learn], y[learn], 10, Recipe.from_dict({"l2": 0.0005}))
        before = fitted.head.probabilities(x[test])
        temperature = calibration.fit_temperature(y[choose], fitted.head.probabilities(x[choose]))
        after = calibration.tempered(before, temperature)
        errors.append([calibration.calibration_error(y[test], each) for each in (before, after)])
    before, after = np.mean(errors, axis=0)
    assert after < 0.75 * before


@pytest.mark.slow
def test_two_classes_of_clothing_that_were_left_out_are_told_from_the_others(clothing):
    x, y, split = clothing
    areas = []
    for out in ((0, 5), (1, 6), (2, 7), (3, 8), (4, 9)):
        known = ~np.isin(y, out)
        learn, choose, test = (known & (split == part) for part in ("train", "validation", "test"))
        detector = out_of_distribution.fit(x[learn], y[learn], x[choose])
        assert detector.refuses(x[test]).mean() < 0.12
        areas.append(
            out_of_distribution.auroc(detector.scores(x[test]), detector.scores(x[(split == "test") & ~known]))
        )
    assert np.mean(areas) >= 0.75
