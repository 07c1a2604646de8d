"""A head with one hidden layer, learned on cached features."""

import keras
import numpy as np
from keras import layers

from engine.errors import Stopped
from engine.training.heads.head import Head, standardised
from engine.training.objectives.objective import Objective
from engine.training.progress import Progress
from engine.training.recipe import Recipe

LEARNING_RATE = 1e-3
BATCH_SIZE = 64
# Enough for a few thousand pictures to converge; with more pictures, fewer epochs do the same.
MOST_EPOCHS, FEWEST_EPOCHS, STEPS = 40, 4, 4000


def fit(features: np.ndarray, y: np.ndarray, objective: Objective, recipe: Recipe, progress: Progress) -> Head:
    """Fit a hidden layer (ReLU, dropout) and an output layer on training features (N, D). Raises Stopped."""
    keras.utils.set_random_seed(recipe.seed)
    x, mean, deviation = standardised(features)
    rows = objective.rows(y, recipe.class_balancing, np.random.default_rng(recipe.seed))
    x, y = x[rows], y[rows]
    network = _network(x.shape[1], objective.num_classes, recipe)
    epochs = _epochs(len(x))
    steps = epochs * -(-len(x) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    network.compile(optimizer=keras.optimizers.Adam(rate), loss=objective.loss(recipe.class_balancing))
    listener = _Listener(progress, steps)
    network.fit(
        x,
        objective.targets(y),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        sample_weight=objective.weights(y, recipe.class_balancing),
        callbacks=[listener],
        verbose=0,
    )
    if listener.stopped:
        raise Stopped
    dense = [layer.get_weights() for layer in network.layers if isinstance(layer, layers.Dense)]
    penalty, output = (recipe.l1, recipe.l2 or 0.0), objective.output(recipe)
    return Head(tuple((kernel, bias) for kernel, bias in dense), mean, deviation, penalty, output)


class _Listener(keras.callbacks.Callback):
    """Tell how far it is, and end within a batch after a stop request."""

    def __init__(self, progress: Progress, steps: int):
        super().__init__()
        self.stopped = False
        self._progress, self._steps, self._done = progress, steps, 0

    def on_train_batch_end(self, batch, logs=None):
        self._done += 1
        try:
            self._progress.advance(self._done, self._steps)
        except Stopped:
            self.stopped = self.model.stop_training = True


def _network(width: int, num_classes: int, recipe: Recipe) -> keras.Model:
    inputs = keras.Input((width,))
    x = layers.Dropout(recipe.dropout)(inputs) if recipe.dropout else inputs
    penalty = keras.regularizers.L1L2(recipe.l1, recipe.l2 or 0.0)
    x = layers.Dense(recipe.hidden_units, "relu", kernel_regularizer=penalty)(x)
    return keras.Model(inputs, layers.Dense(num_classes, kernel_regularizer=penalty)(x))


def _epochs(pictures: int) -> int:
    return int(np.clip(STEPS * BATCH_SIZE // max(1, pictures), FEWEST_EPOCHS, MOST_EPOCHS))
