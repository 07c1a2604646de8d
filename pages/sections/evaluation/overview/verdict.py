"""Good, usable with care or not yet: the verdict on a run, always with the rule that decided."""

import streamlit as st

from engine.evaluation import verdict
from engine.evaluation.honest_number import HonestNumber
from engine.evaluation.verdict import Verdict
from pages.session.i18n import _
from pages.shared import percentages
from pages.shared.figures import bold


def show(found: Verdict, figures: HonestNumber) -> None:
    """Write the verdict as a badge and its rule beside it."""
    badges = {
        "good": f":green-badge[:material/check_circle: {_('Good')}]",
        "care": f":orange-badge[:material/error: {_('Usable with care')}]",
        "not_yet": f":red-badge[:material/cancel: {_('Not yet')}]",
    }
    st.markdown(f"{badges[found.word]} {_rule(found, figures)}")


def _rule(found: Verdict, figures: HonestNumber) -> str:
    label = "" if found.weakest is None else bold(found.weakest["class"])
    share = "" if found.weakest is None else percentages.per_hundred(found.weakest["recall"])
    return {
        "": _("It is right at least {good} times in 100, and finds every class at least {fair} times in 100."),
        "copies": _("It knows test pictures by heart, so nobody can tell how good it is."),
        "no_better": _("It may be no better than giving every picture the same answer."),
        "class_fails": _("It finds {label} only {share} times in 100."),
        "class_weak": _("It finds {label} only {share} times in 100. From {fair} on it would be good."),
        "too_few": _("With more test pictures it may turn out to be good: now it could be right only {low} in 100."),
        "unsure": _("It could be right only {low} times in 100. From {good} on it would be good."),
    }[found.reason].format(
        label=label,
        share=share,
        low=percentages.per_hundred(figures.low),
        good=round(100 * verdict.GOOD),
        fair=round(100 * verdict.GOOD_CLASS),
    )
