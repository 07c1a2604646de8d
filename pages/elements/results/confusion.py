"""The confusion matrix: click a cell and its pictures open below. A table and a list do the same by keyboard."""

from pathlib import Path

import streamlit as st

from engine.evaluation import charts, results
from engine.evaluation.results import Confusion, Prediction
from pages.elements import page
from pages.elements.gallery import Tile, page_of, thumbnail_url
from pages.elements.i18n import _, plural
from pages.elements.names import md_escape
from pages.elements.probabilities import percent
from pages.elements.results import fixing, matrix_view, taps
from pages.elements.results.matrix_view import View
from pages.elements.table import Cell, Column, Row, Table, chosen_in, show_table

MATRIX, CELLS, PAIRS, VIEW = "confusion", "confusion-table", "confused-pairs", "confusion-view"
PAIRS_AT_FIRST = 10
PER_PAGE = 24


def show_confusion(facts: dict, folder: Path) -> None:
    """Draw the matrix with its list of pairs, and the pictures of the chosen cell."""

    @st.fragment
    def part() -> None:
        left, right = st.columns([2.2, 1], gap="medium")
        with left:
            chosen = _matrix(facts, folder.name)
        with right:
            pair = _pairs(facts, folder.name)
        _pictures(facts, folder, chosen or pair)

    part()


def tiles(rows: list[Prediction], *, with_truth: bool = True) -> list[Tile]:
    """Return pictures with what the model said and how sure it was."""
    return [
        Tile(
            id=row.item,
            src=thumbnail_url(row.sha256),
            caption=f"{row.predicted} ({percent(row.probability)})",
            note=_("is {label}").format(label=row.label) if with_truth else "",
            tone="good" if row.label == row.predicted else "bad",
        )
        for row in rows
    ]


def _matrix(facts: dict, run_id: str) -> tuple[int, int] | None:
    """Show the matrix as a picture or a table; return the chosen cell (true, predicted) as positions."""
    views = {"counts": _("Counts"), "shares": _("Shares"), "table": _("Table")}
    with st.container(horizontal=True):
        show_as = page.choice(_("Show as"), views, key=VIEW)
        part = matrix_view.choose(facts, run_id)
        taps.hear()
    if part.groups:
        matrix_view.overview(facts, run_id, part.groups, show_as)
        return None
    return _table(facts, run_id, part) if show_as == "table" else _figure(facts, run_id, part, show_as == "shares")


def _figure(facts: dict, run_id: str, part: View, share: bool) -> tuple[int, int] | None:
    figure = charts.confusion_matrix_figure(
        facts["confusion_matrix"],
        facts["class_names"],
        positions=part.rows,
        columns=part.columns,
        share=share,
        dark=st.context.theme.type == "dark",
        _=_,
    )
    event = st.plotly_chart(
        figure,
        key=f"{MATRIX}-{run_id}{part.key}",
        on_select=_forget_pair,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=_(
            "Confusion matrix: true classes in rows, answers of the model in columns. The table has the same numbers."
        ),
    )
    points = event["selection"]["points"]
    return tuple(points[0]["customdata"][:2]) if points else None


def _table(facts: dict, run_id: str, part: View) -> tuple[int, int] | None:
    """The matrix as a table that Tab and Enter can walk through; only cells with pictures can be chosen."""
    names, matrix = facts["class_names"], facts["confusion_matrix"]
    key = f"{CELLS}-{run_id}{part.key}"
    columns = [Column(_("True class")), *(Column(names[j], number=True) for j in part.columns)]
    rows = [Row([Cell(names[i]), *(_count(names, matrix, i, j) for j in part.columns)]) for i in part.rows]
    alt = _("Confusion matrix: true classes in rows, answers of the model in columns")
    table = Table(columns, rows, alt, "cells", sortable=False, selected=chosen_in(key))
    chosen = show_table(table, key=key, on_choose=_forget_pair)
    return tuple(chosen) if chosen else None


def _count(names: list[str], matrix: list[list[int]], i: int, j: int) -> Cell:
    if not matrix[i][j]:
        return Cell("0")
    label = _("{true}, taken for {predicted}: {count}").format(true=names[i], predicted=names[j], count=matrix[i][j])
    return Cell(str(matrix[i][j]), id=[i, j], label=label)


def _pairs(facts: dict, run_id: str) -> tuple[int, int] | None:
    """List the most confused pairs in words; return the chosen one as positions."""
    names = facts["class_names"]
    every = results.most_confused(facts, limit=len(names) ** 2)
    shown = every[: st.session_state.get(f"pairs-shown-{run_id}", PAIRS_AT_FIRST)]
    pairs = {(names.index(pair.true), names.index(pair.predicted)): pair for pair in shown}
    st.markdown(f"**{_('Most often confused')}**")
    if not pairs:
        st.caption(_("Not a single mistake on the test pictures."))
        return None
    chosen = st.radio(
        _("Most often confused"),
        list(pairs),
        index=None,
        format_func=lambda positions: _pair_words(pairs[positions]),
        key=f"{PAIRS}-{run_id}",
        label_visibility="collapsed",
    )
    if len(shown) < len(every):
        label = _("More pairs ({n} in all)").format(n=len(every))
        st.button(label, key=f"pairs-more-{run_id}", on_click=_more_pairs, args=(run_id, len(shown)))
    return chosen


def _more_pairs(run_id: str, shown: int) -> None:
    st.session_state[f"pairs-shown-{run_id}"] = 2 * shown


def _pair_words(pair: Confusion) -> str:
    return _("{true} taken for {predicted}: {count} ({share} of {true})").format(
        true=md_escape(pair.true), predicted=md_escape(pair.predicted), count=pair.count, share=percent(pair.share)
    )


def _forget_pair() -> None:
    """A click into the matrix replaces the pair chosen from the list."""
    for key in [key for key in st.session_state if str(key).startswith(f"{PAIRS}-")]:
        st.session_state[key] = None


def _pictures(facts: dict, folder: Path, chosen: tuple[int, int] | None) -> None:
    if chosen is None:
        st.caption(_("Choose a cell or a pair to see its pictures."))
        return
    true, predicted = (facts["class_names"][position] for position in chosen)
    rows = results.cell(results.predictions(folder), true, predicted)
    with st.container(border=True, key="cell-pictures"):
        headline = _("{true}, recognised") if true == predicted else _("{true}, taken for {predicted}")
        headline = headline.format(true=md_escape(true), predicted=md_escape(predicted))
        st.markdown(f"**{headline}** · {plural('{n} picture', '{n} pictures', len(rows))}")
        if not rows:
            st.caption(_("No test picture is in this cell."))
            return
        start = page_of(len(rows), key=f"cell-page-{chosen[0]}-{chosen[1]}", per_page=PER_PAGE)
        shown = rows[start : start + PER_PAGE]
        fixing.gallery_to_fix(shown, tiles(shown, with_truth=False), key="cell-gallery", size=120)
