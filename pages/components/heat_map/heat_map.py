"""A picture with heat laid over it, and a slider from the picture alone to the heat."""

import functools
from pathlib import Path

import streamlit as st

from pages.session.i18n import _

_HERE = Path(__file__).parent


def heat_map(src: str, heat: str | None, *, key: str, alt: str, two_sided: bool, failed: bool = False) -> None:
    """Show the picture at address `src`; with a bar that runs while there is no `heat` (address of a picture) yet.

    alt: where the heat is, in words. two_sided: whether blue, for "speaks against", occurs.
    """
    words = {
        "alt": alt,
        "picture": _("Picture"),
        "heat": _("Heat-map"),
        "slider": _("From the picture to the heat-map"),
        "for": _("speaks for it"),
        "against": _("speaks against it"),
        "nothing": _("does not matter"),
    }
    data = {"src": src, "heat": heat, "two_sided": two_sided, "failed": failed, "words": words}
    _component()(key=key, data=[data])  # a list: see gallery.py


@functools.cache
def _component():
    return st.components.v2.component(
        "graft_heat_map",
        html='<div class="frame"><img class="picture"><img class="heat" alt="" hidden><div class="busy"></div></div>'
        '<div class="controls"><span class="less"></span><input type="range" min="0" max="100">'
        '<span class="more"></span></div>'
        '<div class="scale" hidden><span class="against"></span><span class="bar"></span>'
        '<span class="for"></span></div>',
        css=(_HERE / "heat_map.css").read_text(encoding="utf-8"),
        js=(_HERE / "heat_map.js").read_text(encoding="utf-8"),
    )
