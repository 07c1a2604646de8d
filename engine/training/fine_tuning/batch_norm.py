"""Whether BatchNorm learns with the rest of the network, or keeps what it knows from its pretraining."""

import keras

from engine.training.fine_tuning.classifier import STANDARDISE
from engine.training.recipe import Recipe

# Below so many pictures a batch its mean and deviation are mostly chance: the error rises (Wu and He 2018, figure 1).
SMALLEST_BATCH = 16
# Its running statistics remember about the last hundred batches (Keras' momentum of 0.99). With fewer batches an epoch
# they would be those of a network that has changed since, and of the same pictures over and over.
FEWEST_BATCHES = 100


def learns(recipe: Recipe, pictures: int) -> bool:
    """Tell whether BatchNorm is to learn from so many training pictures.

    With too few of them its statistics drift (measured: 64 % -> 45 % on 1,000 pictures of CIFAR-10 in batches of 16);
    where only an upper part trains, those of the lower part would not fit them any more. A network that begins with
    random weights has nothing to keep and always learns it.
    """
    if recipe.from_nothing:
        return True
    enough = recipe.batch_size >= SMALLEST_BATCH and pictures >= FEWEST_BATCHES * recipe.batch_size
    return recipe.streams and enough


def set_up(part: keras.Model, *, learns: bool, from_nothing: bool = False) -> None:
    """Let every BatchNorm of the network learn, or keep it as it is.

    The scale of the features, on which the head was learned, stays unless the features begin at random.
    """
    for layer in part._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = learns and (from_nothing or layer.name != STANDARDISE)
