"""Where a network can be cut in two: everything before the cut stays as it is, everything after it trains.

A tensor is a cut point when every path from the input to the output runs through it. That is decided on the graph, so
one rule serves residual, dense and multi-branch networks alike. Where inner layers are read out (engine.backbones.
readout), their pooled numbers go past the cut beside the tensor: they are carried in the same row of numbers.
"""

from dataclasses import dataclass

import keras
import numpy as np

# Cut points this close in depth are considered equal; the one with the smallest activations wins.
WINDOW = 0.08
POOLINGS = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)


@dataclass(frozen=True)
class CutPoint:
    """One place to cut: the layer's name, the share of weighted layers before it, and its activation's shape.

    `carried` names the layers whose pooled numbers go past it. Then the shape is that of one row: the activation,
    flattened, and these.
    """

    name: str
    depth: float
    shape: tuple[int, ...]
    carried: tuple[str, ...] = ()

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
        past = [other for other in operations if other.name in alive and isinstance(other, POOLINGS)]
        if set(alive) == {operation.name, *(other.name for other in past)} and _is_place(operation, past):
            points.append(_point(operation, seen / total, [other for other in past if other is not operation]))
    return points


def _is_place(operation, past: list) -> bool:
    """Tell whether a cut makes sense here, and not in the middle of the pooled numbers that go past one."""
    return isinstance(operation, keras.layers.Layer) and (operation not in past or len(past) == 1)


def _point(operation, depth: float, past: list) -> CutPoint:
    shape = tuple(operation.output.shape[1:])
    if past:
        shape = (int(np.prod(shape)) + sum(other.output.shape[-1] for other in past),)
    return CutPoint(operation.name, depth, shape, tuple(other.name for other in past))


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
    if not cut.carried:
        return keras.Model(model.inputs[0], _tensor(model, cut.name))
    flat = keras.layers.Flatten(name="at_cut")(_tensor(model, cut.name))
    past = [_tensor(model, name) for name in cut.carried]
    return keras.Model(model.inputs[0], keras.layers.Concatenate(name="with_carried")([flat, *past]))


def rest_of(model: keras.Model, cut: CutPoint, output: str) -> keras.Model:
    """Return the part from the activations at `cut` to the layer named `output`, sharing its weights with `model`."""
    if not cut.carried:
        return keras.Model(_tensor(model, cut.name), model.get_layer(output).output)
    row = keras.Input(cut.shape, name="carried_row")
    return keras.Model(row, _continued(model, _unpacked(model, cut, row), output))


def _unpacked(model: keras.Model, cut: CutPoint, row) -> list[tuple]:
    """Return (tensor of `model`, what it is in one `row` of numbers) for the activation and what is carried."""
    tensors = [_tensor(model, name) for name in (cut.name, *cut.carried)]
    ends = np.cumsum([int(np.prod(tensor.shape[1:])) for tensor in tensors])[:-1].tolist()
    flat, *past = keras.ops.split(row, ends, axis=-1)
    activation = keras.layers.Reshape(tuple(tensors[0].shape[1:]), name="uncut")(flat)
    return list(zip(tensors, [activation, *past], strict=True))


def _continued(model: keras.Model, given: list[tuple], output: str):
    """Return what the layer `output` says when tensors of `model` have these values: run again from there on."""
    known = {id(tensor): value for tensor, value in given}
    wanted = _tensor(model, output)
    for operation in _operations(model):
        node = operation._inbound_nodes[0]
        if node.input_tensors and all(id(tensor) in known for tensor in node.input_tensors):
            args, kwargs = node.arguments.fill_in(known)
            said = keras.tree.flatten(operation(*args, **kwargs))
            known.update((id(tensor), value) for tensor, value in zip(node.output_tensors, said, strict=True))
        if id(wanted) in known:
            break
    return known[id(wanted)]


def _tensor(model: keras.Model, name: str):
    return next(operation for operation in model.operations if operation.name == name).output


def _operations(model: keras.Model) -> list:
    """Return the operations in the order they run: by depth, so that inputs come before what uses them.

    What pools a map comes right after it: from then on its few numbers are all that is left to be kept of the map.
    """
    by_depth = model._operations_by_depth
    ordered = [operation for depth in sorted(by_depth, reverse=True) for operation in by_depth[depth]]
    pooled = {id(each): _producer(each.input).name for each in ordered if isinstance(each, POOLINGS)}
    late = {name: [each for each in ordered if pooled.get(id(each)) == name] for name in pooled.values()}
    others = (operation for operation in ordered if id(operation) not in pooled)
    return [each for operation in others for each in (operation, *late.get(operation.name, ()))]


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
