"""Probabilities as bars: light HTML, drawn at once, read aloud as a list."""

import html
from collections.abc import Sequence

import streamlit as st

from pages.session.safe_text import readable

NO_BREAK = "\N{NO-BREAK SPACE}"
STYLE = """<style>
.bars .bar { margin: 0 0 .45rem; }
.bars .line { display: flex; justify-content: space-between; gap: 1rem; font-size: .92rem; line-height: 1.5; }
.bars .line span:first-child { overflow-wrap: anywhere; }
.bars .line span:last-child { white-space: nowrap; font-variant-numeric: tabular-nums; opacity: .8; }
.bars .track { height: .5rem; border-radius: .25rem; background: rgba(128, 140, 132, .22); overflow: hidden; }
.bars .fill { height: 100%; border-radius: .25rem; background: rgba(128, 140, 132, .75); }
.bars .bar:first-child .fill { background: #3d9a64; }
.bars.quiet .bar:first-child .fill { background: rgba(128, 140, 132, .75); }
.bars .bar:first-child .line { font-weight: 600; font-size: 1.02rem; }
</style>"""


def bars(likeliest: Sequence[tuple[str, float]], *, quiet: bool = False) -> None:
    """Show (class, probability) pairs, likeliest first; `quiet` where the first is no answer."""
    kind = "bars quiet" if quiet else "bars"
    st.html(STYLE + f'<div class="{kind}" role="list">{"".join(_bar(name, share) for name, share in likeliest)}</div>')


def percent(share: float) -> str:
    """Return "97 %", and "<1 %" or ">99 %" rather than a certainty that is none; never broken over two lines."""
    if 0 < share < 0.005:
        return f"<1{NO_BREAK}%"
    if 0.995 <= share < 1:
        return f">99{NO_BREAK}%"
    return f"{100 * share:.0f}{NO_BREAK}%"


def _bar(name: str, share: float) -> str:
    label, value = html.escape(readable(name)), html.escape(percent(share))
    return (
        f'<div class="bar" role="listitem"><div class="line"><span>{label}</span><span>{value}</span></div>'
        f'<div class="track"><div class="fill" style="width:{100 * share:.1f}%"></div></div></div>'
    )
