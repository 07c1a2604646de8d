"""One class against the rest: its curves, and a threshold by what a miss costs, with what it does to the matrix."""

from pathlib import Path

import numpy as np
import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts import reliability
from engine.evaluation.metrics import curves
from engine.evaluation.metrics.curves import Counts
from engine.evaluation.reliability import selective
from engine.evaluation.reliability.selective import Answering
from engine.storage.evaluation import Evaluation
from pages.components.table.table import plain_table
from pages.sections.evaluation.trust import decision_rule
from pages.session.i18n import _, decimal, number, plural
from pages.session.safe_text import readable
from pages.shared import page
from pages.shared.figures import bold, chart, is_dark

CLASS, COST = "threshold-class", "threshold-cost"
COSTS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
LISTED = 6


@st.fragment
def view(facts: Evaluation, folder: Path) -> None:
    """Choose a class and what a miss of it costs; see at once who is found, who is missed, who is called it wrongly."""
    page.all_anew_if_gone(folder)
    y, probabilities = results.scores(folder)
    names = facts["class_names"]
    if not len(y):
        return
    st.markdown(f"#### {_('One class against the rest')}")
    left, right = st.columns(2, gap="large")
    weakest = results.weakest(facts["per_class"])
    position = left.selectbox(
        _("Class"),
        range(len(names)),
        index=weakest,
        format_func=lambda i: readable(names[i]),
        key=f"{CLASS}-{folder.name}",
    )
    stored = selective.read(folder)
    with right:
        cost = decision_rule.cost_slider(
            _("How bad is a miss, compared with a false alarm?"),
            COSTS,
            stored.miss_costs.get(names[position]),
            key=f"{COST}-{folder.name}-{position}",
            hint=_(
                "A miss: a picture of the class that it does not call so. A false alarm: another picture that it does."
            ),
        )
    positive, scores = y == position, probabilities[:, position]
    if not positive.any():
        st.caption(_("There are no test pictures of this class."))
        return
    threshold = curves.threshold_for(cost)
    others = stored.with_miss_cost(names[position], None).own_thresholds(names)
    before, _called = curves.answers_with_thresholds(probabilities, others)
    after, _called = curves.answers_with_thresholds(probabilities, {**others, position: threshold})
    usual, now = (curves.counts_of(positive, answers == position) for answers in (before, after))
    st.markdown(_sentence(names[position], threshold, now))
    _keep(folder, stored, names[position], cost)
    _figures(positive, scores, curves.counts_at(positive, scores, threshold))
    _effect(names[position], now, usual, cost, alone=not others)
    _moved(names, y, before, after)


def _sentence(name: str, threshold: float, now: Counts) -> str:
    return _("From {share} % on it says {name}: {found} of {all} found, {alarms}.").format(
        name=bold(name),
        share=decision_rule.percent_of(threshold),
        found=now.found,
        all=now.found + now.missed,
        alarms=plural("{n} false alarm", "{n} false alarms", now.false_alarms),
    )


def _keep(folder: Path, stored: Answering, name: str, cost: float) -> None:
    """Offer to use the threshold for the model, or to take it back; say what is in use."""
    in_use = stored.miss_costs.get(name)
    with st.container(horizontal=True, vertical_alignment="center", key="threshold-keep"):
        if cost != in_use and st.button(
            _("Use this threshold for the model"), key="threshold-use", icon=":material/save:"
        ):
            decision_rule.keep(folder, lambda now: now.with_miss_cost(name, cost))
        if in_use is None:
            st.caption(_("In use: the likeliest class is the answer."), width="content")
            return
        words = decision_rule.called_from(name, curves.threshold_for(in_use))
        st.caption(f":material/check: {_('In use: it calls {called} on.').format(called=words)}", width="content")
        if st.button(_("Take it back"), type="tertiary", key="threshold-back", icon=":material/undo:"):
            decision_rule.keep(folder, lambda now: now.with_miss_cost(name, None))


def _figures(positive: np.ndarray, scores: np.ndarray, now: Counts) -> None:
    roc, found = curves.roc(positive, scores), curves.precision_recall(positive, scores)
    share = now.false_alarms / max(1, now.false_alarms + now.left_alone)
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(
            _("ROC curve. Area below: {area} (1 is perfect, 0.5 is guessing).").format(area=decimal(roc["area"], ".3f"))
        )
        here = {"false_alarms": share, "recall": now.recall}
        chart(reliability.roc_figure(roc, here, dark=is_dark(), _=_), "class-roc", _("ROC curve of the class"))
    with right:
        st.caption(
            _("Precision and recall. Average precision: {area} (1 is perfect, {base} is guessing).").format(
                area=decimal(found["average"], ".3f"), base=decimal(float(positive.mean()), ".2f")
            )
        )
        here = {"recall": now.recall, "precision": now.precision}
        figure = reliability.precision_recall_figure(found, here, dark=is_dark(), _=_)
        chart(figure, "class-precision-recall", _("Precision-recall curve of the class"))


def _effect(name: str, now: Counts, usual: Counts, cost: float, *, alone: bool) -> None:
    """Two by two, with the answer as it would be else beside the threshold; `alone`: no other class has one."""
    pairs = [
        (usual, _("likeliest class") if alone else _("without this threshold")),
        (now, _("with this threshold")),
    ]
    columns = {
        _("Answer"): [words for _counts, words in pairs],
        _("Found"): [str(counts.found) for counts, _words in pairs],
        _("Missed"): [str(counts.missed) for counts, _words in pairs],
        _("False alarms"): [str(counts.false_alarms) for counts, _words in pairs],
        _("Rightly left alone"): [str(counts.left_alone) for counts, _words in pairs],
        _("Cost in false alarms"): [decimal(counts.cost(cost), ".10g") for counts, _words in pairs],
    }
    alt = _("What the threshold does to {name}").format(name=name)
    plain_table(columns, key="threshold-effect", alt=alt)


def _moved(names: list[str], y: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
    """Say which cells of the confusion matrix change most."""
    rows = np.flatnonzero(before != after)
    if not len(rows):
        st.caption(_("No answer changes: the confusion matrix stays as it is."))
        return
    cells, counts = np.unique(np.stack([y, before, after])[:, rows], axis=1, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:LISTED]
    lines = [
        _("{n} × {true}: {before} becomes {after}").format(
            n=counts[k], true=bold(names[cells[0, k]]), before=bold(names[cells[1, k]]), after=bold(names[cells[2, k]])
        )
        for k in order
    ]
    if left := len(rows) - int(counts[order].sum()):
        lines.append(_("… and {n} more").format(n=number(left)))
    change = 100 * (float((after == y).mean()) - float((before == y).mean()))
    words = _("In the confusion matrix {n} of {all} answers change; accuracy {points} points.").format(
        n=len(rows), all=len(y), points=decimal(change, "+.1f")
    )
    st.caption(words + "  \n" + "  \n".join(lines))
