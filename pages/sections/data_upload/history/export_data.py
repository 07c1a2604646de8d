"""The dataset as one zip: packed by a worker, downloaded straight from the disk, brought in again as it was."""

import html

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from pages.session.i18n import _, decimal, number, plural, say
from pages.session.safe_text import md_escape
from pages.shared import page

KEY = "export"
LOOK_AGAIN_SECONDS = 0.5
NAMED = 5
STYLE = """<style>
.graft-download { display: inline-block; padding: .4rem .9rem; border-radius: .5rem; text-decoration: none;
  border: 1px solid rgba(128,140,132,.5); color: inherit; font-weight: 500; }
.graft-download:hover, .graft-download:focus-visible { border-color: #3d9a64; outline: 2px solid #3d9a64; }
</style>"""


def view(project: Project) -> None:
    """Offer to pack the dataset, show how far that is, then the link."""
    page.section(
        _("Take the dataset along"),
        _(
            "One zip with the original pictures in class folders and a table of classes, groups and parts. Brought in "
            "here or elsewhere, it is the same dataset again."
        ),
    )
    state = graft.current().dataset_exports.status(project.dataset_id)
    if state["state"] == "running":
        st.fragment(_progress, run_every=LOOK_AGAIN_SECONDS)(project)
    elif state["state"] == "done":
        _link(project, state)
    else:
        if state["state"] == "failed":
            st.error(say(state["message"], state["values"]), icon=":material/error:")
        if st.button(_("Prepare the zip"), icon=":material/folder_zip:", key=f"{KEY}-prepare"):
            graft.current().dataset_exports.start(project.dataset_id)
            st.rerun()


def _progress(project: Project) -> None:
    state = graft.current().dataset_exports.status(project.dataset_id)
    if state["state"] != "running":
        st.rerun()
    message = state.get("message") or "Waiting for its turn."
    st.progress(min(1.0, float(state.get("progress", 0))), text=say(message, state.get("values")))


def _link(project: Project, state: dict) -> None:
    address = f"api/export/{project.dataset_id}/{state['version']}"
    words = _("Download the zip ({size} MB)").format(size=decimal(state["bytes"] / 1e6))
    # A link of our own: Streamlit's download button would hold the whole file in memory.
    st.html(f'{STYLE}<a class="graft-download" href="{address}" download>{html.escape(words)}</a>')
    st.caption(plural("{n} picture", "{n} pictures", state["pictures"]))
    if state["missing"]:
        names, more = ", ".join(state["missing"][:NAMED]), len(state["missing"]) - NAMED
        words = plural(
            "The original of {n} picture is gone:", "The originals of {n} pictures are gone:", len(state["missing"])
        )
        rest = " " + _("… and {n} more").format(n=number(more)) if more > 0 else ""
        st.warning(f"{words} {md_escape(names)}{rest}", icon=":material/warning:")
