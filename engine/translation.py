"""Sentences in other languages: one JSON file a language, keyed by the English sentence."""

import functools
import json
import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from engine import settings

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français"}
THOUSANDS = {"en": ",", "de": ".", "fr": "\u202f"}
POINT = {"de": ",", "fr": ","}
SINGLE = {"fr": (0, 1)}  # "0 image" in French
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
    nouns = _NOUNS.get(language, {})
    if not nouns:
        return sentence
    return re.sub(rf"(?<![\d.,])1 ({'|'.join(nouns)})\b", lambda found: f"1 {nouns[found[1]]}", sentence)


@dataclass(frozen=True)
class Speech:
    """How a language says sentences, counts and shares. Calling it translates a literal English sentence."""

    language: str = "en"

    def __call__(self, text: str) -> str:
        return translate(text, self.language)

    def plural(self, one: str, many: str, n: int) -> str:
        """Return `one` or `many`, translated, with {n} filled in: plural("{n} picture", "{n} pictures", 3)."""
        single = n in SINGLE.get(self.language, (1,))
        return self(one if single else many).format(n=self.number(n))

    def number(self, n: int) -> str:
        """Return a whole number with its thousands set apart as the language does it."""
        return f"{n:,}".replace(",", THOUSANDS[self.language])

    def decimal(self, value: float | Decimal, form: str = ".1f") -> str:
        """Return a number in `form` with the decimal sign of the language: "97,3" in German."""
        return format(value, form).replace(".", POINT.get(self.language, "."))


def without_places(text: str) -> str:
    """Return a text without the places of this machine: "/srv/graft/workspace/runs" becomes "workspace/runs"."""
    places = (settings.current().workspace, Path(sys.prefix), Path(__file__).parents[1])
    for place in sorted(map(str, places), key=len, reverse=True):
        if len(place) > 1:
            text = text.replace(place, Path(place).name)
    return text
