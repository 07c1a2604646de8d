"""How far a share may be off, measured on so many pictures. Nothing but arithmetic: pages ask directly."""

import math

Z_95 = 1.959963984540054


def wilson_interval(correct: float, count: float, z: float = Z_95) -> tuple[float, float]:
    """Return the interval that holds the true share with 95 % confidence (Wilson 1927); (0, 1) when count is 0.

    Neither need be whole: pictures that resemble each other count for fewer.
    """
    if count == 0:
        return 0.0, 1.0
    fraction = correct / count
    centre = (fraction + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * math.sqrt(fraction * (1 - fraction) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    # Rounding must not put the share itself outside.
    return max(0.0, min(fraction, centre - half)), min(1.0, max(fraction, centre + half))


def f1_interval(found: int, missed: int, false_alarms: int) -> tuple[float, float]:
    """Return the interval that holds the true F1 of a class with 95 % confidence; (0, 1) without a picture.

    Of the pictures that are of the class or called so, the share j that is both is counted like any share, and F1 is
    2j / (1 + j): Wilson's interval of j, carried over (the "Wilson indirect" method of Lam, Gopal and Qian 2023).
    """
    low, high = wilson_interval(found, found + missed + false_alarms)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def of_class(found: int, missed: int, false_alarms: int) -> dict[str, list[float]]:
    """Return {"precision_interval", "recall_interval", "f1_interval"} of a class, from its counts."""
    return {
        "precision_interval": list(wilson_interval(found, found + false_alarms)),
        "recall_interval": list(wilson_interval(found, found + missed)),
        "f1_interval": list(f1_interval(found, missed, false_alarms)),
    }


def least_lost(significance: float = 0.05) -> int:
    """Return how many pictures must turn wrong, with none turning right, to be more than chance (McNemar 1947).

    It is 6 for 5 %: five of five would come up 6 times in 100 by chance alone.
    """
    return math.floor(math.log2(2 / significance)) + 1


def pictures_for_margin(fraction: float, count: int, margin: float) -> int:
    """Return how many pictures give an interval of about plus or minus `margin` around a share measured on `count`.

    The share is pulled towards one half as in Wilson's interval, so that 25 of 25 does not ask for none.
    """
    centre = (fraction * count + Z_95**2 / 2) / (count + Z_95**2)
    return math.ceil(centre * (1 - centre) * (Z_95 / margin) ** 2)
