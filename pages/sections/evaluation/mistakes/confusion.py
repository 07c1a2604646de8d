"""The confusion matrix: choose a cell, or a pair from the list, and its pictures open below."""

import functools
import re
from pathlib import Path

import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts.confusion_cells import matrix_part
from engine.evaluation.results import Confusion, Prediction
from engine.storage.evaluation import Evaluation
from pages.components.confusion_matrix.confusion_matrix import show_matrix
from pages.components.gallery.gallery import Tile, page_of, thumbnail_url
from pages.components.probabilities import percent
from pages.components.scroll_into_view import scroll_into_view
from pages.sections.evaluation import tabs
from pages.sections.evaluation.mistakes import fixable_gallery, matrix_view
from pages.session import modality, state
from pages.session.i18n import _, plural
from pages.session.safe_text import isolated, md_escape, set_off
from pages.shared import address, page
from pages.shared.dataset import written
from pages.shared.figures import is_dark
from pages.shared.runs.run_list import RunView

MATRIX, CHOSEN, PAIRS, VIEW = "confusion", "confusion-chosen", "confused-pairs", "confusion-view"
CELL, SHOW = "cell", "show"  # in the address
OPENED = "cell-pictures"
PAIRS_AT_FIRST = 10
ALL = -1  # in place of a predicted class: whatever it was taken for
PER_PAGE = 24


def show_confusion(facts: Evaluation, folder: Path) -> None:
    """Draw the matrix with its list of pairs, and the pictures of the chosen cell."""

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(folder)
        chosen = _chosen(facts, folder.name)
        left, right = st.columns([2.2, 1], gap="medium")
        with left:
            _matrix(facts, folder.name)
        with right:
            _pairs(facts, folder.name)
        _pictures(facts, folder, chosen)
        scroll_into_view.follow(OPENED)

    part()


def tiles(rows: list[Prediction], *, with_truth: bool = True) -> list[Tile]:
    """Return pictures with what the model said and how sure it was."""
    return [
        Tile(
            id=row.item,
            src=thumbnail_url(row.sha256),
            caption=f"{isolated(row.predicted)} ({percent(row.probability)})",
            note=_("labelled {label}").format(label=isolated(row.label)) if with_truth else "",
            tone="good" if row.label == row.predicted else "bad",
            text=text,
        )
        for row, text in zip(rows, written.of([row.sha256 for row in rows]), strict=True)
    ]


def _chosen(facts: Evaluation, run_id: str) -> tuple[int, int] | None:
    """Return the open cell as positions (true, predicted); at first that of the address, which follows the choice."""
    size, key = len(facts["class_names"]), f"{CHOSEN}-{run_id}"

    def parse(text: str) -> tuple[int, int] | None:
        found = re.fullmatch(r"(\d{1,4})-(\d{1,4}|x)", text, re.ASCII)
        row, column = (int(one) if one != "x" else ALL for one in found.groups()) if found else (size, size)
        return (row, column) if max(row, column) < size else None

    address.speaks_of(run_id, CELL, matrix_view.IN_ADDRESS)
    address.recall(key, CELL, parse)
    cell = st.session_state.get(key)
    address.keep(CELL, cell and f"{cell[0]}-{'x' if cell[1] == ALL else cell[1]}")
    return cell


def _matrix(facts: Evaluation, run_id: str) -> None:
    """Show the matrix, or the groups of a large one."""
    many = len(facts["class_names"]) > matrix_view.MANY_CLASSES
    views = {"counts": _("Counts"), "shares": _("Shares")} | ({"table": _("Table")} if many else {})
    with st.container(horizontal=True):
        show_as = address.choice(_("Show as"), views, name=SHOW, key=f"{VIEW}-many" if many else VIEW)
        part = matrix_view.choose(facts, run_id)
    if part.groups:
        matrix_view.overview(facts, run_id, part.groups, show_as)
        return
    show_matrix(
        matrix_part(facts["confusion_matrix"], part.rows, part.columns),
        facts["class_names"],
        share=show_as == "shares",
        dark=is_dark(),
        selected=_as_cell(st.session_state.get(f"{CHOSEN}-{run_id}")),
        key=f"{MATRIX}-{run_id}{part.key}",
        on_choose=functools.partial(_choose_cell, run_id),
    )


