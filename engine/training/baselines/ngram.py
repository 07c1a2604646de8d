"""Character n-grams and logistic regression: what a picture of a text has to be measured against.

TF-IDF of one to four letters within words (Cavnar and Trenkle 1994 showed how far they go for languages), as
scikit-learn makes them. It is kept as plain arrays: nothing that could run code when it is read.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.modalities import text as texts
from engine.data.modalities.modality import Source
from engine.storage.workspace import write_atomic

FILE = "ngram.npz"
NAME = "ngram"
WEIGHT = 10.0  # scikit-learn's C (measured on validation sentences of 19 languages: 1, 10 and 100 differ by 0.004)
ITERATIONS = 60
MOST_FEATURES = 150_000  # n-grams, the most frequent ones; so many for 20 classes are 12 MB
MOST_LETTERS = 20_000  # of a text are counted
NGRAMS = {"analyzer": "char_wb", "ngram_range": (1, 4), "lowercase": True, "sublinear_tf": True}


@dataclass(frozen=True)
class Ngrams:
    """A fitted baseline: `vocabulary` in the order of `idf` (V,) and of the rows of `kernel` (V, num_classes)."""

    vocabulary: tuple[str, ...]
    idf: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    def probabilities(self, written: Sequence[str]) -> np.ndarray:
        """Return float32 probabilities (N, num_classes) of texts."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(**NGRAMS, vocabulary={gram: at for at, gram in enumerate(self.vocabulary)})
        vectorizer.idf_ = self.idf
        logits = np.asarray(vectorizer.transform(_shortened(written)) @ self.kernel + self.bias, np.float32)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def save(self, path: Path) -> None:
        """Write it as one file. Raises DiskError when the disk is full."""
        words = np.frombuffer(json.dumps(self.vocabulary, ensure_ascii=False).encode(), np.uint8)
        sink = io.BytesIO()
        np.savez_compressed(sink, vocabulary=words, idf=self.idf, kernel=self.kernel, bias=self.bias)
        write_atomic(path, sink.getvalue())


def fit(written: Sequence[str], y: np.ndarray, num_classes: int) -> Ngrams:
    """Learn from texts and their classes y (N,), in which each of range(num_classes) occurs."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    # What stands in one text alone tells nothing about others, and would be three quarters of the vocabulary.
    vectorizer = TfidfVectorizer(**NGRAMS, min_df=2 if len(written) > 200 else 1, max_features=MOST_FEATURES)
    x = vectorizer.fit_transform(_shortened(written)).astype(np.float32)
    model = LogisticRegression(C=WEIGHT, max_iter=ITERATIONS).fit(x, y)
    kernel, bias = model.coef_.T, model.intercept_
    if num_classes == 2:  # scikit-learn keeps one column for two classes: the log-odds of the second
        kernel, bias = np.hstack([-kernel / 2, kernel / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    grams = tuple(vectorizer.get_feature_names_out().tolist())
    idf = np.asarray(vectorizer.idf_, np.float32)
    return Ngrams(grams, idf, kernel.astype(np.float32), bias.astype(np.float32))


def load(run_dir: Path) -> Ngrams:
    """Return the baseline of a run."""
    with np.load(run_dir / FILE, allow_pickle=False) as kept:
        vocabulary = tuple(json.loads(kept["vocabulary"].tobytes().decode()))
        return Ngrams(vocabulary, kept["idf"], kept["kernel"], kept["bias"])


def read(sources: Sequence[Source]) -> list[str]:
    """Return the texts in files. Raises DataError for one that holds none."""
    return [texts.decoded(source) for source in sources]


def _shortened(written: Sequence[str]) -> list[str]:
    return [text[:MOST_LETTERS] for text in written]
