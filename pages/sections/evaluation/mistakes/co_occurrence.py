"""Which classes stand together on the test pictures, as a table of numbers that open their pictures."""

from pathlib import Path

import streamlit as st

from engine.evaluation import multi_label_results
from engine.storage.evaluation import Evaluation
from pages.components.gallery.gallery import page_of
from pages.components.table.table import Cell, Column, Row, Table, chosen_in, show_table
from pages.sections.evaluation.mistakes.multi_label_galleries import show_rows
from pages.session.i18n import _, number, plural
from pages.session.safe_text import md_escape
from pages.shared import page

KEY, PER_PAGE = "several-together", 24
MOST = 20  # classes in the table: those that most pictures show


def view(facts: Evaluation, folder: Path) -> None:
    """Show how many test pictures show two classes at once; and the pictures of the chosen number."""

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(folder)
        names, matrix = facts["class_names"], facts["co_occurrence"]
        places = sorted(sorted(range(len(names)), key=lambda i: -matrix[i][i])[:MOST])
        st.caption(
            _("How many test pictures show two classes at once, and from one corner to the other each by itself.")
        )
        if len(places) < len(names):
            st.caption(_("The {n} most frequent classes are shown.").format(n=len(places)))
        chosen = _table(names, matrix, places, f"{KEY}-{folder.name}")
        if chosen is None:
            st.caption(_("Choose a number to see its pictures."))
            return
        first, second = chosen
        rows = multi_label_results.together(multi_label_results.scores(folder)[0], first, second)
        title = names[first] if first == second else f"{names[first]} + {names[second]}"
        st.markdown(f"**{md_escape(title)}** · {plural('{n} picture', '{n} pictures', len(rows))}")
        start = page_of(len(rows), key=f"{KEY}-page-{first}-{second}", per_page=PER_PAGE)
        show_rows(facts, folder, rows[start : start + PER_PAGE], key=f"{KEY}-pictures")

    part()


def _table(names: list[str], matrix: list[list[int]], places: list[int], key: str) -> tuple[int, int] | None:
    columns = [Column(_("Class")), *(Column(names[j], number=True) for j in places)]
    rows = [Row([Cell(names[i]), *(_cell(names, matrix[i][j], i, j) for j in places)]) for i in places]
    alt = _("How many test pictures show two classes at once")
    table = Table(columns, rows, alt, "cells", sortable=False, selected=chosen_in(key))
    chosen = show_table(table, key=key)
    return (chosen[0], chosen[1]) if chosen else None


def _cell(names: list[str], count: int, i: int, j: int) -> Cell:
    if not count:
        return Cell("0")
    label = names[i] if i == j else f"{names[i]} + {names[j]}"
    return Cell(number(count), id=[i, j], label=f"{label}: {count}")
