"""What is known of an image besides its pixels, as the registry keeps it in the facts of an item."""

import json
from typing import NamedTuple, Protocol


class _Known(Protocol):
    @property
    def facts(self) -> str: ...


class ImageFacts(NamedTuple):
    """Size in pixels, upright; fingerprints (engine.data.fingerprint); quality (engine.data.quality), None of old ones.

    family: what all copies of it have in common, by a closer look when it came in (engine.data.importing.copy_search):
    the first digits of the content hash of the first of them; "" for a picture without copies before it, None where
    nobody has looked. values: of a picture of more than 8 bits, what lies between its darkest and its brightest (see
    bit_depth.Range). A file that is no image has none of them.
    """

    width: int = 0
    height: int = 0
    pixels_hash: str = ""
    phash: str = ""
    sharpness: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    family: str | None = None
    values: tuple | None = None

    def text(self) -> str:
        """Return the facts as the registry keeps them."""
        return json.dumps(self._asdict(), separators=(",", ":"))


NO_FACTS = ImageFacts()


def image_facts(item: _Known) -> ImageFacts:
    """Return what is known of the image of an item (or of anything else with `facts`)."""
    known = json.loads(item.facts)
    try:
        return ImageFacts(**known)
    except TypeError:  # of another modality
        return ImageFacts(**{name: known[name] for name in ImageFacts._fields if name in known})
