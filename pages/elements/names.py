"""Names that people typed, made safe to show."""

import re
import unicodedata


def md_escape(name) -> str:
    """Return `name` so that Markdown shows it as it is: no links, pictures, icons, colours or formulas.

    For labels, captions, pills and alerts. Selectboxes and tables show plain text and need no escape.
    """
    text = re.sub(r"([\\`*_{}\[\]()<>#+\-!|$~])", r"\\\1", isolated(name).replace("\n", " "))
    text = re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", text)  # "1. one" would become a list
    # A word joiner breaks :icons:, :red[..] and automatic links without being seen.
    return text.replace(":", ":\u2060").replace("www.", "www\u2060.").replace("@", "@\u2060")


def isolated(name) -> str:
    """Return `name` so that numbers and brackets beside it keep their place when it is written from right to left."""
    text = str(name)
    rightwards = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return f"\u2068{text}\u2069" if rightwards else text


def set_off(name) -> str:
    """Return `name` safe for Markdown, in quotes where it is so short that it reads like part of a sentence: “5”."""
    return f"“{md_escape(name)}”" if len(str(name)) <= 2 else md_escape(name)


def shortened(name, length: int = 28) -> str:
    """Return `name` with its middle left out when it is longer than `length` characters."""
    text = str(name)
    if len(text) <= length:
        return text
    keep = (length - 1) // 2
    return f"{text[:keep]}…{text[-keep:]}"
