"""Sentences in other languages: one JSON file a language, keyed by the English sentence."""

import functools
import json
import re
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français"}
# What engine sentences count, many and one. Where a verb changes too, the sentence has a form of its own for one.
_NOUNS = {
    "en": {"files": "file", "classes": "class", "groups": "group", "pictures": "picture"},
    "de": {"Dateien": "Datei", "Klassen": "Klasse", "Gruppen": "Gruppe", "Bilder": "Bild", "Bildern": "Bild"},
    "fr": {"fichiers": "fichier", "classes": "classe", "groupes": "groupe", "images": "image"},
}


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


def one_of_a_kind(sentence: str, language: str) -> str:
    """Return a filled-in sentence with "1 files" put right: "1 file"."""
    nouns = _NOUNS[language]
    return re.sub(rf"(?<![\d.,])1 ({'|'.join(nouns)})\b", lambda found: f"1 {nouns[found[1]]}", sentence)
