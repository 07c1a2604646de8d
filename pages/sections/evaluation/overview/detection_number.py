"""The sentence about a model that finds objects, and the figures behind it."""

from pathlib import Path

import streamlit as st

from engine.evaluation import detection_results
from engine.evaluation.honest_number import HonestNumber
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation.overview import caveats
from pages.sections.evaluation.overview.honest_number import Card, show_more
from pages.session.i18n import _, decimal, number, say
from pages.shared.percentages import interval, per_hundred, percent
from pages.shared.runs.run_list import RunView


def headline(entry: RunView, others: int = 0) -> None:
    """Show the sentence, what it stands beside, what to be careful about, then the figures as cards."""
    facts: dict = dict(entry.facts)
    st.subheader(sentence(facts), anchor=False)
    caveats.note(entry, others)
    for told in facts.get("warnings", []):
        st.warning(say(told["template"], told["values"]), icon=":material/zoom_in:")
    with st.grid(5, min_column_width=150, key="number-cards") as grid:
        for label, value, under, explanation in _cards(facts):
            grid.metric(label, value, help=explanation, border=True, height="stretch", **under)
    show_more(entry, _beside(facts), _more(facts))


def sentence(facts: dict) -> str:
    """Return what it finds of 100 objects and what of 100 claims is there, never without its interval."""
    words = _(
        "Of 100 objects it finds {found} (between {low} and {high}); of 100 that it claims, {there} are there (between "
        "{least} and {most})."
    )
    low, high = facts["recall_interval"]
    least, most = facts["precision_interval"]
    return words.format(
        found=per_hundred(facts["recall"]),
        low=per_hundred(low),
        high=per_hundred(high),
        there=per_hundred(facts["precision"]),
        least=per_hundred(least),
        most=per_hundred(most),
    )


def claim(facts: Evaluation, _figures: HonestNumber, **_known: bool) -> str:
    return sentence(dict(facts))


def note(facts: Evaluation, folder: Path) -> None:
    """Say where objects are claimed from other thresholds than those that the numbers above count."""
    if detection_results.thresholds(folder, facts) == facts["thresholds"]:
        return
    words = _(
        "Changed here: objects are claimed from other confidences on, by what a miss and a false alarm cost. “Try it”, "
        "the command line and the pictures below do so; the numbers of the sentence count the thresholds with the "
        "highest F1."
    )
    with st.container(horizontal=True, vertical_alignment="center", key="own-thresholds"):
        st.caption(f":material/tune: {words}", width="content")
        if st.button(_("Take the thresholds back"), type="tertiary", icon=":material/undo:", key="thresholds-back"):
            detection_results.forget_choice(folder)
            st.rerun()


def _beside(facts: dict) -> str:
    words = _(
        "On {pictures} test pictures, with {objects} objects, it miscounts by {error} objects a picture. "
        "Guessing the average of the training pictures miscounts by {usual}."
    )
    return words.format(
        pictures=number(facts["counts"]["test"]),
        objects=number(facts["objects"]),
        error=decimal(facts["count_error"], ".1f"),
        usual=decimal(facts["baselines"]["mean_count_error"], ".1f"),
    )


def _cards(facts: dict) -> list[Card]:
    return [
        (
            _("Found"),
            percent(facts["recall"]),
            {},
            _("Of all objects, the share in whose box the middle of a claim of their class lies (recall)."),
        ),
        (
            _("Rightly claimed"),
            percent(facts["precision"]),
            {},
            _("Of all claims, the share that is there (precision)."),
        ),
        (
            _("F1 at the centre"),
            percent(facts["f1_at_centre"]),
            {},
            _("One number for both: {interval} in 95 of 100 such test sets.").format(
                interval=interval(facts["f1_at_centre_interval"])
            ),
        ),
        (
            "mAP50",
            percent(facts["map50"]),
            {},
            _(
                "Average precision over all confidences, boxes overlapping by half: what papers compare. {interval} in "
                "95 of 100 such test sets."
            ).format(interval=interval(facts["map50_interval"])),
        ),
        (
            _("Counts right"),
            percent(facts["accuracy"]),
            {},
            _("Test pictures on which every class is counted rightly. One object too many makes a picture wrong."),
        ),
    ]


def _more(facts: dict) -> list[Card]:
    at_iou = facts["at_iou"]
    return [
        ("mAP50–95", percent(facts["map50_95"]), {}, _("The mean over overlaps of 0.5 to 0.95: how well boxes fit.")),
        (_("F1 at half overlap"), percent(at_iou["f1"]), {}, _("As F1 at the centre, but boxes must overlap by half.")),
        (
            _("Always the same numbers"),
            percent(facts["baselines"]["majority"]),
            {},
            _("Counts right when every picture is said to show what training pictures show on average."),
        ),
    ]
