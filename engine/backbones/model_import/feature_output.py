"""Where the network ends and its classifier begins: the features are what the last classifying layer reads."""

from keras import layers

SQUASHING = ("Softmax", "Activation", "Sigmoid", "Dropout")
CLASSIFYING_ACTIVATIONS = ("softmax", "sigmoid")
# A flattened map with more numbers than this is pooled instead: a last step on more is slow and learns by heart.
MOST_FLATTENED = 4096


def features_of(output):
    """Return the features (a symbolic tensor of shape (N, D)) of a network with this output tensor.

    The last Dense layer is left out, with what squashes its answers; so is a last convolution that classifies. A map
    is pooled by its mean.
    """
    tensor = _before_classifier(output)
    while _kind(tensor) == "Dropout":
        tensor = _input(tensor)
    if _kind(tensor) == "Flatten" and tensor.shape[-1] > MOST_FLATTENED and len(_input(tensor).shape) == 4:
        tensor = _input(tensor)
    if len(tensor.shape) == 4:
        return layers.GlobalAveragePooling2D(name="pooled")(tensor)
    return layers.GlobalAveragePooling1D(name="pooled")(tensor) if len(tensor.shape) == 3 else tensor


def _before_classifier(output):
    tensor, squashed = output, False
    while _kind(tensor) in SQUASHING:
        squashed = squashed or _squashes(_operation(tensor))
        tensor = _input(tensor)
    if _kind(tensor) == "Dense":
        return _input(tensor)
    if not squashed:
        return output
    while _kind(tensor) in ("Flatten", "Reshape", "GlobalAveragePooling2D", "Dropout"):
        tensor = _input(tensor)
    return _input(tensor) if _kind(tensor) == "Conv2D" else output


def _squashes(operation) -> bool:
    activation = getattr(getattr(operation, "activation", None), "__name__", "")
    return type(operation).__name__ in ("Softmax", "Sigmoid") or activation in CLASSIFYING_ACTIVATIONS


def _operation(tensor):
    return tensor._keras_history.operation


def _kind(tensor) -> str:
    return type(_operation(tensor)).__name__


def _input(tensor):
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].input_tensors[0]
