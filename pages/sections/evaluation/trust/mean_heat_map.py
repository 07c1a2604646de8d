"""Where the model looks in general: the mean heat of every class, and a question where it lies at the edge."""

import streamlit as st

from engine.evaluation.explain import border_bias
from engine.evaluation.explain.border_bias import Judgement
from engine.services import run_measurements
from pages.components.gallery.gallery import Tile, gallery, page_of
from pages.sections.evaluation.trust import measurement
from pages.sections.evaluation.trust.measurement import Measurement
from pages.session.i18n import _, plural
from pages.session.safe_text import md_escape
from pages.shared.runs.run_list import RunView

PER_PAGE = 24


def view(entry: RunView) -> None:
    """Offer to look at many test pictures, watch it, show the mean heat per class."""
    what = Measurement(
        run_measurements.LOOKS,
        ":material/visibility:",
        _("Where does it look?"),
        _(
            "The heat of many test pictures, averaged for each class. It shows whether the model looks at the thing "
            "itself or at what happens to be around it. It takes a few seconds."
        ),
        _("Look now"),
        _("Looking where it looks, picture by picture …"),
    )
    measurement.view(entry.folder, what, _show)


def answer(entry: RunView) -> str:
    """Return in a line whether it looks at the edge for some class; "" where that was not measured."""
    return measurement.answer(
        entry.folder, run_measurements.LOOKS, lambda found: _verdict(border_bias.judge(found["classes"]))
    )


def _show(found: dict) -> None:
    rows, judgement = found["classes"], border_bias.judge(found["classes"])
    st.markdown(f"#### {_verdict(judgement)}")
    for row in judgement.odd[:3]:
        st.warning(_question(row), icon=":material/help:")
    start = page_of(len(rows), key="looks-page", per_page=PER_PAGE)
    odd = {row["class"] for row in judgement.odd}
    gallery([_tile(row, row["class"] in odd) for row in rows[start : start + PER_PAGE]], key="looks-gallery", size=180)
    st.caption(
        _(
            "Each picture is the mean of a class in grey, with its mean Grad-CAM heat over it. Heat that is spread "
            "evenly has 50 of 100 parts at the edge (outside the middle half of the area). A class is asked about from "
            "{much} on, where that is {more} more than usual or nearly all, and with {fewest} test pictures or more. "
            "Pictures in which the thing stands anywhere are blurred by averaging."
        ).format(
            much=round(100 * border_bias.MUCH),
            more=round(100 * border_bias.MORE_THAN_USUAL),
            fewest=border_bias.FEWEST_TO_ASK,
        )
    )


def _verdict(judgement: Judgement) -> str:
    """Return what the shares below say, no more: whether a class stands out, and how far the others reach."""
    if not judgement.judged:
        return _("There are too few test pictures to tell: {n} of a class are needed.").format(
            n=border_bias.FEWEST_TO_ASK
        )
    if judgement.odd:
        return plural(
            "For {n} class it looks mostly at the edge of the pictures.",
            "For {n} classes it looks mostly at the edge of the pictures.",
            len(judgement.odd),
        )
    most, usual = round(100 * judgement.most["edge"]), round(100 * judgement.usual)
    if judgement.is_everywhere:
        words = _("It looks mostly at the edge for the classes in general ({usual} of 100 parts), for none much more.")
    elif judgement.most["edge"] >= border_bias.MUCH:
        words = _("No class stands out: at most {most} of 100 parts of the heat lie at the edge, usually {usual}.")
    else:
        words = _("For no class does it look mostly at the edge: {most} of 100 parts of the heat at most.")
    return words.format(most=most, usual=usual)


def _question(row: dict) -> str:
    return _(
        "**{label}**: {n} of 100 parts of the heat lie at the edge. Does something in the background give this class "
        "away: a table, a frame, a mark in the corner? Then bring pictures of it with another background."
    ).format(label=md_escape(row["class"]), n=round(100 * row["edge"]))


def _tile(row: dict, is_odd: bool) -> Tile:
    at_the_edge = _("{n} of 100 at the edge").format(n=round(100 * row["edge"]))
    note = f"{at_the_edge} · {plural('{n} picture', '{n} pictures', row['pictures'])}"
    src = f"data:image/jpeg;base64,{row['image']}"
    return Tile(id=row["class"], src=src, caption=row["class"], note=note, tone="bad" if is_odd else "")
