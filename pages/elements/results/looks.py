"""Where the model looks in general: the mean heat of every class, and a question where it lies at the edge."""

import streamlit as st

from engine import checkups
from pages.elements.gallery import Tile, gallery, page_of
from pages.elements.i18n import _, plural
from pages.elements.names import md_escape
from pages.elements.results import measurement
from pages.elements.results.measurement import Measurement
from pages.elements.runs.run_list import RunView

PER_PAGE = 24


def view(entry: RunView) -> None:
    """Offer to look at many test pictures, watch it, show the mean heat per class."""
    what = Measurement(
        checkups.LOOKS,
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


def _show(found: dict) -> None:
    rows = found["classes"]
    odd = [row for row in rows if row["asks"]]
    st.markdown(f"#### {_verdict(odd)}")
    for row in odd[:3]:
        st.warning(_question(row), icon=":material/help:")
    start = page_of(len(rows), key="looks-page", per_page=PER_PAGE)
    gallery([_tile(row) for row in rows[start : start + PER_PAGE]], key="looks-gallery", size=144)
    st.caption(
        _(
            "Each picture is the mean of a class in grey, with the mean Grad-CAM heat of {pictures} over it. Heat that "
            "is spread evenly has 50 of 100 parts at the edge (outside the middle half of the area). Pictures in which "
            "the thing stands anywhere are blurred by averaging."
        ).format(pictures=plural("{n} test picture", "{n} test pictures", found["pictures"]))
    )


def _verdict(odd: list[dict]) -> str:
    if not odd:
        return _("For no class does it look at the edge of the pictures noticeably often.")
    return plural(
        "For {n} class it looks mostly at the edge of the pictures.",
        "For {n} classes it looks mostly at the edge of the pictures.",
        len(odd),
    )


def _question(row: dict) -> str:
    return _(
        "**{label}**: {n} of 100 parts of the heat lie at the edge. Does something in the background give this class "
        "away: a table, a frame, a mark in the corner? Then bring pictures of it with another background."
    ).format(label=md_escape(row["class"]), n=round(100 * row["edge"]))


def _tile(row: dict) -> Tile:
    note = _("{n} of 100 at the edge").format(n=round(100 * row["edge"]))
    src = f"data:image/jpeg;base64,{row['image']}"
    return Tile(id=row["class"], src=src, caption=row["class"], note=note, tone="bad" if row["asks"] else "")
