"""Who gets what: for every class or group, how many pictures train, choose and measure, as bars and numbers."""

import html
from collections.abc import Mapping

import streamlit as st

from engine.data.split import SPLITS
from pages.session.i18n import _, number

Counts = Mapping[str, Mapping[str, int]]  # {class or group: {split: pictures}}

STYLE = """<style>
.graft-parts { max-height: 30rem; overflow: auto; }
.graft-parts table { width: 100%; border-collapse: collapse; font-size: .92rem; }
.graft-parts th, .graft-parts td { text-align: right; padding: .3rem .5rem; font-variant-numeric: tabular-nums;
  border: 0; border-bottom: 1px solid rgba(128,140,132,.25); white-space: nowrap; font-weight: 400; }
.graft-parts thead th { font-size: .82rem; opacity: .8; }
.graft-parts th:first-child { text-align: left; width: 100%; white-space: normal; overflow-wrap: anywhere; }
.graft-parts td b { font-weight: 650; }
.graft-parts td s { opacity: .65; text-decoration: none; }
.graft-parts .low { color: #b3261e; }
@media (prefers-color-scheme: dark) { .graft-parts .low { color: #ffb4ab; } }
.graft-parts .bar { display: flex; height: .45rem; border-radius: .25rem; overflow: hidden; margin-top: .2rem;
  background: rgba(128,140,132,.2); }
.graft-parts .bar i { display: block; height: 100%; }
.graft-parts i.train { background: #3d9a64; }
.graft-parts i.validation { background: #d9a441; }
.graft-parts i.test { background: #6c7fd8; }
.graft-parts thead i { display: inline-block; width: .6rem; height: .6rem; border-radius: .2rem; margin-right: .3rem; }
.graft-parts tfoot th, .graft-parts tfoot td { border-bottom: 0; font-weight: 650; }
@media (max-width: 640px) { .graft-parts th, .graft-parts td { padding: .3rem .25rem; } }
</style>"""


def show_splits(
    title: str,
    now: Counts,
    then: Counts | None = None,
    *,
    few: int = 0,
    pictures: tuple[Counts, Counts | None] | None = None,
) -> None:
    """Show how each name is divided `now`; with `then`, what it would become.

    few: test pictures below this number stand out. pictures: the same numbers with every picture counted once, where
    those of `now` and `then` count a picture for each of its classes.
    """
    shown = then if then is not None else now
    rows = "".join(_row(name, now.get(name, {}), shown.get(name, {}), few) for name in shown)
    once_now, once_then = pictures or (now, then)
    before, total = _sum(once_now), _sum(once_now if once_then is None else once_then)
    last = _("Together") if pictures is None else _("Pictures")
    words = {"train": _("training"), "validation": _("validation"), "test": _("test")}
    head = "".join(
        f'<th scope="col"><i class="{part}"></i>{html.escape(words[part].capitalize())}</th>' for part in SPLITS
    )
    st.html(
        f'{STYLE}<div class="graft-parts" tabindex="0" role="region" aria-label="{html.escape(title)}"><table>'
        f'<thead><tr><th scope="col">{html.escape(title)}</th>{head}</tr></thead><tbody>{rows}</tbody>'
        f'<tfoot><tr><th scope="row">{html.escape(last)}</th>{_cells(before, total, 0)}</tr></tfoot>'
        "</table></div>"
    )


def _sum(counts: Counts) -> dict[str, int]:
    return {part: sum(parts.get(part, 0) for parts in counts.values()) for part in SPLITS}


def _row(name: str, now: Mapping[str, int], then: Mapping[str, int], few: int) -> str:
    size = max(1, sum(then.get(part, 0) for part in SPLITS))
    pieces = "".join(f'<i class="{part}" style="width:{100 * then.get(part, 0) / size:.2f}%"></i>' for part in SPLITS)
    bar = f'<div class="bar" aria-hidden="true">{pieces}</div>'
    return f'<tr><th scope="row">{html.escape(name)}{bar}</th>{_cells(now, then, few)}</tr>'


def _cells(now: Mapping[str, int], then: Mapping[str, int], few: int) -> str:
    return "".join(
        _cell(now.get(part, 0), then.get(part, 0), part == "test" and then.get(part, 0) < few) for part in SPLITS
    )


def _cell(now: int, then: int, low: bool) -> str:
    text = f'<span class="low">{number(then)}</span>' if low else number(then)
    return f"<td>{text}</td>" if now == then else f"<td><s>{number(now)} →</s> <b>{text}</b></td>"
