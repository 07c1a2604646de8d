"""The optimizer of a recipe with its schedule: warm-up, then cosine decay, gradients clipped by their global norm."""

import functools
from typing import Any

import keras
from keras import ops

from engine.training.recipe import Recipe

WARM_UP_SHARE = 0.1
CLIP_NORM = 1.0
MOMENTUM = 0.9
WEIGHT_DECAY = 0.01
LONGEST_MEMORY = 0.999  # of averaged weights: about a thousand steps


def make_optimizer(recipe: Recipe, learning_rate: float, steps: int) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer, its rate falling from `learning_rate` to 0 within `steps` steps.

    Where the recipe averages weights (Polyak and Juditsky 1992; over the end of a training, Izmailov et al. 2018), it
    keeps their running average over about an epoch.
    """
    warm_up = max(1, round(WARM_UP_SHARE * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, steps - warm_up),
        warmup_target=learning_rate,
        warmup_steps=warm_up,
    )
    if not recipe.averages:
        return at_rate(recipe, schedule)
    memory = max(2, steps / recipe.epochs)
    return at_rate(recipe, schedule, use_ema=True, ema_momentum=min(LONGEST_MEMORY, 1 - 1 / memory))


def at_rate(recipe: Recipe, learning_rate, **options) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer with a rate, a number or a schedule; `options` are Keras' own."""
    kinds = {
        "sgd": functools.partial(keras.optimizers.SGD, momentum=MOMENTUM, nesterov=True),
        "adam": keras.optimizers.Adam,
        "adamw": functools.partial(keras.optimizers.AdamW, weight_decay=WEIGHT_DECAY),
    }
    made = kinds[recipe.optimizer](learning_rate, global_clipnorm=CLIP_NORM, **options)
    return made if recipe.early_rate == 1 else discriminative(made, recipe.early_rate)


def discriminative(optimizer: keras.optimizers.Optimizer, early_rate: float) -> keras.optimizers.Optimizer:
    """Let earlier layers learn more slowly (Howard and Ruder 2018), and return the optimizer.

    The last variable it is built with learns at the optimizer's rate, the first one at `early_rate` times that, those
    between by a factor that grows evenly from layer to layer. The step is made smaller, not the gradient: Adam divides
    by the size of the gradient, so scaling that would change nothing (docs/decisions/0018-the-recipe-best.md).
    """

    kind: Any = type(optimizer)

    class Discriminative(kind):
        def build(self, variables):
            super().build(variables)
            self._shares = shares(variables, early_rate)

        def update_step(self, gradient, variable, learning_rate):
            rate = learning_rate * self._shares[self._get_variable_index(variable)]
            if self.weight_decay:
                self.assign_sub(variable, ops.multiply(variable, ops.cast(self.weight_decay * rate, variable.dtype)))
            super().update_step(gradient, variable, rate)

        def _apply_weight_decay(self, variables):
            """Weights decay in `update_step`, each with the rate of its own layer."""

    return Discriminative.from_config(optimizer.get_config())


def shares(variables: list, early_rate: float) -> list[float]:
    """Return the share of the learning rate of each variable, listed from the input to the output of a network."""
    kernels, depths = 0, []
    for variable in variables:
        kernels += len(variable.shape) > 1  # a layer has one; biases and the like go with it
        depths.append(max(0, kernels - 1))
    return [early_rate ** (1 - depth / max(1, depths[-1])) for depth in depths]