def _as_cell(chosen: tuple[int, int] | None) -> tuple[int, int] | None:
    return None if chosen is None or chosen[1] == ALL else chosen


def open_class(entry: RunView, label: str) -> None:
    """Open all mistakes of a class, from wherever on the page; for a callback."""
    tabs.open_next("confusions", entry.run.id)
    _choose_cell(entry.run.id, (entry.facts["class_names"].index(label), ALL))


def _choose_cell(run_id: str, cell: tuple[int, int] | None) -> None:
    st.session_state[f"{CHOSEN}-{run_id}"] = cell
    if cell is not None:
        scroll_into_view.ask(OPENED)
    state.open_run(run_id)  # the address says whose cell it is, and a newer run does not take its place


def _choose_pair(run_id: str) -> None:
    _choose_cell(run_id, st.session_state[f"{PAIRS}-{run_id}"])


def _pairs(facts: Evaluation, run_id: str) -> None:
    """List the most confused pairs in words; each opens like its cell."""
    names = facts["class_names"]
    every = results.most_confused(facts, limit=len(names) ** 2)
    shown = every[: st.session_state.get(f"pairs-shown-{run_id}", PAIRS_AT_FIRST)]
    pairs = {(names.index(pair.true), names.index(pair.predicted)): pair for pair in shown}
    st.markdown(f"**{_('Most often confused')}**")
    if not pairs:
        st.caption(_("Not a single mistake on the test pictures."))
        return
    chosen = st.session_state.get(f"{CHOSEN}-{run_id}")
    st.session_state[f"{PAIRS}-{run_id}"] = chosen if chosen in pairs else None  # one choice, shown in both places
    st.radio(
        _("Most often confused"),
        list(pairs),
        index=None,
        format_func=lambda positions: _pair_words(pairs[positions]),
        key=f"{PAIRS}-{run_id}",
        label_visibility="collapsed",
        on_change=_choose_pair,
        args=(run_id,),
    )
    if len(shown) < len(every):
        label = _("More pairs ({n} in all)").format(n=len(every))
        st.button(label, key=f"pairs-more-{run_id}", on_click=_more_pairs, args=(run_id, len(shown)))


def _more_pairs(run_id: str, shown: int) -> None:
    st.session_state[f"pairs-shown-{run_id}"] = 2 * shown


def _pair_words(pair: Confusion) -> str:
    return _("{true} taken for {predicted}: {count} ({share} of {true})").format(
        true=set_off(pair.true), predicted=set_off(pair.predicted), count=pair.count, share=percent(pair.fraction)
    )


def _pictures(facts: Evaluation, folder: Path, chosen: tuple[int, int] | None) -> None:
    if chosen is None:
        st.caption(_(modality.current().words.in_cell))
        return
    names, answers = facts["class_names"], results.predictions(folder)
    true, predicted = names[chosen[0]], None if chosen[1] == ALL else names[chosen[1]]
    rows = results.mistakes_of(answers, true) if predicted is None else results.cell(answers, true, predicted)
    with st.container(border=True, key=OPENED):
        headline = _("{true}, recognised") if true == predicted else _("{true}, taken for {predicted}")
        if predicted is None:
            headline = _("{true}, taken for something else")
        headline = headline.format(true=md_escape(true), predicted=md_escape(predicted or ""))
        st.markdown(f"**{headline}** · {plural('{n} picture', '{n} pictures', len(rows))}")
        if not rows:
            st.caption(_("No test picture is in this cell."))
            return
        start = page_of(len(rows), key=f"cell-page-{chosen[0]}-{chosen[1]}", per_page=PER_PAGE)
        shown = rows[start : start + PER_PAGE]
        fixable_gallery.gallery_to_fix(shown, tiles(shown, with_truth=False), key="cell-gallery", size=120)
