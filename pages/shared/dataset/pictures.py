"""Pictures side by side with who is who: the class and the part under each. Light HTML, drawn at once."""

import html
from collections.abc import Sequence

import streamlit as st

from engine.storage.registry import Item
from pages.components.gallery import gallery
from pages.session.i18n import _, plural
from pages.shared.dataset import written

SPLIT_WORDS = {"train": "training", "validation": "validation", "test": "test"}
MOST = 10
STYLE = """<style>
.graft-row { display: flex; flex-wrap: wrap; gap: .6rem; }
.graft-row figure { margin: 0; width: var(--side); min-width: 0; }
.graft-row img { width: 100%; aspect-ratio: 1; object-fit: contain; display: block; box-sizing: border-box;
  border: 1px solid rgba(128,140,132,.3); border-radius: .5rem; background: rgba(128,140,132,.08); }
.graft-row figcaption { font-size: .8rem; line-height: 1.3; margin-top: .2rem; }
.graft-row span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.graft-row span + span { opacity: .72; }
.graft-row .more { display: grid; place-items: center; width: var(--side); height: var(--side); font-size: .85rem;
  opacity: .72; }
.graft-families { display: flex; flex-wrap: wrap; gap: .6rem; }
.graft-families .graft-row { border: 1px solid rgba(128,140,132,.3); border-radius: .6rem; padding: .5rem; }
</style>"""


def row(items: Sequence[Item], *, side: int = 96, most: int = MOST) -> None:
    """Show up to `most` items, each with its class and its part; say how many there are beyond."""
    st.html(STYLE + _row(items, side, most), width="content")


def families(members: Sequence[Sequence[Item]], *, side: int = 84, most: int = 5) -> None:
    """Show families of items, each in a frame of its own, as many beside each other as fit."""
    st.html(f'{STYLE}<div class="graft-families">{"".join(_row(items, side, most) for items in members)}</div>')


def tiles(items: Sequence[Item]) -> list[gallery.Tile]:
    """Return the items for a gallery, the class first, then the part."""
    return [
        gallery.Tile(
            item.id, gallery.thumbnail_url(item.sha256), item.label or _("No class yet"), _note(item), text=text
        )
        for item, text in zip(items, written.of([item.sha256 for item in items]), strict=True)
    ]


def _note(item: Item) -> str:
    return _("ambiguous") if item.ambiguous else split_word(item.split)


def split_word(split: str | None) -> str:
    """Return "training", "validation" or "test" in the language of the session; "" for none."""
    return _(SPLIT_WORDS[split]) if split in SPLIT_WORDS else ""


def short_name(item: Item) -> str:
    """Return the last part of the file's name."""
    return item.name.rsplit("/", 1)[-1]


def _row(items: Sequence[Item], side: int, most: int) -> str:
    figures = "".join(_figure(item) for item in items[:most])
    if len(items) > most:
        figures += f'<div class="more">{html.escape(plural("{n} more", "{n} more", len(items) - most))}</div>'
    return f'<div class="graft-row" style="--side:{side}px">{figures}</div>'


def _figure(item: Item) -> str:
    label, name = html.escape(item.label or _("No class yet")), html.escape(short_name(item))
    words = f"<span><b>{label}</b></span><span>{html.escape(split_word(item.split))}</span>"
    source = html.escape(gallery.thumbnail_url(item.sha256))
    return (
        f'<figure title="{name}"><img src="{source}" alt="{label}, {name}" loading="lazy">'
        f"<figcaption>{words}</figcaption></figure>"
    )
