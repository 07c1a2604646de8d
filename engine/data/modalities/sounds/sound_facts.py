"""What is known of a sound besides its samples, as the registry keeps it in the facts of an item."""

import functools
import json
from typing import NamedTuple, Self

from engine.data.modalities.sounds.sound_samples import Heard


class SoundFacts(NamedTuple):
    """Length in seconds, rate and channels of the file; loudness, offset and share of cut-off samples, of full scale.

    heard: seconds that were read, less than all of a very long recording. pixels_hash: the same for every copy that
    lost nothing, whatever its format; called as an image's is, so that copies are found alike.
    """

    seconds: float = 0.0
    heard: float = 0.0
    rate: int = 0
    channels: int = 0
    peak: float = 0.0
    rms: float = 0.0
    dc: float = 0.0
    clipped: float = 0.0
    pixels_hash: str = ""

    @classmethod
    def of(cls, heard: Heard) -> Self:
        known = (heard.seconds, heard.heard, heard.rate, heard.channels)
        return cls(*known, heard.peak, heard.rms, heard.dc, heard.clipped, heard.print)

    def text(self) -> str:
        """Return the facts as the registry keeps them."""
        return json.dumps(self._asdict(), separators=(",", ":"))


@functools.lru_cache(4096)
def sound_facts_of(text: str) -> SoundFacts:
    """Return the facts that a text holds; what it does not say is left at its default."""
    known = json.loads(text)
    return SoundFacts(**{name: known[name] for name in SoundFacts._fields if name in known})
