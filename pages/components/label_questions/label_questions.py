"""One picture after the other with one question: does it belong where it lies? Every answer is a key or a press."""

from typing import Any

from pages.components.register import register, reported
from pages.session.i18n import _

_HTML = '<div class="panel" tabindex="-1"></div>'
_SHOWN = ("id", "kind", "cards", "classes", "examples", "log")


def ask(sitting: dict[str, Any], *, key: str) -> Any:
    """Show the cards of a sitting; return what was told: `log` (all answers so far), `rest` and `close`.

    sitting: "id", another one for another queue; "kind" of the finding; "cards" (item, src, given, suggested,
    confidence, name, part); "classes"; "examples" {class: addresses of pictures}; "log" of answers already given.
    """
    data = {name: sitting[name] for name in _SHOWN} | {"words": _words(sitting["kind"])}
    return register("label_questions", _HTML)(
        key=key,
        data=data,
        default={"log": []},
        on_log_change=reported,
        on_rest_change=reported,
        on_close_change=reported,
    )


def _words(kind: str) -> dict[str, str]:
    asks = _("Does this belong here?") if kind == "outlier" else _("Is this in the right class?")
    tells = (
        _("This lies in {given} and looks unlike the others there.")
        if kind == "outlier"
        else _("This lies in {given}. The network would say {suggested} ({confidence}).")
    )
    return {
        "asks": asks,
        "tells": tells,
        "change": _("It is {suggested}"),
        "keep": _("Keep {given}"),
        "belongs": _("It belongs here"),
        "other": _("Another class …"),
        "exclude": _("Take it out"),
        "back": _("Back"),
        "next": _("Next"),
        "undo": _("Undo"),
        "close": _("Close"),
        "find": _("Find a class, or type a new one"),
        "new": _("New class: {name}"),
        "seen": _("{done} of {all} looked at"),
        "changed": _("{n} changed"),
        "kept": _("{n} kept"),
        "excluded": _("{n} taken out"),
        "finished": _("All looked at. Thank you: the next training learns from what you know."),
        "typical": _("Others in {label}"),
        "was": _("Now: {answer}"),
        "missing": _("No preview"),
    }
