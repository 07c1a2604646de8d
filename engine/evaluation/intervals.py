"""How far a share may be off, measured on so many pictures. Nothing but arithmetic: pages ask directly."""

import math

Z_95 = 1.959963984540054


def wilson_interval(correct: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """Return the interval that holds the true share with 95 % confidence (Wilson 1927); (0, 1) when count is 0."""
    if count == 0:
        return 0.0, 1.0
    share = correct / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    # Rounding must not put the share itself outside.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def pictures_for_margin(share: float, count: int, margin: float) -> int:
    """Return how many pictures give an interval of about plus or minus `margin` around a share measured on `count`.

    The share is pulled towards one half as in Wilson's interval, so that 25 of 25 does not ask for none.
    """
    centre = (share * count + Z_95**2 / 2) / (count + Z_95**2)
    return math.ceil(centre * (1 - centre) * (Z_95 / margin) ** 2)
