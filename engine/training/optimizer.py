"""The optimizer of a recipe with its schedule: warm-up, then cosine decay, gradients clipped by their global norm."""

import keras

from engine.training.recipe import Recipe

WARM_UP_SHARE = 0.1
CLIP_NORM = 1.0
MOMENTUM = 0.9
WEIGHT_DECAY = 0.01


def make_optimizer(recipe: Recipe, learning_rate: float, steps: int) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer, its rate falling from `learning_rate` to 0 within `steps` steps."""
    warm_up = max(1, round(WARM_UP_SHARE * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, steps - warm_up),
        warmup_target=learning_rate,
        warmup_steps=warm_up,
    )
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(schedule, momentum=MOMENTUM, nesterov=True, global_clipnorm=CLIP_NORM)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(schedule, global_clipnorm=CLIP_NORM)
    return keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM)
