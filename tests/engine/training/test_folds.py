"""What belongs together (one speaker, one patient, copies) is never on both sides of a fold."""

from dataclasses import replace

import numpy as np
import pytest

from engine.curation import out_of_sample
from engine.training import snapshot
from engine.training.heads import folds, linear_probe
from engine.training.inputs.subsample import rows_of_fraction
from engine.training.recipe import Recipe
from tests.support.tiny_runs import discs, new_run

GROUPS, EACH, CLASSES = 24, 12, 3


@pytest.fixture(scope="module")
def families() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features whose pictures say more about their group than about their class; class and group of each."""
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(GROUPS), EACH)
    y = units % CLASSES
    of_group, of_class = rng.normal(size=(GROUPS, 40)), rng.normal(0, 0.4, (CLASSES, 40))
    x = of_group[units] + of_class[y] + rng.normal(0, 0.2, (len(units), 40))
    return x.astype(np.float32), y, units


def test_the_penalty_is_chosen_for_new_groups_and_not_for_more_of_the_same(families):
    x, y, units = families
    mixed, apart = (linear_probe.fit(x, y, CLASSES, Recipe(), own) for own in (None, units))
    assert apart.source == mixed.source == "chosen"
    assert apart.strength > mixed.strength


def test_held_out_answers_are_as_right_as_on_new_groups(families):
    """The temperature is found from them: what knows the siblings would be taken for sure."""
    x, y, units = families
    share = {}
    for name, own in (("mixed", None), ("apart", units)):
        truth, probabilities = linear_probe.fit(x, y, CLASSES, Recipe(), own).held_out
        share[name] = (probabilities.argmax(axis=1) == truth).mean()
    known, new = units < GROUPS // 2, units >= GROUPS // 2
    head = linear_probe.fit(x[known], y[known], CLASSES, Recipe(), units[known]).head
    on_new = (head.logits(x[new]).argmax(axis=1) == y[new]).mean()
    assert share["mixed"] > 0.95
    assert abs(share["apart"] - on_new) < 0.25 < share["mixed"] - on_new


@pytest.mark.parametrize("several", [False, True])
def test_no_unit_is_divided_and_every_picture_is_asked_once(families, several):
    _x, y, units = families
    made = folds.multi_label(np.eye(CLASSES)[y], units, 3, 0) if several else folds.single_label(y, units, 3, 0)
    assert len(made) == 3
    for learned, asked in made:
        assert not set(units[learned]) & set(units[asked])
    assert sorted(np.concatenate([asked for _learned, asked in made])) == list(range(len(y)))


def test_with_too_few_groups_the_penalty_is_the_default_and_nothing_is_held_out(families):
    x, y, units = families
    few = units < CLASSES  # one group a class
    fitted = linear_probe.fit(x[few], y[few], CLASSES, Recipe(), units[few])
    assert (fitted.source, fitted.held_out) == ("default", None)
    assert folds.multi_label(np.eye(CLASSES)[y[few]], units[few], 3, 0) is None


def test_halves_and_shares_take_whole_groups(families):
    x, y, units = families
    taught, asked = folds.half(y, units, seed=1)
    assert not set(units[taught]) & set(units[asked])
    assert sorted(np.concatenate([taught, asked])) == list(range(len(y)))
    some = rows_of_fraction(y, 0.5, 0, units)
    whole = [group for group in np.unique(units[some]) if (units[some] == group).sum() == EACH]
    assert len(some) == len(y) / 2 and len(whole) >= GROUPS / 2 - CLASSES
    assert set(rows_of_fraction(y, 0.25, 0, units)) <= set(some)
    assert out_of_sample.strength(x, y, units=units).l2 > out_of_sample.strength(x, y).l2


def test_a_run_knows_which_pictures_belong_together(workspace):
    items = discs(workspace, per_class=20)
    mixed = snapshot.read(new_run(workspace, items))
    assert not mixed.groups_apart  # "odd" and "even" are in every part
    assert len(np.unique(mixed.units(mixed.rows("train")))) == len(mixed.rows("train"))
    items = [replace(item, group=f"{item.split} {item.label} {item.id % 2}") for item in items]
    apart = snapshot.read(new_run(workspace, items))
    assert apart.groups_apart
    rows = apart.rows("train")
    assert len(np.unique(apart.units(rows))) == len(set(apart.groups[rows]))


def test_copies_are_one_unit_where_there_are_no_groups(workspace):
    items = discs(workspace, per_class=10)
    items[1] = replace(items[1], sha256=items[0].sha256)
    frozen = snapshot.read(new_run(workspace, items))
    first, second = frozen.units(np.arange(len(items)))[[0, 1]]
    assert first == second


def test_two_classes_are_held_back_as_much_in_fine_tuning_as_in_the_probe():
    """The probe has one column of weights; fine-tuning has two, of half of it each."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)).astype(np.float32), np.arange(60) % 2
    head = linear_probe.fit(x, y, 2, Recipe(l2=0.05)).head
    (kernel, _bias), *_others = head.layers
    column = kernel[:, 1] - kernel[:, 0]
    assert head.penalty[1] * (kernel**2).sum() == pytest.approx(0.05 * (column**2).sum(), rel=1e-5)


def test_repeated_pictures_do_not_make_the_penalty_weaker():
    """Pictures that are repeated as often as there are of the others say the same as pictures that weigh as much."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 5)).astype(np.float32)
    y = (np.arange(120) % 6 == 0).astype(int)
    once, shown, weighed = (
        linear_probe.fit(x, y, 2, Recipe(l2=0.05, class_balancing=how)).head.layers[0][0]
        for how in ("none", "oversample", "weights")
    )
    assert np.abs(shown - weighed).max() < 0.05 * np.abs(weighed).max() < np.abs(shown - once).max()
