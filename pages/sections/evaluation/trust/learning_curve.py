"""More pictures or more training? The learning curve of a run, and what it says in plain words."""

import streamlit as st

from engine.evaluation.charts.learning_curve import learning_curve_figure
from engine.services import run_measurements
from pages.sections.evaluation.trust import measurement
from pages.sections.evaluation.trust.measurement import Measurement
from pages.session.i18n import _, decimal, number, plural
from pages.shared.figures import chart, is_dark
from pages.shared.percentages import figure, percent, points
from pages.shared.runs.run_list import RunView


def view(entry: RunView) -> None:
    """Offer to measure the curve, watch it, show it."""
    what = Measurement(
        run_measurements.LEARNING_CURVE,
        ":material/trending_up:",
        _("More pictures, or more training?"),
        _(
            "The last step is learned again from a tenth, a quarter, half and all of the training pictures. Whether "
            "the curve still climbs tells what helps most. It takes a few seconds; the test pictures are not touched."
        ),
        _("Find out"),
        _("Learning from a tenth, a quarter, half and all of the pictures …"),
    )
    measurement.view(entry.folder, what, lambda found: _show(found, entry))


def answer(entry: RunView) -> str:
    """Return in a line whether more pictures would help; "" where that was not measured."""
    return measurement.answer(entry.folder, run_measurements.LEARNING_CURVE, _in_a_line)


def _in_a_line(found: dict) -> str:
    return _("How the curve runs could not be measured.") if len(found["points"]) < 2 else _verdict(found)


def _show(found: dict, entry: RunView) -> None:
    if len(found["points"]) < 2:
        _not_measured(found["points"][0]["pictures"])
        return
    st.markdown(f"#### {_verdict(found)}")
    st.markdown(_advice(found, entry))
    chart(
        learning_curve_figure(found, dark=is_dark(), _=_, number=number),
        "learning-curve",
        _("Right answers on validation pictures after learning from more and more training pictures"),
    )
    measured = plural(
        "Measured on {n} validation picture.", "Measured on {n} validation pictures.", found["validation"]
    )
    how = _(
        "Only the last step learned, on what the network sees as it came: that shows how the curve runs, not how right "
        "this run's model is. The point on the right is an estimate, not a measurement."
    )
    st.caption(f"{measured} {how}")


def _not_measured(pictures: int) -> None:
    """Say that a curve of one point is none, to those who need pictures most."""
    st.markdown(f"#### {_('How the curve runs could not be measured.')}")
    words = _(
        "You have {n} training pictures, fewer than four a class on average: half of them are too few to learn from, "
        "so there is nothing to compare with. Bring more pictures in on the Data page; then this can be measured."
    )
    st.markdown(words.format(n=number(pictures)))


def _verdict(found: dict) -> str:
    gain = points(found["twice"]["accuracy"]) - points(found["points"][-1]["accuracy"])  # of what is told below
    return {
        "more": _("More pictures help: twice as many would probably bring about {points} points more."),
        "flat": _("The curve is flat: more pictures of the same kind would hardly help."),
        "perfect": _("Every validation picture is right already."),
        "unclear": _("There are too few validation pictures to tell whether more pictures would help."),
    }[found["verdict"]].format(points=decimal(gain))


def _advice(found: dict, entry: RunView) -> str:
    """Return what to do next, as far as the curve and the run itself tell."""
    twice, now = found["twice"], found["points"][-1]
    likely = _(
        "With {n} training pictures instead of {now} it would be right on about {then} % of the validation pictures "
        "instead of {before} %, likely between {low} and {high} %."
    ).format(
        n=number(twice["pictures"]),
        now=number(now["pictures"]),
        then=figure(twice["accuracy"]),
        before=figure(now["accuracy"]),
        low=figure(twice["low"]),
        high=figure(twice["high"]),
    )
    if found["verdict"] == "perfect":
        return _("Harder pictures would show more: new places, new light, look-alikes.")
    if found["verdict"] == "more" and twice["low"] <= now["accuracy"]:
        likely += " " + _("That there is a gain is surer than that: the same pictures measure both.")
    if found["verdict"] == "more":
        return f"{likely} {_('Bring more in on the Data page, first of the classes that are confused.')}"
    if found["verdict"] == "unclear":
        return f"{likely} {_('Pictures of another kind than those here help in any case.')}"
    return f"{likely} {_training_advice(entry)}"


def _training_advice(entry: RunView) -> str:
    if entry.recipe.get("name") == "instant":
        return _("More training or a larger network helps more: try the recipe Balanced on the Model page.")
    brought = entry.facts["validation_accuracy"] - entry.facts["probe"]["validation_accuracy"]
    words = _("Adapting the network brought {points} points; a larger network or larger pictures may bring more.")
    return words.format(points=percent(brought).removesuffix(" %"))
