"""Names that people typed, made safe to show."""

import functools
import re
import unicodedata

import streamlit as st

from engine import graft
from engine.data import layout
from engine.data.label_kinds import multi_label


def md_escape(name) -> str:
    """Return `name` so that Markdown shows it as it is: no links, pictures, icons, colours or formulas.

    For labels, captions, pills and alerts. Selectboxes and tables show plain text and need no escape.
    """
    text = re.sub(r"([\\`*_{}\[\]()<>#+\-!|$~])", r"\\\1", isolated(name).replace("\n", " "))
    text = re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", text)  # "1. one" would become a list
    # A word joiner breaks :icons:, :red[..] and automatic links without being seen.
    return text.replace(":", ":\u2060").replace("www.", "www\u2060.").replace("@", "@\u2060")


def readable(text) -> str:
    """Return plain text with long class names in it as short as they can be told apart in the project."""
    text = str(text)
    return layout.without_tails(text, _classes_here()) if layout.LONG.search(text) else text


def isolated(name) -> str:
    """Return `name` so that numbers and brackets beside it keep their place when it is written from right to left."""
    text = readable(name)
    rightwards = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return f"\u2068{text}\u2069" if rightwards else text


def set_off(name) -> str:
    """Return `name` safe for Markdown, in quotes where it is so short that it reads like part of a sentence: “5”."""
    return f"“{md_escape(name)}”" if len(str(name)) <= 2 else md_escape(name)


def shortened(name, length: int = 28) -> str:
    """Return `name` with its middle left out when it is longer than `length` characters."""
    text = readable(name)
    if len(text) <= length:
        return text
    keep = (length - 1) // 2
    return f"{text[:keep]}…{text[-keep:]}"


def _classes_here() -> frozenset[str]:
    """Return the classes of the project in front of the person; none where there is no project."""
    project_id = st.session_state.get("current_project")  # state.PROJECT, which imports this module
    project = graft.current().registry.project(project_id) if project_id else None
    return (
        _classes(project.dataset_id, graft.current().registry.version(project.dataset_id)) if project else frozenset()
    )


@functools.lru_cache(maxsize=16)
def _classes(dataset_id: str, _version: str) -> frozenset[str]:
    labels = graft.current().registry.counts(dataset_id)
    return frozenset(name for label in labels if label for name in (label, *multi_label.names_of(label)))
