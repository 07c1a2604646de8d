"""The badge that says what machine trains."""

import streamlit as st

from engine import graft
from pages.session.i18n import _, plural


def badge() -> None:
    """Show "CPU · 2 cores" or "GPU · H200 141 GB", or that the workers are starting.

    Without a timer of its own: two timers on one page got into each other's way.
    """
    with st.container(key="machine", width="content"):
        _badge()


def _badge() -> None:
    device = graft.current().device()
    if device is None:
        st.badge(_("starting…"), icon=":material/hourglass_top:", color="gray", width="content")
    elif device.get("kind") == "gpu":
        st.badge(_gpu(device), icon=":material/bolt:", color="green", width="content")
    else:
        cores = plural("CPU · {n} core", "CPU · {n} cores", device.get("cores", 1))
        st.badge(cores, icon=":material/memory:", color="gray", width="content")


def _gpu(device: dict) -> str:
    name = str(device.get("name") or "").removeprefix("NVIDIA ").split(" ")
    memory = device.get("memory_gb")
    size = f" {round(memory)} GB" if memory else ""
    return f"GPU · {' '.join(name[:2])}{size}".replace("[", "(").replace("]", ")")
