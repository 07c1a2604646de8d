"""Whether two models differ by more than chance where the test pictures come in groups that the models never saw.

Pictures of one group (a speaker, a patient) stand or fall together, so McNemar's test, which takes every picture for
itself, calls chance a difference several times too often. Here whole groups are flipped: if both models were equally
good, each group could as well have come out the other way round (Fisher 1935; Good 2005).
"""

import itertools
from collections.abc import Sequence

import numpy as np

# Up to so many groups every combination of signs is tried; above, this many drawn ones.
EXACT, DRAWS = 12, 10_000


def p_value(differences: Sequence[int]) -> float:
    """Return how often chance alone gives a sum at least this far from nought, two-sided; 1.0 where there are none.

    differences: for each group, how many pictures only the one model gets right, less those that only the other does.
    """
    counted = np.array([difference for difference in differences if difference], dtype=np.int64)
    if not len(counted):
        return 1.0
    seen = abs(int(counted.sum()))
    if len(counted) <= EXACT:
        signs = np.array(list(itertools.product((-1, 1), repeat=len(counted))))
        return float((np.abs(signs @ counted) >= seen).mean())
    signs = np.random.default_rng(0).choice((-1, 1), (DRAWS, len(counted)))
    # The way it came out is one of the draws: p is never nought (Phipson and Smyth 2010).
    return float((1 + (np.abs(signs @ counted) >= seen).sum()) / (1 + DRAWS))
