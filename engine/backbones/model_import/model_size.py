"""How large a network becomes, known before any of it is made: its plan is drawn up without weights."""

import copy
from pathlib import Path

import keras
import numpy as np
from keras.src.backend.common import global_state

from engine.backbones.model_import.model_file import cannot_build, too_large
from engine.errors import UserError

# The largest activation for one picture, in numbers: 20 times that of VGG16 at 512 pixels.
MOST_NUMBERS = 3e8
# What weights may take in memory, in bytes a byte of the file: they are stored as they are, a few layers as halves.
MOST_GROWTH = 4


def check_size(plan: dict, path: Path) -> None:
    """Raise BackboneError when the network of a plan would not fit, or cannot be built at all."""
    try:
        with keras.StatelessScope(initialize_variables=False):  # variables have shapes here, and no memory
            model = keras.saving.deserialize_keras_object(copy.deepcopy(plan), safe_mode=True)
            weights = sum(float(np.prod(weight.shape)) * 4 for weight in model.weights)
            widest = max((_numbers(operation) for operation in _all(model)), default=0.0)
    except UserError:
        raise
    except Exception as error:  # whatever a plan of somebody else's making can make Keras say
        raise cannot_build(path, error) from error
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])
    if weights > MOST_GROWTH * path.stat().st_size + 1e6 or widest > MOST_NUMBERS:
        raise too_large(path, max(weights, widest * 4) / 1e6)


def _all(model: keras.Model):
    """Yield every operation of a network and of the networks in it."""
    graph = getattr(model, "_functional", None) or model
    for operation in getattr(graph, "operations", ()):
        yield operation
        if isinstance(operation, keras.Model):
            yield from _all(operation)


def _numbers(operation) -> float:
    """Return how many numbers one picture makes at the output of an operation; sides left open count as 1."""
    outputs = keras.tree.flatten(operation.output)
    return max(float(np.prod([side or 1 for side in tensor.shape])) for tensor in outputs)
