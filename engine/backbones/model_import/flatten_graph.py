"""One plain graph from a network that holds others, without what only varies pictures while learning.

People build on a network by calling it as one layer of their own. To train its upper half, and to look inside, its
layers have to stand in one graph with the rest.
"""

from collections.abc import Iterable

import keras
from keras import layers

from engine.backbones.model_import.known_layers import VARYING


class LayerUsedTwice(Exception):
    """A layer with weights stands at two places of the network; carries its name."""


def run_through(model: keras.Model, tensor, reserved: Iterable[str]):
    """Return what `model` makes of `tensor` (a symbolic input), every layer standing in one graph.

    Layers get names that are unique and none of `reserved`. Shares the weights of `model`, which is of no use after.
    """
    return _Inliner(set(reserved)).run(model, tensor)


class _Inliner:
    """Walks through a network and the networks in it, and gives every layer a name of its own."""

    def __init__(self, taken: set[str]):
        self._taken = taken
        self._used: set[int] = set()

    def run(self, model: keras.Model, tensor):
        graph = getattr(model, "_functional", None) or model
        return graph._run_through_graph([tensor], operation_fn=self._stand_in)

    def _stand_in(self, operation):
        """Return what to call in the place of a layer."""
        if isinstance(operation, keras.Model):
            return lambda tensor, **_more: self.run(operation, tensor)
        if type(operation).__name__ in VARYING:
            return lambda tensor, **_more: tensor
        if id(operation) in self._used:
            operation = self._again(operation)
        self._used.add(id(operation))
        operation.name = self._free(operation.name)
        if isinstance(operation, layers.Layer):
            return lambda *args, **more: operation(*args, **{key: more[key] for key in more if key != "training"})
        return operation

    def _again(self, operation):
        """Return a copy of a layer that stands at several places; without weights it is as good as the layer itself."""
        if getattr(operation, "weights", None):
            raise LayerUsedTwice(operation.name)
        return type(operation).from_config(operation.get_config())

    def _free(self, name: str) -> str:
        free, number = name, 1
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        self._taken.add(free)
        return free
