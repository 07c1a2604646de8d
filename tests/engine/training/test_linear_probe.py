"""The linear probe: scikit-learn's regression folded into one dense layer, its strength chosen on training data."""

import numpy as np
import pytest

from engine.training.heads import linear_probe, regularization
from engine.training.objectives import balancing, focal
from engine.training.recipe import Recipe


def blobs(per_class: list[int], width: int = 12, seed: int = 0, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return features around one centre a class, far from zero and of very different scales, and their classes."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(0, 2, (len(per_class), width))
    y = np.repeat(np.arange(len(per_class)), per_class)
    x = (centres[y] + generator.normal(0, spread, (len(y), width))) * np.logspace(-2, 2, width) + 5
    return x.astype(np.float32), y


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_the_folded_head_classifies_raw_features(classes):
    head = linear_probe.fit(*blobs([30] * classes), classes, Recipe()).head
    x, y = blobs([50] * classes, seed=9)
    probabilities = head.probabilities(x)
    assert probabilities.shape == (len(y), classes)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == y).mean() > 0.95


def test_the_folded_head_says_what_scikit_learn_says():
    from sklearn.linear_model import LogisticRegression

    x, y = blobs([40, 40, 40])
    fitted = linear_probe.fit(x, y, 3, Recipe(l2=0.01))
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    model = LogisticRegression(C=1 / (0.02 * len(x)), max_iter=1000, tol=1e-6).fit((x - mean) / deviation, y)
    assert fitted.source == "given"
    np.testing.assert_allclose(
        fitted.head.probabilities(x), model.predict_proba((x - mean) / deviation), rtol=0.02, atol=0.005
    )


def test_cross_validation_prefers_a_strong_penalty_on_noise_and_a_weak_one_on_clear_classes():
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(90, 40)).astype(np.float32)
    labels = generator.integers(0, 3, 90)
    assert linear_probe.fit(noise, labels, 3, Recipe()).strength == max(regularization.STRENGTHS)
    assert linear_probe.fit(*blobs([60] * 3, spread=0.1), 3, Recipe()).strength == min(regularization.STRENGTHS)


def test_a_class_with_one_training_picture_is_no_obstacle():
    fitted = linear_probe.fit(*blobs([1, 5, 5]), 3, Recipe())
    assert fitted.source == "default"
    assert fitted.head.logits(blobs([2, 2, 2])[0]).shape == (6, 3)


def test_stronger_l2_means_smaller_weights_and_l1_means_zeros():
    x, y = blobs([30, 30, 30])

    def kernel(**options) -> np.ndarray:
        return linear_probe.fit(x, y, 3, Recipe(**options)).head.layers[0][0]

    assert np.abs(kernel(l2=1.0)).sum() < 0.5 * np.abs(kernel(l2=0.001)).sum()
    assert (np.abs(kernel(l1=0.1)) < 1e-6).mean() > 0.3


@pytest.mark.parametrize("balancing", ["weights", "oversample"])
def test_balancing_helps_the_small_class(balancing):
    x, y = blobs([300, 12], spread=6.0)
    test_x, test_y = blobs([200, 200], seed=5, spread=6.0)

    def recall(option: str) -> float:
        predicted = (
            linear_probe.fit(x, y, 2, Recipe(class_balancing=option, l2=0.01)).head.logits(test_x).argmax(axis=1)
        )
        return float((predicted[test_y == 1] == 1).mean())

    assert recall(balancing) > recall("none") + 0.1


def test_focal_balancing_ends_where_the_focal_loss_is_smaller():
    x, y = blobs([300, 30], spread=6.0)

    def focal_loss(option: str) -> float:
        logits = linear_probe.fit(x, y, 2, Recipe(class_balancing=option, l2=0.01)).head.logits(x)
        return float(focal.FocalLoss()(np.eye(2)[y], logits))

    assert focal_loss("focal") < 0.97 * focal_loss("none")


def test_focal_loss_is_that_of_the_paper_and_its_weights_are_its_gradient():
    logits, y = np.log([[0.9, 0.1], [0.2, 0.8]]).astype(np.float32), np.array([0, 0])
    expected = -np.mean([0.1**2 * np.log(0.9), 0.8**2 * np.log(0.2)])
    assert float(focal.FocalLoss()(np.eye(2)[y], logits)) == pytest.approx(expected, rel=1e-4)
    p, step = np.array([0.9, 0.2]), 1e-6
    slope = ((1 - p - step) ** 2 * np.log(p + step) - (1 - p) ** 2 * np.log(p)) / (np.log(p + step) - np.log(p))
    assert focal.gradient_weights(p) == pytest.approx(slope, rel=1e-3)


def test_oversampling_shows_every_class_equally_often_and_forgets_nobody():
    y = np.array([0] * 10 + [1] * 3 + [2])
    rows = balancing.oversampled(y, np.random.default_rng(0))
    assert np.bincount(y[rows]).tolist() == [10, 10, 10]
    assert set(rows) == set(range(len(y)))


def test_features_that_never_vary_do_no_harm():
    x, y = blobs([20, 20])
    x[:, 3] = 7.0
    logits = linear_probe.fit(x, y, 2, Recipe()).head.logits(np.where(np.arange(12) == 3, 7.001, x))
    assert np.isfinite(logits).all()
    assert (logits.argmax(axis=1) == y).mean() > 0.9
