"""Simpler models that learn beside the network, where a kind of files has one that may be better; a file each."""

from engine.data.modalities.text import TEXT
from engine.training.baselines import ngram

_OF = {TEXT.name: ngram}


def of(modality: str):
    """Return what learns beside the network from files of a modality, None where nothing does."""
    return _OF.get(modality)
