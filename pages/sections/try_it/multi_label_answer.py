"""What a model says about a picture that may show several classes: all that it names, or none of them."""

import html
from collections.abc import Callable, Sequence

import streamlit as st

from engine.data import multi_label
from engine.evaluation import results
from engine.evaluation.reliability import multi_label_thresholds
from pages.components.probabilities import STYLE, percent
from pages.session.i18n import _
from pages.session.safe_text import md_escape, readable
from pages.shared.dataset import classes
from pages.shared.runs.run_list import RunView

SHOWN = 5  # classes with a bar; those that are named always have one
OWN_STYLE = """<style>
.bars.several .bar .fill, .bars.several .bar:first-child .fill { background: rgba(128, 140, 132, .75); }
.bars.several .bar .line, .bars.several .bar:first-child .line { font-weight: 400; font-size: .92rem; }
.bars.several .bar.named .fill { background: #3d9a64; }
.bars.several .bar.named .line { font-weight: 600; }
</style>"""


def heard(entry: RunView) -> Callable[[dict], dict]:
    """Return what tells what a worker's answer means for a Trial."""
    names, own = entry.facts["class_names"], multi_label_thresholds.of_run(entry.folder, entry.facts)

    def hear(answer: dict) -> dict:
        named = tuple(multi_label_thresholds.answers(answer["probabilities"], names, own))
        likeliest = tuple(results.top(answer["probabilities"], names, max(SHOWN, len(named))))
        nearest = tuple((near["sha256"], near["label"]) for near in answer.get("nearest", ()))
        return {"named": named, "likeliest": likeliest, "nearest": nearest}

    return hear


def say(named: Sequence[str], likeliest: Sequence[tuple[str, float]], truth: str) -> None:
    """Show what it names, a bar for each likely class, and whether that is right where the truth is known."""
    words = " + ".join(f"**{md_escape(name)}**" for name in named) or f"**{_('None of the classes')}**"
    st.markdown(words)
    rows = "".join(_bar(name, share, name in named) for name, share in likeliest)
    st.html(f'{STYLE}{OWN_STYLE}<div class="bars several" role="list">{rows}</div>')
    if truth:
        right = set(named) == set(multi_label.names_of(truth))
        told = _("Right by its label: {label}.") if right else _("Wrong by its label: {label}.")
        icon = ":green[:material/check_circle:]" if right else ":orange[:material/cancel:]"
        st.caption(f"{icon} {told.format(label=md_escape(classes.in_words(truth)))}")


def _bar(name: str, share: float, named: bool) -> str:
    label, value = html.escape(readable(name)), html.escape(percent(share))
    kind = "bar named" if named else "bar"
    return (
        f'<div class="{kind}" role="listitem"><div class="line"><span>{label}</span><span>{value}</span></div>'
        f'<div class="track"><div class="fill" style="width:{100 * share:.1f}%"></div></div></div>'
    )
