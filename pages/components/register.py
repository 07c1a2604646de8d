"""One home of the widgets' registration: files are read once, scripts joined, and all of them look alike.

The folder NAME holds NAME.py, NAME.css and NAME.js. A script may import from others beside it and from those in this
folder; Streamlit takes one text, so they are put into one, each before the first that needs it.
"""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r"^import \{[^}]*\} from '(\.[^']+)'\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@functools.cache
def register(name: str, html: str) -> Callable[..., Any]:
    """Return what mounts the widget of this folder: `widget(key=..., data=..., default={...}, on_x_change=...)`.

    It returns Streamlit's result, with what the script has told by setStateValue and setTriggerValue. A value is only
    told where it has a callback: see `reported`.
    """
    component = st.components.v2.component(f"graft_{name}", html=html, css=style(name), js=script(name))

    def mount(*, data: dict, **options: Any) -> Any:
        # Inside a list, since Streamlit looks for data frames in a dict, and imports pandas (80 MB) to know one.
        return component(data=[data], **options)

    return mount


def reported() -> None:
    """Do nothing: the callback of a value that a widget tells and the page reads."""


@functools.cache
def style(name: str) -> str:
    """Return the shared tokens and what the widget adds to them."""
    own = FOLDER / name / f"{name}.css"
    return (FOLDER / "tokens.css").read_text("utf-8") + (own.read_text("utf-8") if own.exists() else "")


@functools.cache
def script(name: str) -> str:
    """Return the widget's script with everything it imports as one module."""
    return "".join(_joined(FOLDER / name / f"{name}.js", set()))


def _joined(path: Path, seen: set[Path]) -> list[str]:
    if path in seen:
        return []
    seen.add(path)
    text = path.read_text("utf-8")
    needed = [part for other in _IMPORT.findall(text) for part in _joined((path.parent / other).resolve(), seen)]
    return [*needed, _EXPORT.sub("", _IMPORT.sub("", text))]
