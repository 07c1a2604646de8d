"""Texts typed or pasted into the box of a class, one a line."""

import json
import secrets
from pathlib import Path

import streamlit as st

from engine import graft
from engine.data.modalities import registry as modalities
from engine.storage.registry import Project
from engine.storage.workspace import write_atomic
from pages.session.i18n import _

MOST_LETTERS = 200_000  # in one box at once
FILE = "texts.jsonl"


def is_offered(project: Project | None) -> bool:
    """Tell whether a project may hold texts: it does, or it holds nothing yet."""
    if project is None:
        return True
    registry = graft.current().registry
    held = registry.dataset_options(project.dataset_id).get("modality", modalities.FIRST)
    return modalities.may_hold_texts(held if registry.counts(project.dataset_id) else "")


def write(key: str) -> Path | None:
    """Show the box; return the file that holds what was written when its button is pressed."""
    with st.popover(_("Write texts"), icon=":material/edit_note:", key=f"write-{key}", width="stretch"):
        with st.form(f"texts-{key}", clear_on_submit=True, border=False):
            written = st.text_area(_("One text per line"), height=200, max_chars=MOST_LETTERS, key=f"text-{key}")
            pressed = st.form_submit_button(_("Add these texts"), type="primary", key=f"add-texts-{key}")
        st.caption(_("Each is drawn as a picture for the network. At least about 20 of each class give a first idea."))
    lines = [line.strip() for line in written.splitlines() if line.strip()] if pressed else []
    return _kept(lines) if lines else None


def _kept(lines: list[str]) -> Path:
    folder = graft.current().workspace.incoming / f"upload-{secrets.token_hex(8)}"
    path = folder / FILE
    write_atomic(path, "".join(json.dumps({"text": line}, ensure_ascii=False) + "\n" for line in lines))
    return path
