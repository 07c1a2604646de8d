"""The training pictures that a picture reminds a model of, each with its own label under it."""

import html
from collections.abc import Sequence

import streamlit as st

from engine.data.label_kinds.label_kind import LabelKind
from pages.components.gallery.gallery import thumbnail_url
from pages.session.i18n import _
from pages.session.safe_text import readable
from pages.shared.dataset import classes

STYLE = """<style>
.nearest { display: grid; grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)); gap: .5rem .45rem;
  max-width: 20rem; }
.nearest figure { margin: 0; min-width: 0; }
.nearest img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: .4rem; display: block;
  outline: 1px solid rgba(128, 140, 132, .45);
  outline-offset: -1px; }
.nearest figcaption { font-size: .8rem; line-height: 1.2; margin-top: .2rem; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
</style>"""


def show(nearest: Sequence[tuple[str, str]], label_kind: LabelKind) -> None:
    """Show (content hash, label) of training pictures, likest first; nothing where there are none."""
    if not nearest:
        return
    st.caption(_("The training pictures most like it:"))
    figures = "".join(_figure(sha256, readable(classes.in_words(label, label_kind))) for sha256, label in nearest)
    words = html.escape(_("Training pictures that are most like it"))
    st.html(f'{STYLE}<div class="nearest" role="group" aria-label="{words}">{figures}</div>')


def _figure(sha256: str, label: str) -> str:
    words, source = html.escape(label), html.escape(thumbnail_url(sha256))
    return (
        f'<figure><img src="{source}" alt="" loading="lazy">'
        f'<figcaption dir="auto" title="{words}">{words}</figcaption></figure>'
    )
