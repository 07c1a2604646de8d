"""What a model says about a picture that may show several classes: all that it names, or none of them."""

import html
from collections.abc import Callable

import streamlit as st

from engine.data.label_kinds import multi_label
from engine.evaluation import evaluators, results
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


def tried_note() -> str:
    """Return where it is set which classes the model names, and what it does not notice."""
    return _(
        "From which probability on a class is named is set on the page Results. Where pictures show several "
        "classes, the model does not notice those unlike its training pictures: it says something about any."
    )


def heard(entry: RunView) -> Callable[[dict], dict]:
    """Return what tells what a worker's answer means for a Trial."""
    names, evaluator = entry.facts["class_names"], evaluators.of(multi_label.TASK)

    def hear(answer: dict) -> dict:
        named = evaluator.named(entry.folder, entry.facts, answer["probabilities"])
        likeliest = tuple(results.top(answer["probabilities"], names, max(SHOWN, len(named))))
        nearest = tuple((near["sha256"], near["label"]) for near in answer.get("nearest", ()))
        return {"named": named, "likeliest": likeliest, "nearest": nearest}

    return hear


def shown(trial) -> str:
    """Return the picture as it was tried."""
    return trial.src


def say(trial) -> None:
    """Show what it names, a bar for each likely class, and whether that is right where the truth is known."""
    named, truth = trial.named, trial.truth
    words = " + ".join(f"**{md_escape(name)}**" for name in named) or f"**{_('None of the classes')}**"
    st.markdown(words)
    rows = "".join(_bar(name, share, name in named) for name, share in trial.likeliest)
    st.html(f'{STYLE}{OWN_STYLE}<div class="bars several" role="list">{rows}</div>')
    if truth:
        right = set(named) == set(multi_label.names_of(truth))
        told = _("Right by its label: {label}.") if right else _("Wrong by its label: {label}.")
        icon = ":green[:material/check_circle:]" if right else ":orange[:material/cancel:]"
        st.caption(f"{icon} {told.format(label=md_escape(classes.in_words(truth, multi_label)))}")


def _bar(name: str, share: float, named: bool) -> str:
    label, value = html.escape(readable(name)), html.escape(percent(share))
    kind = "bar named" if named else "bar"
    return (
        f'<div class="{kind}" role="listitem"><div class="line"><span>{label}</span><span>{value}</span></div>'
        f'<div class="track"><div class="fill" style="width:{100 * share:.1f}%"></div></div></div>'
    )
