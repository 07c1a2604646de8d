"""A picture with heat laid over it, and a slider from the picture alone to the heat."""

from pages.components.register import register
from pages.session.i18n import _

_HTML = (
    '<div class="frame"><img class="picture"><img class="heat" alt="" hidden><div class="busy"></div>'
    '<div class="cursor" hidden></div></div><audio controls hidden></audio>'
    '<div class="controls"><span class="less"></span><input type="range" min="0" max="100">'
    '<span class="more"></span></div>'
    '<div class="scale" hidden><span class="against"></span><span class="bar"></span><span class="for"></span></div>'
)


def heat_map(
    src: str,
    heat: str | None,
    *,
    key: str,
    alt: str,
    two_sided: bool,
    failed: bool = False,
    sound: str = "",
    span: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Show the picture at address `src`; with a bar that runs while there is no `heat` (address of a picture) yet.

    alt: where the heat is, in words. two_sided: whether blue, for "speaks against", occurs. sound: what is played under
    it, an address or a data URL; span: (start, length) in seconds of what the picture shows of that, along which a line
    runs while it plays.
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
    data = {
        "src": src,
        "heat": heat,
        "two_sided": two_sided,
        "failed": failed,
        "words": words,
        "sound": sound,
        "span": span,
    }
    register("heat_map", _HTML)(key=key, data=data)
