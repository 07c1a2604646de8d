"""Which network and recipe to begin with, by the pictures and by this machine, and why. Rules of thumb, said in words.

Light: the page asks while it is drawn.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.backbones import catalogue

# What a network takes to look at the pictures may last so long: while somebody tries things out, and afterwards.
TRYING_OUT, AT_WORK = 60, 600
# Sprout never learned to name ImageNet's classes. On photos its features are worth about as much as those of the
# smallest network that did (benchmarks/RESULTS.md); on drawings as much as those of the larger ones.
SPROUT = "sprout"
SPROUT_ON_PHOTOS = 60.0
# Opening files, learning a small head, testing: whatever the network.
START_SECONDS = 2.0
DECODE_SECONDS = 0.003
# How much faster than one ordinary core a graphics card is, about.
CARD = 60

ACCURATE = (
    "{accurate} is the most accurate one here for your pictures and looks at them in about {time}; {quick} gives a "
    "first number in about {quick_time}."
)
QUICK = (
    "{quick} gives a first number in about {quick_time}; {accurate} is more accurate and needs about {time}, for when "
    "you are done trying things out."
)
DRAWINGS = "Your pictures look like drawings or scans: {quick} is good at them and needs about {quick_time}."
ALONE = "It is ready, needs no internet and gives a first number in about {quick_time}."


@dataclass(frozen=True)
class Recommendation:
    """`reason` is a literal English sentence, to be translated where it is shown.

    `titles` and `seconds` fill it in; a page says the seconds in its own words.
    """

    backbone: str
    recipe: str
    reason: str
    titles: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def recommend(seconds: Mapping[str, float], *, photos: bool, has_model: bool) -> Recommendation:
    """Return where to begin.

    seconds: what each network that is ready needs for the pictures (see `expected`). photos: whether they look like
    photos. has_model: whether a run has ended, so that a first answer is no longer what is missing.
    """
    recipe = "balanced" if has_model else "instant"
    offered = worth_offering(seconds, photos=photos)
    quick = min(offered, key=lambda key: seconds[key])
    longest = AT_WORK if has_model else TRYING_OUT
    in_time = [key for key in offered if seconds[key] <= longest] or [quick]
    accurate = max(offered, key=lambda key: _accuracy(key, photos=photos))
    best = max(in_time, key=lambda key: _accuracy(key, photos=photos))
    if len(offered) == 1:
        return _said(quick, recipe, ALONE if photos else DRAWINGS, quick, quick, seconds)
    if best == quick:
        return _said(quick, recipe, QUICK, accurate, quick, seconds)
    return _said(best, recipe, ACCURATE, best, quick, seconds)


def worth_offering(seconds: Mapping[str, float], *, photos: bool) -> list[str]:
    """Return the networks that no other one beats in expected accuracy and in time."""
    rated = {key: (_accuracy(key, photos=photos), -seconds[key]) for key in seconds}
    return [key for key, own in rated.items() if not any(_beats(other, own) for other in rated.values())]


def expected(
    ready: Collection[str], pictures: int, known: Mapping[str, float], device: Mapping[str, object]
) -> dict[str, float]:
    """Return about how many seconds each network needs to look at the pictures and to learn the last step.

    known: pictures a second that this machine has measured, by key and size, as caches/speed.json holds them.
    device: the worker's facts.
    """
    cores = max(1, int(device.get("cores") or 1))
    cores *= CARD if device.get("kind") == "gpu" else 1
    return {key: START_SECONDS + pictures * (1 / _pace(key, known, cores) + DECODE_SECONDS / cores) for key in ready}


def _pace(key: str, known: Mapping[str, float], cores: int) -> float:
    info = catalogue.info(key)
    return known.get(f"{key}-{info.image_sizes[0]}") or 1000 * cores / info.core_ms


def _accuracy(key: str, *, photos: bool) -> float:
    if key == SPROUT:
        return SPROUT_ON_PHOTOS if photos else 100.0
    return catalogue.info(key).top1 or 0.0


def _beats(other: tuple, own: tuple) -> bool:
    return other != own and all(theirs >= ours for theirs, ours in zip(other, own, strict=True))


def _said(backbone: str, recipe: str, reason: str, accurate: str, quick: str, seconds: Mapping) -> Recommendation:
    titles = {"accurate": catalogue.info(accurate).title, "quick": catalogue.info(quick).title}
    return Recommendation(backbone, recipe, reason, titles, {"time": seconds[accurate], "quick_time": seconds[quick]})
