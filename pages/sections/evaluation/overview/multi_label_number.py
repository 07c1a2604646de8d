"""The one sentence about a model whose pictures may show several classes, and the figures behind it."""

from pathlib import Path

import numpy as np
import streamlit as st

from engine.data.label_kinds import multi_label
from engine.evaluation import multi_label_results
from engine.evaluation.honest_number import HonestNumber, honest_number
from engine.evaluation.metrics import multi_label as multi_label_metrics
from engine.evaluation.reliability import multi_label_thresholds
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation.overview import caveats
from pages.sections.evaluation.overview.honest_number import Card, head, show_more
from pages.sections.evaluation.trust.decision_rule import called_from
from pages.session.i18n import _, decimal
from pages.session.i18n import number as in_words
from pages.shared import percentages
from pages.shared.dataset import classes
from pages.shared.figures import gain
from pages.shared.percentages import percent
from pages.shared.runs.run_list import RunView


def headline(entry: RunView, others: int = 0) -> None:
    """Show the sentence, what it stands beside, what to be careful about, then the figures as cards."""
    facts, figures = entry.facts, honest_number(entry.facts)
    before = _("The same network without training, by likeness to each class: exactly right {share} times.")
    compared = before.format(share=percentages.per_hundred(figures.before))
    head(entry, claim(facts, figures, known=caveats.may_be_known(entry)), _("Exactly right"), others)
    show_more(entry, compared, [*_cards(entry), *_more(entry)])


def note(facts: Evaluation, folder: Path) -> None:
    """Say where classes are named from other thresholds than those that the numbers above count, and what that does."""
    own, truth = multi_label_thresholds.of_run(folder, facts), multi_label_results.scores(folder)
    changed = [place for place, chosen in enumerate(facts["thresholds"]) if own[place] != chosen]
    if not changed:
        return
    classes_from = ", ".join(called_from(facts["class_names"][place], own[place]) for place in changed)
    words = _(
        "Changed here: the model names {classes} on; “Try it”, the command line, the table and the pictures below "
        "do so. The numbers above count the thresholds chosen on validation pictures."
    ).format(classes=classes_from)
    if len(truth[0]):
        words += " " + _with_them(*truth, own)
    with st.container(horizontal=True, vertical_alignment="center", key="own-thresholds"):
        st.caption(f":material/tune: {words}", width="content")
        back = _("Take the thresholds back")
        if st.button(back, type="tertiary", icon=":material/undo:", key="thresholds-back"):
            multi_label_thresholds.take_back(folder)
            st.rerun()


def _with_them(truth: np.ndarray, probabilities: np.ndarray, own: list[float]) -> str:
    named = probabilities >= np.array(own)
    exact = float((named == truth).all(axis=1).mean())
    words = _("With these, it names exactly the right classes {share} times in 100 and finds {found} of 100 labels.")
    found = multi_label_metrics.over_all_labels(truth, named)["found"]
    return words.format(share=percentages.per_hundred(exact), found=percentages.per_hundred(found))


def claim(facts: Evaluation, figures: HonestNumber, *, known: bool = False) -> str:
    """Return how often exactly the right classes are named, with its interval, and how many labels are found."""
    words = _(
        "On {n} pictures it never saw, it names exactly the right classes {share} times in 100 (between {low} and "
        "{high}), and it finds {found} of 100 labels."
    )
    if known or figures.copied:
        words = _(
            "On {n} test pictures, it names exactly the right classes {share} times in 100 (between {low} and {high}), "
            "and it finds {found} of 100 labels."
        )
    return words.format(
        n=in_words(figures.pictures),
        share=percentages.per_hundred(figures.accuracy),
        low=percentages.per_hundred(figures.low),
        high=percentages.per_hundred(figures.high),
        found=percentages.per_hundred(facts["labels"]["found"]),
    )


def _cards(entry: RunView) -> list[Card]:
    facts = entry.facts
    labels, base = facts["labels"], facts["baselines"]
    return [
        (
            _("Labels found"),
            percent(labels["found"]),
            {},
            _("Of all classes that the test pictures show, {n} in all, the share that it names.").format(
                n=in_words(labels["count"])
            ),
        ),
        (
            _("Rightly named"),
            percent(labels["precision"]),
            {},
            _("Of all classes that it names, the share that the pictures really show."),
        ),
        (
            _("Macro F1"),
            percent(facts["macro_f1"]),
            {},
            _("Counts misses and false alarms of every class alike; 100 % is perfect."),
        ),
        (
            _("Mean average precision"),
            percent(facts["mean_average_precision"]),
            {"delta": gain(facts["mean_average_precision"], base["before_mean_average_precision"])},
            _("How well each class's pictures come first when sorted by its probability, whatever the thresholds."),
        ),
    ]


def _more(entry: RunView) -> list[Card]:
    facts = entry.facts
    base = facts["baselines"]
    usual = classes.in_words(base["majority_answer"], multi_label)
    cards = (
        (
            _("Always the same answer"),
            percent(base["majority"]),
            _(
                "Exactly right when every picture is answered with what training pictures show most often: {usual}."
            ).format(usual=usual),
        ),
        (
            _("Micro F1"),
            percent(facts["micro_f1"]),
            _("Misses and false alarms of all classes together: frequent classes count more."),
        ),
        (
            _("Single answers wrong"),
            percent(facts["hamming_loss"]),
            _("Each picture is asked about each class; this share of the answers is wrong (Hamming loss)."),
        ),
        (
            _("Log loss"),
            decimal(facts["log_loss"], ".3f"),
            _("How surprised it is by each single answer, in nats: 0 is perfect; being sure and wrong costs most."),
        ),
        (
            _("Calibration error"),
            percent(facts["calibration_error"]),
            _("How far the probabilities of all classes are off on average."),
        ),
    )
    return [(label, value, {}, words) for label, value, words in cards]
