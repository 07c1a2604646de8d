"""Whether a picture that somebody tries is one of those that its model knows already: its answer then proves little."""

import functools
from pathlib import Path

import streamlit as st

from engine import graft
from engine.data import run_membership
from engine.data.run_membership import Found
from engine.storage import runs
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared.runs.run_list import RunView


def look(entry: RunView, content: bytes) -> Found | None:
    """Return where the run knows the picture from, None where it is new. For threads: it reads every fingerprint."""
    pictures = _pictures(entry.folder, entry.run.dataset_id)
    return run_membership.find(content, pictures, graft.current().workspace)


@functools.lru_cache(maxsize=1)
def _pictures(folder: Path, dataset_id: str) -> list[run_membership.Picture]:
    registry = graft.current().registry
    items = [*registry.items(dataset_id, removed=True), *registry.items(dataset_id)]
    return run_membership.of_run(runs.read_snapshot(folder, ["sha256", "split", "label"]).to_pylist(), items)


def say(found: Found, label: str) -> None:
    """Say what the picture was used for, under the label as a person reads it, and what that means for the answer."""
    if found.split == "train":
        words = (
            _("It learned from this very picture, as {label}. What it says here does not show how it does on new ones.")
            if found.exact
            else _(
                "It learned from a copy of this picture, as {label}. What it says here does not show how it does on "
                "new ones."
            )
        )
        icon = ":orange[:material/school:]"
    elif found.split == "validation":
        words = _("This is one of its validation pictures ({label}), which helped to choose the model: not quite new.")
        icon = ":material/school:"
    else:
        words = _("This is one of its test pictures ({label}); it never learned from it.")
        icon = ":material/info:"
    st.caption(f"{icon} {words.format(label=md_escape(label))}")
