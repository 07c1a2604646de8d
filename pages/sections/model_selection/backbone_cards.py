"""Cards of the pretrained networks: what each is good at, what it costs, whether it is ready, how quick it is here."""

import streamlit as st

from engine import graft
from engine.backbones import catalogue, custom, local_weights
from engine.backbones.catalogue import BackboneInfo
from engine.errors import UserError
from engine.storage.workspace import read_json
from pages.session import worker_answers
from pages.session.i18n import _, decimal, number, say_error

CHOSEN = "backbone"
FIRST_SHOWN = 3


def ready_keys() -> frozenset[str]:
    """Return the networks whose weights are on this machine."""
    return frozenset(key for key in catalogue.CATALOGUE if local_weights.local_path(key) is not None)


def choose_backbone(recommended: str, ready: frozenset[str]) -> str:
    """Show the cards and return the key of the chosen network."""
    chosen = st.session_state.setdefault(CHOSEN, recommended)
    if custom.is_own(chosen) and custom.find(chosen) is None:  # it was deleted meanwhile
        chosen = st.session_state[CHOSEN] = recommended
    speeds = read_json(graft.current().workspace.speeds, {})
    order = sorted(catalogue.CATALOGUE, key=lambda key: key not in (recommended, "sprout") and key not in ready)
    show_all = st.session_state.get("all-networks", False)
    shown = order if show_all else _first(order, chosen)
    with st.grid(3, min_column_width=270, key="networks"):
        for key in shown:
            with st.container(border=True, height="stretch", key=f"network-{key}"):
                _card(
                    catalogue.CATALOGUE[key], key == chosen, key == recommended, key in ready, _known_speed(speeds, key)
                )
    st.toggle(_("Show all {n} networks").format(n=len(order)), key="all-networks", persist_state="session")
    return chosen


def _first(order: list[str], chosen: str) -> list[str]:
    first = order[:FIRST_SHOWN]
    return first if chosen in first or custom.is_own(chosen) else [chosen, *first[:-1]]


def _card(info: BackboneInfo, chosen: bool, recommended: bool, ready: bool, speed: float | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{info.title}**", width="content")
        if recommended:
            st.badge(_("Recommended"), icon=":material/thumb_up:", color="green")
        if ready:
            st.badge(_("Ready"), icon=":material/check:", color="gray")
        else:
            st.badge(_("Needs download"), icon=":material/download:", color="orange")
    st.markdown(_(info.sentence))
    st.caption(_facts(info))
    st.space("stretch")  # the buttons of one row stand at one height
    with st.container(horizontal=True, vertical_alignment="center"):
        use_button(info.key, chosen)
        if ready:
            _speed(info, speed)


def use_button(key: str, chosen: bool) -> None:
    """Show the button that chooses a network."""
    st.button(
        _("Chosen") if chosen else _("Use this"),
        key=f"use-{key}",
        icon=":material/check:" if chosen else None,
        disabled=chosen,
        on_click=lambda: st.session_state.update({CHOSEN: key}),
    )


def _known_speed(speeds: dict, key: str) -> float | None:
    """Return pictures a second at the network's own size, where this machine has measured it."""
    return speeds.get(f"{key}-{catalogue.info(key).image_sizes[0]}")


def _facts(info: BackboneInfo) -> str:
    millions = _("{n} million parameters").format(n=decimal(info.parameters / 1e6))
    size = _("{n} MB to download").format(n=round(info.download_mb)) if info.download_mb else _("nothing to download")
    if info.top1 is None:
        score = _("no ImageNet score: {reason}").format(reason=_(info.top1_source))
    else:
        score = _("ImageNet top-1 {share} % ({source})").format(share=decimal(info.top1), source=info.top1_source)
    return " · ".join([_("{n} pixels").format(n=info.image_sizes[0]), millions, size, score])


def _speed(info: BackboneInfo, speed: float | None) -> None:
    if speed:
        st.caption(_("{n} pictures a second here").format(n=number(round(speed))), width="content")
        return
    key = f"measure-{info.key}"
    if st.session_state.get(key):
        worker_answers.when_ready(_measure(info.key), _show_speed, waiting=_measuring, key=f"speed-{info.key}")
        return
    st.button(
        _("Measure speed"),
        key=f"ask-{key}",
        type="tertiary",
        icon=":material/speed:",
        on_click=lambda: st.session_state.update({key: True}),
    )


def _measure(key: str):
    here = graft.current()
    return worker_answers.ask(
        ("speed", key), lambda: here.compute.ask("measure_speed", here.workspace, key, timeout=300)
    )


def _measuring() -> None:
    st.caption(_("Measuring…"), width="content")


def _show_speed(answer) -> None:
    try:
        speed = round(answer.result())
    except UserError as error:
        st.caption(say_error(error))
        return
    st.caption(_("{n} pictures a second here").format(n=number(speed)), width="content")
