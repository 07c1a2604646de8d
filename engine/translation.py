"""Sentences in other languages: one JSON file a language, keyed by the English sentence."""

import functools
import json
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français"}


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """Return {English sentence: sentence} of a language; empty for English and for languages without a file."""
    path = LOCALE / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def translate(text: str, language: str) -> str:
    """Return `text` in `language`, or as it is where no translation is known."""
    return catalogue(language).get(text, text)


def pick(locale: str | None) -> str:
    """Return the language for a browser's locale such as "de-AT"; English when it is none of ours."""
    language = (locale or "en").split("-")[0].lower()
    return language if language in LANGUAGES else "en"
