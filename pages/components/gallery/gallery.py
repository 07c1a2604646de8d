"""A grid of thumbnails: as many columns as fit, captions, and pictures that can be selected and sorted by keys."""

import base64
import html
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from pages.components import keystrokes
from pages.components.register import register, reported
from pages.session import modality
from pages.session.i18n import _, plural
from pages.session.safe_text import readable

Width = int | Literal["stretch", "content"]
_HTML = '<div class="keys" role="group"></div><div class="gallery"></div><dialog></dialog>'


@dataclass(frozen=True)
class Tile:
    """One picture of a gallery. Texts are shown as they are, never as Markdown or HTML.

    src: an address of a picture (see `thumbnail_url`, `data_url`); note: a second, quieter line;
    tone: "" or "good" or "bad", the colour of the note's edge; text: what stands in the item, where it is a text.
    """

    id: int | str
    src: str
    caption: str = ""
    note: str = ""
    tone: str = ""
    text: str = ""


def gallery(
    tiles: Sequence[Tile],
    *,
    key: str,
    selectable: bool = False,
    size: int = 112,
    clear: int = 0,
    classes: Sequence[str] = (),
    on_keys: Callable[[list[dict]], None] | None = None,
    on_why: Callable[[int | str], None] | None = None,
) -> list:
    """Show the tiles; return the ids that are selected, in the order of the tiles.

    size: the least width of a column in CSS pixels. A new number in `clear` empties the selection.
    on_keys: makes the gallery one for sorting by keys: numbers stand for `classes`. It is given what was
    asked, once each: {"do": "label", "label", "items"}, {"do": "exclude", "items"} or {"do": "undo"}.
    on_why: lets somebody ask why the model says what it says of a picture (button or W); it is given the picture's id.
    """
    data = {
        "tiles": [
            asdict(tile) | {"caption": readable(tile.caption), "note": readable(tile.note), "text": readable(tile.text)}
            for tile in tiles
        ],
        "selectable": selectable,
        "size": size,
        "clear": clear,
        "selected": list((st.session_state.get(key) or {}).get("selected") or []),
        "classes": keystrokes.keyed(classes),
        "sorting": on_keys is not None,
        "explained": on_why is not None,
        "plays": modality.current().plays,
        "done": keystrokes.done(key),
        "words": _words(without_key=max(0, len(classes) - len(keystrokes.keyed(classes)))),
    }
    result = register("gallery", _HTML)(
        key=key,
        data=data,
        default={"selected": [], "asked": []},
        on_selected_change=reported,
        on_asked_change=reported,
    )
    asked = keystrokes.fresh(key, result.asked)
    sorted_by_keys = [one for one in asked if one["do"] != "why"]
    if on_keys is not None and sorted_by_keys:
        on_keys(sorted_by_keys)
    if on_why is not None and (questions := [one for one in asked if one["do"] == "why"]):
        on_why(questions[-1]["items"][0])
    chosen = set(result.selected or []) if selectable else set()
    return [tile.id for tile in tiles if tile.id in chosen]


def _words(without_key: int) -> dict[str, str]:
    """Return the words of a gallery; without_key: how many classes have no key."""
    others = plural(
        "{n} more class: select a picture and type the class into the list above.",
        "{n} more classes: select a picture and type the class into the list above.",
        without_key,
    )
    return {
        "others": others if without_key else "",
        "select": _("Select"),
        "missing": _("No preview"),
        "larger": _("See it larger"),
        "close": _("Close"),
        "all": _("All on this page"),
        "exclude": _("Exclude"),
        "undo": _("Undo"),
        "excluded": _("Excluded"),
        "why": _("Why?"),
        "play": _("Play"),
        "keys": _("Keys: numbers move to a class, X excludes, Z undoes, P shows a picture larger"),
    }


def strip(sources: Sequence[str], *, height: int = 64, alt: str = "", width: Width = "stretch") -> None:
    """Show as many pictures as fit into one row, none of them cut; for cards. `width` as Streamlit has it."""
    if not sources:
        return
    pictures = "".join(
        f'<img src="{html.escape(source)}" alt="" loading="lazy" style="height:{height}px;width:{height}px;'
        f'object-fit:cover;border-radius:.4rem;flex:none">'
        for source in sources
    )
    style = f"display:flex;flex-wrap:wrap;gap:.35rem;overflow:hidden;height:{height}px"
    st.html(f'<div role="img" aria-label="{html.escape(alt)}" style="{style}">{pictures}</div>', width=width)


def thumbnail_url(sha256: str) -> str:
    """Return the address of a stored picture's thumbnail; browsers keep it, since content never changes."""
    return f"api/thumbnail/{sha256}"


def data_url(content: bytes, kind: str = "image/png") -> str:
    """Return a picture that is not stored anywhere as an address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def page_of(number_of_items: int, *, key: str, per_page: int = 48) -> int:
    """Show page numbers where there is more than one page; return the offset of the page's first item."""
    pages = -(-number_of_items // per_page)
    if pages < 2:
        return 0
    # Fewer pages than before (pictures were removed): a remembered number beyond the last would be an error.
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    return (st.pagination(pages, key=key) - 1) * per_page
