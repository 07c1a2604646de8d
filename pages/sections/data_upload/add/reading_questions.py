"""What can be read in more ways, asked on the card of what has arrived: the card then shows what follows from it."""

import streamlit as st

from engine import graft
from engine.data import split_names
from engine.data.importing.choices import BLANK, NONE
from engine.errors import UserError
from pages.session.i18n import _, say, say_error
from pages.session.safe_text import md_escape

ELSEWHERE = ("layout",)  # the card has a choice of its own for it


def ask(entry: dict) -> None:
    """Show every question that reading left, each with its likely answer chosen, and what was answered before."""
    seen = entry["arrival"]
    for question in seen.get("questions", ()):
        if question["option"] in ELSEWHERE:
            st.caption(f":material/help: {say(question['about'], question['values'])}")
        else:
            _ask(entry["id"], question)
    for option, answer in seen.get("reading", {}).items():
        if answer:
            _answered(entry["id"], option, answer)


def _ask(import_id: str, question: dict) -> None:
    option = question["option"]
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"arrival-ask-{option}-{import_id}"):
        st.markdown(f":material/help: {say(question['about'], question['values'])}", width="stretch")
        chosen = st.selectbox(
            _titles()[option],
            [question["answer"], *question["others"]],
            format_func=lambda answer: _in_words(option, answer),
            key=f"arrival-{option}-{import_id}",
            width=320,
        )
    if chosen != question["answer"]:
        _read_as(import_id, option, chosen)


def _answered(import_id: str, option: str, answer: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"arrival-said-{option}-{import_id}"):
        words = f"{_titles().get(option, option)}: {_in_words(option, answer)}"
        st.markdown(f":material/check: {md_escape(words)}", width="content")
        if st.button(_("Ask again"), type="tertiary", key=f"arrival-again-{option}-{import_id}"):
            _read_as(import_id, option, "")


def _read_as(import_id: str, option: str, answer: str) -> None:
    try:
        with st.spinner(_("Reading it again.")):
            graft.current().imports.read_as(import_id, option, answer)
    except UserError as error:
        st.error(say_error(error), icon=":material/error:")
        return
    st.rerun()


def _titles() -> dict[str, str]:
    return {
        "encoding": _("Letters are written in"),
        "split_values": _("What these mean"),
        "split_column": _("Column of the parts"),
        "label_column": _("Column of the class"),
        "file_column": _("Column of the files"),
        "text_column": _("Column of the texts"),
        "class_columns": _("Columns that are classes"),
        "label_separator": _("Between two classes stands"),
        "pixel_scale": _("Black and white"),
    }


def _in_words(option: str, answer: str) -> str:
    """Return an answer as a person reads it."""
    if option == "split_values":
        meant = {
            "train": _("training"),
            "validation": _("validation"),
            "test": _("test"),
            None: _("no part"),
        }
        return ", ".join(f"{value} → {meant[split]}" for value, split in split_names.typed(answer).items())
    if option == "label_separator":
        return {NONE: _("nothing: a cell is one class"), BLANK: _("a blank")}.get(answer, answer)
    return answer.replace(",", ", ") if option == "class_columns" else answer
