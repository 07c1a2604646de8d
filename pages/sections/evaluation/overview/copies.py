"""Copies of test pictures among what was learned from: said beside the number, with the one press that ends it."""

import streamlit as st

from engine import graft
from engine.data import label_kinds, readiness
from engine.evaluation import results
from engine.storage.registry import Item
from pages.session import person
from pages.session.i18n import _, number, plural
from pages.shared.runs.run_list import RunView


def note(entry: RunView) -> None:
    """Say in red how many test pictures the model knows by heart; in grey, which copies it was kept from."""
    found = entry.facts.get("copies")
    if not found:
        return
    moves = _moves(entry, found["learned"])
    if found["left_out"]:
        words = plural(
            "{n} picture was not learned from: it is a copy of a test picture, cropped, mirrored or relit.",
            "{n} pictures were not learned from: they are copies of test pictures, cropped, mirrored or relit.",
            len(found["learned"]),
        )
        _row(entry, f":material/content_copy: {words}", moves, alarm=False)
        return
    words = _(
        "**{n} of these {all} test pictures are copies of pictures it learned from**, cropped, mirrored or relit. It "
        "knows them by heart, and that flatters this number."
    ).format(n=number(results.copied(entry.facts)), all=number(entry.facts["counts"]["test"]))
    if not moves:
        words += " " + _("Bring in other test pictures, or let Graft divide the pictures anew on the Data page.")
    _row(entry, words, moves, alarm=True)


def _row(entry: RunView, words: str, moves: dict[int, dict], *, alarm: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="copies-note"):
        if alarm:
            st.error(words, icon=":material/content_copy:", width="stretch")
        else:
            st.caption(words, width="content")
        if moves:
            st.button(
                _("Move copies to one part"),
                key="copies-apart",
                type="secondary" if alarm else "tertiary",
                icon=":material/call_merge:",
                on_click=_move,
                args=(entry, moves),
            )


def _moves(entry: RunView, learned: list[int]) -> dict[int, dict]:
    """Return {item: {"split": "test"}} for the copies that are still learned from.

    Nothing where a class, or a part, would be left without pictures: then it takes somebody who decides.
    """
    items = [item for item in graft.current().registry.items(entry.run.dataset_id) if item.label is not None]
    copies = set(learned)
    torn = {item.id for item in items if item.id in copies and item.split in ("train", "validation")}
    if not torn:
        return {}
    kind = label_kinds.of_task(entry.facts["task"])
    splits = ["test" if item.id in torn else _split(item) for item in items]
    problems = readiness.of_splits([kind.names_of(item.label) for item in items], splits)
    return {} if problems else {item: {"split": "test"} for item in torn}


def _split(item: Item) -> str:
    return item.split or ""


def _move(entry: RunView, moves: dict[int, dict]) -> None:
    template = "moved {n} copy to one part" if len(moves) == 1 else "moved {n} copies to one part"
    summary = {"template": template, "values": {"n": len(moves)}}
    graft.current().registry.change_each(entry.run.dataset_id, moves, summary, who=person.name())
