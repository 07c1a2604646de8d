"""The words of the pages, in the language of whoever looks at them."""

from decimal import Decimal

import streamlit as st

from engine import translation
from engine.errors import UserError
from engine.translation import Speech
from pages.session.safe_text import md_escape

LANGUAGE = "lang"


def language() -> str:
    """Return the language this session shows: the one chosen, else the browser's."""
    chosen = st.session_state.get(LANGUAGE)
    return chosen if chosen in translation.LANGUAGES else translation.pick(st.context.locale)


def speech() -> Speech:
    """Return how the language of this session says things."""
    return Speech(language())


def _(text: str) -> str:
    """Return a literal English sentence in the language of the session. Fill its {placeholders} afterwards."""
    return speech()(text)


def plural(one: str, many: str, n: int) -> str:
    """Return `one` or `many`, translated, with {n} filled in: plural("{n} picture", "{n} pictures", 3)."""
    return speech().plural(one, many, n)


def number(n: int) -> str:
    """Return a whole number with its thousands set apart as the language does it."""
    return speech().number(n)


def decimal(value: float | Decimal, form: str = ".1f") -> str:
    """Return a number in `form` with the decimal sign of the language: "97,3" in German."""
    return speech().decimal(value, form)


def rate(value: float) -> str:
    """Return a learning rate in two figures without powers of ten: 0.000035."""
    return decimal(Decimal(format(value, ".2g")), "f")


def say(template: str, values: dict | None = None) -> str:
    """Return a sentence of the engine (a status, a refusal) in the language of the session, safe inside Markdown."""
    return _fill(template, {key: _readable(value, _escape_for(key)) for key, value in (values or {}).items()})


def _escape_for(key: str):
    """Return how a value is made safe: Graft's own addresses as code, to be copied; everything else escaped."""
    return (lambda url: f"`{url}`") if key == "url" else md_escape


def say_plain(template: str, values: dict | None = None) -> str:
    """Like `say`, for places that show plain text: tables, st.text, text inside a component."""
    return _fill(template, {key: _readable(value, str) for key, value in (values or {}).items()})


def say_error(error: UserError) -> str:
    """Return what happened, what was expected and what to do, safe inside Markdown."""
    return say(error.template, error.values)


def language_picker() -> None:
    """Show the language and offer the others; the choice stays in the URL."""
    here = language()
    with st.container(key="language-picker", width="content"):
        chosen = st.menu_button(
            here.upper(),
            list(translation.LANGUAGES),
            format_func=translation.LANGUAGES.__getitem__,
            type="tertiary",
            icon=":material/language:",
            key="language-menu",
        )
    if chosen and chosen != here:
        st.session_state[LANGUAGE] = st.query_params[LANGUAGE] = chosen
        st.rerun()


def _readable(value, escape):
    if isinstance(value, UserError):
        value = {"template": value.template, "values": value.values}
    if isinstance(value, dict):  # a sentence inside a sentence
        return _fill(value["template"], {key: _readable(part, escape) for key, part in value["values"].items()})
    if isinstance(value, list | tuple):
        return ", ".join(str(_readable(part, escape)) for part in value)
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return number(value)
    return escape(translation.without_places(value) if isinstance(value, str) else value)


def _fill(template: str, values: dict) -> str:
    try:
        sentence = _(template).format(**values)
        return translation.one_of_a_kind(sentence, language()) if "1" in values.values() else sentence
    except (KeyError, IndexError, ValueError, AttributeError):
        # A sentence that does not fit its values is still better than none.
        return md_escape(_(template))
