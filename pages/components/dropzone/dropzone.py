"""Where pictures come in: dropped, chosen or taken with the webcam, and streamed straight to the server's disk.

The browser sends every file by PUT to the upload route; the page only hears about it when all of them have arrived.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import graft
from pages.components.register import register, reported
from pages.session import person
from pages.session.i18n import _

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_HTML = '<div class="zone"></div>'
# What the server may answer: the page translates these sentences beforehand, the component fills their {values} in.
_REFUSALS = (
    "This upload holds more than {limit} files. Send it in parts, or pack it into an archive.",
    "The name of a file is too long for the disk of this server: {name}… Give it a shorter one.",
    "Earlier files of yours are still being brought in. Send these when that is done.",
    "Many files are being brought in just now. Send these in a few minutes.",
    "This page is out of date. Reload it and choose the files again.",
    "This upload is larger than {limit} MB. Send it in parts, or raise GRAFT_MAX_UPLOAD_MB.",
    (
        "The disk is nearly full: {needed} MB are needed in {folder}, {free} MB are free. "
        "Make room, or choose another folder with GRAFT_WORKSPACE."
    ),
    "{name} could not be written ({reason}). Nothing half-written was kept. Make room on the disk and try again.",
)


@dataclass(frozen=True)
class Upload:
    """What has arrived: one source for each archive, or one folder for all files; and files that were not sent."""

    sources: list[Path]
    failed: list[str]


def dropzone(
    *,
    key: str,
    compact: bool = False,
    webcam: bool = False,
    busy: bool = False,
    quiet: bool = False,
    words: dict[str, str] | None = None,
) -> Upload | None:
    """Show the drop zone; return what arrived, once, in the rerun after the last file.

    compact: a small box for one class; webcam: offer the camera; busy: another import is running;
    quiet: something else is the page's primary action; words: what it says instead of what it says of pictures (see
    _words), where "folder" may be "" for none.
    """
    data = {
        "url": f"api/upload/{_ticket(key)}",
        "compact": compact,
        "webcam": webcam,
        "busy": busy,
        "quiet": quiet or compact,
        "words": _words(compact) | (words or {}),
    }
    result = register("dropzone", _HTML)(key=key, data=data, on_done_change=reported, on_cancelled_change=reported)
    uploads = graft.current().uploads
    if result.cancelled and uploads.ticket(result.cancelled):
        uploads.discard(result.cancelled)
        st.rerun()
    # A ticket that is used up has been dealt with in an earlier rerun.
    if not result.done or uploads.ticket(result.done["ticket"]) is None:
        return None
    arrived = uploads.take(result.done["ticket"])
    return Upload(_sources(arrived) if arrived else [], list(result.done["failed"]))


def _ticket(key: str) -> str:
    """Return the permission to upload that belongs to this drop zone; a server that restarted knows no old one."""
    uploads = graft.current().uploads
    uploads.is_there = person.session_is_there
    token = st.session_state.get(f"{key}-ticket")
    if token is None or uploads.ticket(token) is None:
        token = st.session_state[f"{key}-ticket"] = uploads.new_ticket(person.session()).token
    return token


def _sources(arrived: Path) -> list[Path]:
    """Return what to import: several archives are imported one by one, each from a folder of its own."""
    if arrived.is_file():
        return [arrived]
    archives = [path for path in sorted(arrived.iterdir()) if path.name.lower().endswith(ARCHIVES)]
    sources = []
    for number, path in enumerate(archives):
        own = arrived.with_name(f"{arrived.name}-{number}")
        own.mkdir()
        os.replace(path, own / path.name)
        sources.append(own / path.name)
    if any(arrived.iterdir()):
        return [*sources, arrived]
    shutil.rmtree(arrived, ignore_errors=True)
    return sources


def _words(compact: bool) -> dict:
    return {
        "headline": _("Drop pictures here") if compact else _("Drop a zip, a folder or pictures here"),
        "hint": ""
        if compact
        else _(
            "Folder names become class names. A table (CSV or JSONL) beside the files works too. Pictures can also be "
            "pasted."
        ),
        "drop": _("Let go to send them"),
        "files": _("Choose files"),
        "folder": _("Choose a folder"),
        "camera": _("Webcam"),
        "hold": _("Hold to record"),
        "one": _("One picture"),
        "close": _("Close the camera"),
        "recorded": _("{n} recorded"),
        "reading": _("Looking through the folder: {n} files"),
        "sending": _("Sending {done} of {total}"),
        "cancel": _("Cancel"),
        "cancelled": _("Cancelled. Nothing was added."),
        "arrived": _("All sent. They are being looked at now."),
        "busy": _("You can add more while the last import is running."),
        "nothing": _("There was no file in it."),
        "lost": _("The connection was lost. Check that the server is running and try again."),
        "failed": _("{name} could not be sent."),
        "blocked": _("The camera is blocked for this page. Allow it in the browser's address bar, then try again."),
        "nocamera": _("No camera was found. Plug one in, or choose files instead."),
        "cameraused": _("The camera is in use by another program. Close it there, then try again."),
        "insecure": _("Browsers allow the camera only on localhost and over https. Choose files instead."),
        "refusals": {sentence: _(sentence) for sentence in _REFUSALS},
    }
