"""Names in one form of Unicode: a Mac's archives hold letters and accents apart, and one name would be two."""

import unicodedata

# Composing takes the square of the accents in a row, minutes for a million; no name is that long.
MAX_COMPOSED = 2000  # letters


def composed(text: str) -> str:
    """Return a text with its accents composed (NFC); one too long to be a name as it is."""
    return unicodedata.normalize("NFC", text) if len(text) <= MAX_COMPOSED else text
