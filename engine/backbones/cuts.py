"""Where a network can be cut in two: everything before the cut stays as it is, everything after it trains.

A tensor is a cut point when every path from the input to the output runs through it. That is decided on the graph, so
one rule serves residual, dense and multi-branch networks alike.
"""

from dataclasses import dataclass

import keras
import numpy as np

# Cut points this close in depth are considered equal; the one with the smallest activations wins.
WINDOW = 0.08


@dataclass(frozen=True)
class CutPoint:
    """One place to cut: the layer's name, the share of weighted layers before it, and its activation's shape."""

    name: str
    depth: float
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Numbers per picture at this point."""
        return int(np.prod(self.shape))


def cut_points(model: keras.Model) -> list[CutPoint]:
    """Return every cut point from input to output, by increasing depth in [0, 1]."""
    operations = _operations(model)
    weighted = [sum(len(weight.shape) > 1 for weight in getattr(operation, "weights", ())) for operation in operations]
    total, seen = max(1, sum(weighted)), 0
    last_use = _last_uses(operations, model)
    points, alive = [], {}
    for position, (operation, count) in enumerate(zip(operations, weighted, strict=True)):
        seen += count
        alive[operation.name] = last_use.get(operation.name, position)
        alive = {name: use for name, use in alive.items() if use > position}
        if set(alive) == {operation.name} and isinstance(operation, keras.layers.Layer):
            points.append(CutPoint(operation.name, seen / total, tuple(operation.output.shape[1:])))
    return points


def choose(model: keras.Model, freeze_depth: float) -> CutPoint:
    """Return the cut that keeps about `freeze_depth` of the network frozen: 0 trains all of it, 1 only the head.

    Never freezes more than asked; among near-equal depths the smallest activations win.
    """
    points = cut_points(model)
    if freeze_depth <= 0:
        return points[0]
    if freeze_depth >= 1:
        output = model.output
        return CutPoint(_producer(output).name, 1.0, tuple(output.shape[1:]))
    allowed = [point for point in points if point.depth <= freeze_depth + 1e-9]
    deepest = allowed[-1].depth
    near = [point for point in allowed if point.depth >= deepest - WINDOW]
    smallest = min(point.size for point in near)
    return [point for point in near if point.size == smallest][-1]


def base_of(model: keras.Model, cut: CutPoint) -> keras.Model:
    """Return the part before the cut, sharing its weights with `model`."""
    return keras.Model(model.inputs[0], _tensor(model, cut))


def rest_of(model: keras.Model, cut: CutPoint, output: str) -> keras.Model:
    """Return the part from the activations at `cut` to the layer named `output`, sharing its weights with `model`."""
    return keras.Model(_tensor(model, cut), model.get_layer(output).output)


def _tensor(model: keras.Model, cut: CutPoint):
    return next(operation for operation in model.operations if operation.name == cut.name).output


def _operations(model: keras.Model) -> list:
    """Return the operations in the order they run: by depth, so that inputs come before what uses them."""
    by_depth = model._operations_by_depth
    return [operation for depth in sorted(by_depth, reverse=True) for operation in by_depth[depth]]


def _last_uses(operations: list, model: keras.Model) -> dict[str, int]:
    positions = {operation.name: position for position, operation in enumerate(operations)}
    uses = {_producer(model.output).name: len(operations)}
    for operation in operations:
        for node in operation._inbound_nodes:
            for tensor in node.input_tensors:
                name = _producer(tensor).name
                if name in positions:
                    uses[name] = max(uses.get(name, 0), positions[operation.name])
    return uses


def _producer(tensor):
    return tensor._keras_history.operation
