"""How large a network becomes, known before any of it is made: its plan is drawn up without weights."""

import copy
from pathlib import Path

import keras
import numpy as np
from keras.src.backend.common import global_state

from engine.backbones.model_import.model_file import cannot_build, check_total, too_large
from engine.errors import UserError

# The largest activation for one picture, in numbers: three times that of VGG16 at 512 pixels.
MOST_NUMBERS = 5e7
# Of layers that compare every place with every other: how many comparisons each makes for (query, key) tokens.
ATTENTIONS = ("MultiHeadAttention", "GroupedQueryAttention", "Attention", "AdditiveAttention")


def check_size(plan: dict, path: Path, largest_side: int) -> None:
    """Raise BackboneError when the network of a plan would not fit, or cannot be built at all.

    A network for pictures of any size is measured at `largest_side` pixels.
    """
    try:
        with keras.StatelessScope(initialize_variables=False):  # variables have shapes here, and no memory
            model = keras.saving.deserialize_keras_object(copy.deepcopy(plan), safe_mode=True)
            weights = sum(float(np.prod(weight.shape)) * 4 for weight in model.weights)
            check_total(path, weights)
            widest = _widest(model, largest_side)
    except UserError:
        raise
    except Exception as error:  # whatever a plan of somebody else's making can make Keras say
        raise cannot_build(path, error) from error
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])
    if widest > MOST_NUMBERS:
        raise too_large(path, widest * 4 / 1e6)


def _widest(model: keras.Model, largest_side: int) -> float:
    """Return the most numbers that one picture makes anywhere in a network, its open sides at their largest."""
    pixels = [
        keras.KerasTensor((1, *(side or largest_side for side in tensor.shape[1:])), dtype=tensor.dtype)
        for tensor in model.inputs
    ]
    found = [0.0]
    _run(model, pixels, found)
    return max(found)


def _run(model: keras.Model, tensors, found: list[float]):
    """Return the shapes that come out of a network, and note how many numbers each operation makes."""

    def stand_in(operation):
        def run(*args, **kwargs):
            if isinstance(operation, keras.Model):
                return _run(operation, keras.tree.flatten(args), found)
            made = operation(*args, **kwargs)
            found.extend(float(np.prod(tensor.shape)) for tensor in keras.tree.flatten(made))
            found.append(_comparisons(operation, args, kwargs))
            return made

        return run

    graph = getattr(model, "_functional", None) or model
    return graph._run_through_graph(tensors, operation_fn=stand_in)


def _comparisons(operation, args: tuple, kwargs: dict) -> float:
    """Return how many numbers a layer of attention makes on its way: heads times tokens squared."""
    if type(operation).__name__ not in ATTENTIONS:
        return 0.0
    given = [tensor for tensor in keras.tree.flatten((args, kwargs)) if isinstance(tensor, keras.KerasTensor)]
    tokens = [float(np.prod(tensor.shape[1:-1])) for tensor in given if len(tensor.shape) > 2]
    heads = getattr(operation, "num_heads", None) or getattr(operation, "num_query_heads", None) or 1
    width = given[0].shape[-1] if type(operation).__name__ == "AdditiveAttention" else 1
    return max(tokens, default=0.0) ** 2 * heads * width
