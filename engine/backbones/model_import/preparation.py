"""How the pixels of an uploaded network are prepared: the ways there are, and the likely one. Light: no framework."""

PREPARATIONS = {
    "inside": "As they are, 0 to 255: the network prepares them itself",
    "unit": "From 0 to 1 (divided by 255)",
    "symmetric": "From −1 to 1",
    "torch": "ImageNet, as PyTorch does (mean and deviation of each colour)",
    "caffe": "ImageNet, as Caffe does (blue first, mean of each colour taken off)",
}
PREPARING = ("Rescaling", "Normalization", "TrueDivide", "Multiply", "Subtract", "Add", "Divide")
# What Keras calls its own networks, and what they were trained on; the first that fits counts.
_FAMILIES = (
    (("efficientnet", "mobilenetv3", "convnext"), "inside"),
    (("mobilenet", "inception", "xception", "nasnet", "resnet50v2", "resnet101v2", "resnet152v2"), "symmetric"),
    (("resnet", "vgg"), "caffe"),
    (("densenet",), "torch"),
)


def likely(model) -> str:
    """Return the likely preparation of a Keras model, by its first layers, else by its name or that of a part.

    Without a sign of any, 0 to 1: what most people divide their own pictures to.
    """
    operations = list(_in_order(model))
    weighted = next((at for at, each in enumerate(operations) if _learns(each)), len(operations))
    if any(type(each).__name__ in PREPARING for each in operations[:weighted]):
        return "inside"
    names = [model.name, *(each.name for each in operations)]
    for families, kind in _FAMILIES:
        if any(name.lower().replace("_", "").startswith(families) for name in names):
            return kind
    return "unit"


def _in_order(model):
    """Yield the operations of a network from its input on, a network inside before its own operations."""
    graph = getattr(model, "_functional", None) or model
    for depth in sorted(graph._operations_by_depth, reverse=True):
        for operation in graph._operations_by_depth[depth]:
            if hasattr(operation, "_operations_by_depth") or hasattr(operation, "_functional"):
                yield from _in_order(operation)
            yield operation


def _learns(operation) -> bool:
    return type(operation).__name__ != "Normalization" and any(
        len(weight.shape) > 1 for weight in getattr(operation, "weights", ())
    )
