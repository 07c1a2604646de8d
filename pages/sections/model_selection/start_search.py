"""Find the best network for me: what is tried, when that is to end, and the button that begins the search."""

from typing import Any

import streamlit as st

from engine import graft
from engine.backbones.catalogue import CATALOGUE
from engine.search.plan import TIME_LIMIT, USUAL
from engine.search.searches import networks_here, not_here
from engine.storage.registry import Project
from engine.training.recipe import RECIPES
from pages.session import person, state
from pages.session.i18n import _
from pages.session.safe_text import shortened
from pages.shared import page
from pages.shared.dataset import class_balance
from pages.shared.runs import stopping_goal

EXPLANATION = (
    "Graft tries networks, recipes and settings on your pictures, first on a quarter of them. The weak are dropped "
    "early, the best becomes a training of its own. You can stop at any time and keep the best so far."
)
KEEP: dict[str, Any] = {"persist_state": "session"}


def start_search(project: Project) -> None:
    """Show what a search needs to know, folded away; when it is begun, the Train page shows it."""
    with st.expander(_("Find the best network for me"), icon=":material/travel_explore:", key="find-best"):
        active = [one for one in graft.current().searches.of_project(project.id) if _is_active(one)]
        if active:
            _show_active()
            return
        st.caption(_(EXPLANATION))
        wanted = {**stopping_goal.fields("search", minutes=TIME_LIMIT / 60), **_choices()}
        wanted["common"] = {"class_balancing": class_balance.default(project)}
        wanted.setdefault("time_limit", None)
        if st.button(_("Start the search"), key="start-search", icon=":material/travel_explore:"):
            with page.errors_in_words():
                graft.current().start_search(project.id, wanted, owner=person.name())
                state.go("train")


def _is_active(search_id: str) -> bool:
    return graft.current().searches.is_active(search_id)


def _show_active() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_("A search for these pictures is at work."), width="content")
        if st.button(_("See how it stands"), key="see-search", icon=":material/arrow_forward:"):
            state.go("train")


def _choices() -> dict:
    """Ask for networks and recipes; return them as options of a search."""
    here, own = networks_here(), _own_networks()
    networks = st.multiselect(
        _("Networks to try"),
        [*CATALOGUE, *own],
        here,
        format_func=lambda key: own.get(key) or (CATALOGUE[key].title if key in here else _needs_download(key)),
        key="search-networks",
        **KEEP,
    )
    if networks == ["sprout"] == here:
        st.caption(
            _(
                "Only Sprout is on this machine: the search tries its picture sizes, heads and learning rates. Any "
                "other network that you add is downloaded first."
            )
        )
    recipes = st.pills(
        _("Recipes"),
        list(RECIPES),
        selection_mode="multi",
        default=list(RECIPES) if (graft.current().device() or {}).get("kind") == "gpu" else USUAL,
        format_func=lambda name: _(RECIPES[name].title),
        key="search-recipes",
        **KEEP,
    )
    untried = not_here() if sorted(networks) == sorted(here) else ()
    return {"networks": networks, "recipes": [name for name in RECIPES if name in recipes], "left_out": untried}


def _own_networks() -> dict[str, str]:
    """Return the titles of the networks of one's own by key."""
    networks = graft.current().custom_backbones
    infos = [*networks.uploaded(), *(info for _run, info in networks.of_runs())]
    return {info.key: shortened(info.title, 40) for info in infos}


def _needs_download(key: str) -> str:
    return _("{network} (needs download)").format(network=CATALOGUE[key].title)
