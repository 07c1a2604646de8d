"""How far a map of pictures is, while a worker is at it; and what there is of it so far."""

from collections.abc import Callable

import streamlit as st

from engine import graft
from engine.services import maps
from pages.session.i18n import _, say
from pages.shared import page

KEY = "embedding_map"
POLL_SECONDS = 1.0


def follow(dataset_id: str, look: Callable[[], maps.MapState], show: Callable[[maps.MapState], None]) -> None:
    """Say how far the map is and `show` what there is of it, anew while a worker is at it."""

    def part(watched: bool) -> None:
        with page.errors_in_words():
            state = look()
            if watched and not state.running:
                st.rerun()  # once for the whole page: it takes the timer away
            _progress(dataset_id, state)
            if state.tag:
                show(state)

    looking = look().running
    st.fragment(part, run_every=POLL_SECONDS if looking else None)(looking)


def _progress(dataset_id: str, state: maps.MapState) -> None:
    job = state.job
    if job["state"] == maps.FAILED:
        st.error(say(job["message"], job["values"]), icon=":material/error:")
        if st.button(_("Try again"), key=f"{KEY}-again"):
            graft.current().maps.discard(dataset_id)
            st.rerun()
    elif state.running:
        words = say(job["message"], job["values"]) if job["message"] else _("Preparing the map")
        if state.method == "pca":
            words += " · " + _("a first sketch is below")
        st.progress(min(1.0, job["progress"]), text=words)
    elif not state.pictures:
        st.caption(_("There are no pictures to show."))
    else:
        st.caption(_("Each point is a picture; the closer two points, the more alike the network finds them."))
