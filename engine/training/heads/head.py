"""The last step of a classifier as plain arrays: features in, logits out."""

from dataclasses import dataclass

import numpy as np

from engine.training.objectives.scores import sigmoid, softmax


@dataclass(frozen=True)
class Head:
    """One or two dense layers as (kernel, bias) pairs, a ReLU between them, on standardised features.

    `output` says what the logits stand for: "softmax" (one class of several), "sigmoid" (one of two, handed over as a
    single unit) or "each" (every class for itself). `mean` and `deviation` of shape (D,) standardise raw features.
    `penalty` is (l1, l2) of the kernels that the head was learned with: `l1 |W| + l2 W^2` beside the mean
    cross-entropy.
    """

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    mean: np.ndarray
    deviation: np.ndarray
    penalty: tuple[float, float] = (0.0, 0.0)
    output: str = "softmax"

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return (N, num_classes) for raw features (N, D)."""
        outputs = features
        for position, (kernel, bias) in enumerate(self.folded()):
            outputs = (np.maximum(outputs, 0) if position else outputs) @ kernel + bias
        return outputs

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return float32 rows (N, num_classes) that sum to 1, unless every class stands for itself."""
        return sigmoid(self.logits(features)) if self.output == "each" else softmax(self.logits(features))

    def folded(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Return the layers for raw features: the standardisation is folded into the first of them."""
        (kernel, bias), *others = self.layers
        scaled = kernel / self.deviation[:, None]
        return (scaled.astype(np.float32), (bias - self.mean @ scaled).astype(np.float32)), *others


def standardised(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return float32 features with mean 0 and deviation 1, and both (see `standardisation`)."""
    mean, deviation = standardisation(features)
    x = (features - mean).astype(np.float32, copy=False)
    x /= deviation  # in place: another copy is 200 MB for 60,000 pictures
    return x, mean, deviation


def standardisation(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation per feature; a feature that hardly varies is not blown up."""
    deviation = features.std(axis=0)
    typical = float(np.median(deviation)) or 1.0
    return features.mean(axis=0), np.maximum(deviation, 0.01 * typical)
