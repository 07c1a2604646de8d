"""A recipe says everything about a run as plain data, and refuses nonsense in words."""

import json

import pytest

from engine.errors import BackboneError, TrainingError
from engine.training.recipe import AUGMENTATIONS, RECIPES, Recipe


def refusal(**options) -> str:
    with pytest.raises(TrainingError) as error:
        Recipe.from_dict(options).validate()
    return str(error.value)


@pytest.mark.parametrize("name", RECIPES)
def test_every_offered_recipe_is_valid_and_survives_json(name):
    recipe = Recipe.from_dict({"name": name, "backbone": "sprout"})
    recipe.validate()
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert recipe.title == RECIPES[name].title


def test_the_picture_size_defaults_to_the_networks_own():
    assert Recipe(backbone="sprout").size == 96
    assert Recipe(backbone="vgg16").size == 224
    assert Recipe(backbone="vgg16", image_size=64).size == 64


def test_pictures_are_mixed_only_where_the_whole_network_trains():
    assert "has no use for mixing" in refusal(name="balanced", mixing="mixup")
    Recipe.from_dict({"name": "balanced", "freeze_depth": 0.0, "mixing": "mixup"}).validate()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "magic"}, "'magic' is no choice for recipe"),
        ({"image_size": 4000}, "image_size is 4000. A whole number from 48 to 160 was expected."),
        ({"image_size": 64.5}, "image_size is 64.5"),
        ({"fit": "squash"}, "'squash' is no choice for fit"),
        ({"name": "balanced", "learning_rate": "fast"}, "learning_rate is fast. A number from 1e-07 to 10"),
        ({"name": "balanced", "learning_rate": float("nan")}, "learning_rate is nan"),
        ({"name": "balanced", "epochs": 0}, "epochs is 0. A whole number from 1 to 1000"),
        ({"name": "balanced", "batch_size": True}, "batch_size is True"),
        ({"name": "balanced", "dropout": 1.0}, "dropout is 1.0"),
        ({"name": "balanced", "optimizer": "lion"}, "'lion' is no choice for optimizer"),
        ({"name": "balanced", "augmentation": ["auto", "flip"]}, "'auto' stands alone"),
        ({"name": "balanced", "augmentation": ["swirl"]}, "'swirl' is no choice for augmentation"),
        ({"seed": -1}, "seed is -1"),
        ({"colour": "blue"}, "A recipe has no option 'colour'"),
    ],
)
def test_nonsense_is_refused_in_words(options, words):
    assert words in refusal(**options)


def test_an_option_that_would_do_nothing_is_refused():
    assert "has no use for epochs" in refusal(name="instant", epochs=30)
    assert "has no use for hidden_units" in refusal(name="instant", hidden_units=64)
    Recipe.from_dict({"name": "instant", "head": "hidden", "hidden_units": 64, "dropout": 0.2}).validate()


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(BackboneError, match="There is no network 'resnet9000'. Choose one of: sprout"):
        Recipe(backbone="resnet9000").validate()


def test_every_augmentation_has_plain_words():
    assert all(len(words.split()) > 1 for words in AUGMENTATIONS.values())
