"""Which part of a confusion matrix is looked at: the order of its classes, and the group one has stepped into."""

from dataclasses import dataclass

import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts import class_order, confusion_overview
from engine.storage.evaluation import Evaluation
from pages.components.single_tap import single_tap
from pages.components.table.table import Cell, Column, Row, Table, show_table
from pages.session.i18n import _
from pages.session.safe_text import readable
from pages.shared import address

ORDER, PART, OVERVIEW, GROUPS = "confusion-order", "confusion-part", "confusion-overview", "confusion-groups"
MANY_CLASSES = 30
FEW_CLASSES = 12  # up to so many are seen at one glance, and stay in the order their owner knows
HARDEST = 20
ALL, HARD = "all", "hardest"
IN_ADDRESS = "part"


@dataclass(frozen=True)
class View:
    """Positions of the classes in rows and columns; with `groups`, the whole is seen at once, without names.

    Choices belong to one view: `key` ends the keys of its widgets.
    """

    rows: list[int]
    columns: list[int]
    groups: list[list[int]] | None = None
    key: str = ""


def choose(facts: Evaluation, run_id: str) -> View:
    """Let a person choose order and part; return what is to be drawn."""
    size, matrix = len(facts["class_names"]), facts["confusion_matrix"]
    similar = _order(size, run_id) == "similar"
    if size <= MANY_CLASSES:
        order = class_order.similar_order(matrix) if similar else list(range(size))
        return View(order, order, key="-similar" if similar else "")
    groups = class_order.similar_groups(matrix) if similar else class_order.groups_by_name(size)
    part = _part(facts, groups, f"{PART}-{run_id}")
    if part == ALL:
        return View([], [], groups)
    if part == HARD:
        hardest = set(results.hardest_classes(facts, HARDEST))
        rows = [position for group in groups for position in group if position in hardest]
        return View(rows, rows, key=f"-{part}")
    row, column = (groups[int(place)] for place in part.split("-"))
    return View(row, column, key=f"-{part}")


def overview(facts: Evaluation, run_id: str, groups: list[list[int]], view: str) -> None:
    """Show all classes at once; a click, or Enter in the table, steps into the part where two groups meet."""
    if view == "table":
        _groups_table(facts, run_id, groups)
        return
    key = f"{OVERVIEW}-{run_id}"
    single_tap.hear()
    st.plotly_chart(
        confusion_overview.confusion_overview_figure(
            facts["confusion_matrix"],
            facts["class_names"],
            groups,
            as_fractions=view == "shares",
            dark=st.context.theme.type == "dark",
            _=_,
        ),
        key=key,
        on_select=lambda: _step_into(run_id, _clicked(key)),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=_("Confusion matrix of all classes in groups. The table has the same groups for the keyboard."),
    )
    st.caption(
        _(
            "Rows are the true classes, each box is a group of them. Click anywhere to see that part with its names "
            "and numbers."
        )
    )


def _order(size: int, run_id: str) -> str:
    if size < 3:
        return "name"
    words = {"name": _("By name"), "similar": _("Confused ones together")}
    default = "name" if size <= FEW_CLASSES else "similar"
    # Other groups: what was stepped into is no more.
    back = {"on_change": _go, "args": (f"{PART}-{run_id}", ALL)}
    key = f"{ORDER}-{run_id}"
    return address.choice(_("Order of the classes"), words, name="order", key=key, default=default, **back)


def _part(facts: Evaluation, groups: list[list[int]], key: str) -> str:
    """Offer all classes, the hardest and every group; and a button back from a part."""
    words = _part_words(facts, groups)

    def known(text: str) -> str | None:
        return text if text in words or _is_crossing(text, groups) else None

    address.recall(key, IN_ADDRESS, known, default=ALL)
    now = st.session_state.get(key)
    if now and now not in words:
        row, column = (int(place) + 1 for place in now.split("-"))
        words[now] = _("Group {n}, taken for group {other}").format(n=row, other=column)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = st.selectbox(
            _("Classes shown"),
            list(words),
            format_func=lambda one: words.get(one, one),
            key=key,
            width=420,
            persist_state="session",
        )
        address.keep(IN_ADDRESS, None if part == ALL else part)
        if part != ALL:
            label = _("Back to all {n}").format(n=len(facts["class_names"]))
            st.button(label, icon=":material/zoom_out:", key=f"{key}-back", on_click=_go, args=(key, ALL))
    return part


def _is_crossing(text: str, groups: list[list[int]]) -> bool:
    """Say whether this names the part where two groups meet, "0-3"."""
    places = text.split("-")
    return len(places) == 2 and all(place.isdecimal() and int(place) < len(groups) for place in places)


def _part_words(facts: Evaluation, groups: list[list[int]]) -> dict[str, str]:
    words = {
        ALL: _("All {n}, in groups").format(n=len(facts["class_names"])),
        HARD: _("The {n} classes with most mistakes").format(n=HARDEST),
    }
    heads = confusion_overview.group_heads(facts["confusion_matrix"], groups)
    for place, (group, head) in enumerate(zip(groups, heads, strict=True)):
        words[f"{place}-{place}"] = _group_words(facts["class_names"], place, group, head)
    return words


def _group_words(names: list[str], place: int, group: list[int], head: list[int]) -> str:
    named = ", ".join(readable(names[position]) for position in head)
    more = len(group) - len(head)
    return f"{place + 1} · {named} +{more}" if more else f"{place + 1} · {named}"


def _groups_table(facts: Evaluation, run_id: str, groups: list[list[int]]) -> None:
    """The groups as a table: pictures of one group that were taken for another."""
    matrix, key = facts["confusion_matrix"], f"{GROUPS}-{run_id}"
    heads = confusion_overview.group_heads(matrix, groups)
    places = range(len(groups))
    columns = [Column(_("True class")), *(Column(str(place + 1), number=True) for place in places)]
    rows = []
    for i in places:
        cells = [_group_cell(matrix, groups, i, j) for j in places]
        rows.append(Row([Cell(_group_words(facts["class_names"], i, groups[i], heads[i])), *cells]))
    alt = _("Confusion matrix by groups of classes: true groups in rows, answers of the model in columns")
    table = Table(columns, rows, alt, "cells", sortable=False)
    show_table(table, key=key, on_choose=lambda: _step_into(run_id, (st.session_state.get(key) or {}).get("selected")))
    st.caption(_("Choose a number to see that part class by class."))


def _group_cell(matrix: list[list[int]], groups: list[list[int]], i: int, j: int) -> Cell:
    count = sum(matrix[row][column] for row in groups[i] for column in groups[j])
    if not count:
        return Cell("0")
    words = _("Group {n}, taken for group {other}").format(n=i + 1, other=j + 1)
    return Cell(str(count), id=[i, j], label=f"{words}: {count}")


def _clicked(key: str) -> list[int] | None:
    points = st.session_state[key]["selection"]["points"]
    return points[0]["customdata"][:2] if points else None


def _step_into(run_id: str, groups: list[int] | None) -> None:
    if groups:
        _go(f"{PART}-{run_id}", f"{groups[0]}-{groups[1]}")


def _go(key: str, part: str) -> None:
    st.session_state[key] = part
