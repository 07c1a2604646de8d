"""Which network and recipe to begin with on this machine and these pictures, and why. Rules of thumb, said in words."""

from collections.abc import Collection
from dataclasses import dataclass

# Shorter sides than this gain nothing from a network that wants 224 pixels.
SMALL_SIDE = 100
# Beyond so many pictures a processor alone keeps a person waiting with a larger network.
MANY_PICTURES = 20_000


@dataclass(frozen=True)
class Recommendation:
    """`reason` is a literal English sentence, to be translated where it is shown."""

    backbone: str
    recipe: str
    reason: str


def recommend(pictures: int, side: float, gpu: bool, ready: Collection[str], has_model: bool) -> Recommendation:
    """Return where to begin.

    side: the median shorter side in pixels. ready: keys of the networks whose weights are here. has_model: whether a
    run has ended, so that a first answer is no longer what is missing.
    """
    recipe = "balanced" if has_model else "instant"
    if side < SMALL_SIDE:
        return Recommendation("sprout", recipe, "Your pictures are small, which is what Sprout was made for.")
    if gpu and "efficientnet_v2_s" in ready:
        reason = "This machine has a graphics card, so the most accurate network here is quick as well."
        return Recommendation("efficientnet_v2_s", recipe, reason)
    if gpu and "convnext_tiny" in ready:
        reason = "This machine has a graphics card, so a large and accurate network is quick as well."
        return Recommendation("convnext_tiny", recipe, reason)
    if pictures > MANY_PICTURES and not gpu:
        reason = "You have many pictures and no graphics card: Sprout keeps the waiting short."
        return Recommendation("sprout", recipe, reason)
    return _best_ready(recipe, ready)


def _best_ready(recipe: str, ready: Collection[str]) -> Recommendation:
    for key in ("mobilenet_v3_large", "mobilenet_v2"):
        if key in ready:
            reason = (
                "It is already on this machine and is the best balance of accuracy and speed without a graphics card."
            )
            return Recommendation(key, recipe, reason)
    reason = (
        "It is ready, needs no internet and gives you a first number in seconds. You can try a larger one afterwards."
    )
    return Recommendation("sprout", recipe, reason)
