"""How the parts of the Results page show a figure and a share."""

import streamlit as st

from engine.evaluation.charts import per_class
from pages.session.i18n import _, decimal
from pages.session.safe_text import md_escape
from pages.shared import percentages

QUIET = {"displayModeBar": False}


def chart(figure, key: str, words: str) -> None:
    """Show a figure; `words` are read aloud in its place."""
    st.plotly_chart(per_class.whole_dots(figure), key=key, config=QUIET, alt=words)


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def gain(after: float | None, before: float | None) -> str | None:
    """Return the change of a share in points, signed: "+1.7 points"; None where there is none, which needs no arrow."""
    if after is None or before is None:
        return None
    points = percentages.points(after) - percentages.points(before)  # what the two shares say as they are shown
    return _("{points} points").format(points=decimal(points, "+.1f")) if round(points, 1) else None


def bold(name: str) -> str:
    """Return a name that somebody typed, safe in Markdown and set off."""
    return f"**{md_escape(name)}**"
