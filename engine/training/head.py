"""The last step of a classifier as plain arrays: features in, logits out."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Head:
    """One or two dense layers as (kernel, bias) pairs; a ReLU stands between them."""

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return (N, num_classes) for features (N, D)."""
        outputs = features
        for position, (kernel, bias) in enumerate(self.layers):
            outputs = (np.maximum(outputs, 0) if position else outputs) @ kernel + bias
        return outputs

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return float32 rows that sum to 1."""
        return softmax(self.logits(features))

    def folded(self, mean: np.ndarray, deviation: np.ndarray) -> "Head":
        """Return the same head for raw features, when this one was made for (features - mean) / deviation."""
        kernel, bias = self.layers[0]
        scaled = kernel / deviation[:, None]
        first = scaled.astype(np.float32), (bias - mean @ scaled).astype(np.float32)
        return Head((first, *self.layers[1:]))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return row-wise probabilities, float32."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def standardisation(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation per feature; a feature that hardly varies is not blown up."""
    deviation = features.std(axis=0)
    typical = float(np.median(deviation)) or 1.0
    return features.mean(axis=0), np.maximum(deviation, 0.01 * typical)
