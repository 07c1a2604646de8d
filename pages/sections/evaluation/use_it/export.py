"""The model in other formats: what each costs stands in a table before anybody downloads one."""

import html
import re
from pathlib import Path

import streamlit as st

from engine import graft
from engine.errors import UserError
from engine.sharing import export_table, formats, model_labels
from engine.storage import runs
from pages.components.table.table import Cell, Column, Row, Table, show_table
from pages.session.i18n import _, decimal, language, number, say
from pages.shared import percentages
from pages.shared.runs import run_list
from pages.shared.runs.run_list import RunView

LOOK_AGAIN_SECONDS = 0.7
MANY_OTHERS = 0.97  # fewer equal answers are said aloud
USUAL = ["onnx", "litert", "litert-int8"]


def view(entry: RunView) -> None:
    """Show what was exported of a run, with downloads, and offer what was not."""
    if not (entry.folder / runs.MODEL).exists():
        return
    st.markdown(f"**{_('In other formats')}**")
    st.caption(_("Each is loaded again and asked about the test pictures before you get it. Pixels go in as they are."))
    try:
        rows = export_table.rows(entry.folder)
    except UserError as error:  # of an older Graft, or one whose answers no other format holds
        st.info(say(error.template, error.values))
        return
    _choose(entry, rows)
    if rows:
        _table(rows)
        _downloads(entry, rows)
    st.caption(
        _(
            "TensorFlow.js and Core ML are not here: their converters do not run beside today's TensorFlow. In a "
            "browser ONNX does the same; for Core ML, convert the SavedModel with coremltools on a Mac (untested)."
        )
    )


def _choose(entry: RunView, rows: dict[str, dict]) -> None:
    folder, exports = entry.folder, graft.current().model_exports
    state = exports.status(folder)
    if state["state"] == "running":
        _watch(folder)
        return
    if state["state"] == "failed":
        st.error(say(state["message"], state["values"]), icon=":material/error:")
    titles = {form.key: form.title for form in formats.here()}
    chosen = st.pills(
        _("Formats"), list(titles), format_func=titles.get, selection_mode="multi", default=USUAL, key="export-formats"
    )
    missing = [key for key in chosen if key not in rows]
    with st.container(horizontal=True, key="export-buttons"):
        if st.button(_("Write and compare"), key="export-start", icon=":material/output:", disabled=not missing):
            exports.start(folder, missing)
            st.rerun()
        what = _(
            "The chosen formats with a model card, scripts, samples and a check that proves itself wherever it is "
            "unpacked."
        )
        if not model_labels.takes_pictures(folder):
            what = _("Its scripts open pictures only; this model was trained on something else.")
        if st.button(
            _("Make the hand-over pack"),
            key="export-pack",
            icon=":material/inventory_2:",
            help=what,
            disabled=not chosen or not model_labels.takes_pictures(folder),
        ):
            exports.start_pack(folder, chosen, title=run_list.name_of(entry), language=language())
            st.rerun()


def _watch(folder: Path) -> None:
    exports = graft.current().model_exports

    @st.fragment(run_every=LOOK_AGAIN_SECONDS, key="export-part")
    def part() -> None:
        state = exports.status(folder)
        if state["state"] != "running":
            st.rerun()  # once for the whole page: it takes the timer away
        told = say(state["message"], state["values"]) if state["begun"] else ""
        st.progress(state["progress"], told or _("It begins as soon as the machine is free for it."))
        st.button(
            _("Stop"),
            key="export-stop",
            icon=":material/stop:",
            disabled=state["stopping"],
            on_click=exports.stop,
            args=(folder,),
        )

    part()


def _table(rows: dict[str, dict]) -> None:
    columns = [
        Column(_("Format")),
        Column(_("Size"), number=True),
        Column(_("Milliseconds a picture, here"), number=True),
        Column(_("Right on test pictures"), number=True),
        Column(_("Same answer as the app"), number=True),
        Column(_("What for")),
    ]
    shown = [_row(formats.FORMATS[key], row) for key, row in rows.items() if key in formats.FORMATS]
    show_table(Table(columns, shown, _("The exported formats compared"), whole=True), key="export-table")
    pictures = max(row.get("pictures", 0) for row in rows.values())
    st.caption(_("Measured on {n} test pictures of this run.").format(n=number(pictures)))
    for key, row in rows.items():
        if row.get("same", 1) < MANY_OTHERS:
            others = percentages.percent(1 - row["same"])
            words = _(
                "{format} answers otherwise than the app on {share} of them. Use it only where its size matters more."
            )
            st.warning(words.format(format=formats.FORMATS[key].title, share=others), icon=":material/warning:")


def _row(form: formats.Format, row: dict) -> Row:
    size, taken = row["bytes"] / 1e6, row["milliseconds"]
    return Row(
        [
            Cell(form.title),
            Cell(f"{decimal(size)}\N{NO-BREAK SPACE}MB", size),
            Cell(decimal(taken), taken),
            Cell(percentages.percent(row["accuracy"]), row["accuracy"]),
            Cell(percentages.percent(row["same"]), row["same"]),
            Cell(_(form.about)),
        ]
    )


def _downloads(entry: RunView, rows: dict[str, dict]) -> None:
    name = re.sub(r"[^\w-]+", "-", run_list.name_of(entry)).strip("-") or "model"
    with st.container(horizontal=True, key="export-downloads"):
        for key, row in rows.items():
            path = export_table.folder(entry.folder) / row["file"]
            title = formats.FORMATS[key].title if key in formats.FORMATS else _("Hand-over pack")
            st.download_button(
                title,
                path.read_bytes,
                file_name=f"{name}-{row['file']}",
                mime="application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
                key=f"export-download-{key}",
            )
        if "onnx" in rows and model_labels.takes_pictures(entry.folder):
            _demo(entry, name)


def tables_button(entry: RunView) -> None:
    """Offer the matrix, the classes and the predictions as CSV and JSON in a zip, made when it is pressed."""

    def make() -> bytes:
        from engine.sharing import result_tables

        return result_tables.zipped(entry.folder)

    st.download_button(
        _("Tables"),
        make,
        file_name="results.zip",
        mime="application/zip",
        icon=":material/table:",
        help=_("Matrix, classes and predictions as CSV and JSON."),
        on_click="ignore",
        key="tables",
    )


def _demo(entry: RunView, name: str) -> None:
    title, speaks = run_list.name_of(entry), language()

    def make() -> bytes:
        from engine.sharing import browser_demo

        try:
            return browser_demo.render(entry.folder, title=title, language=speaks).encode()
        except UserError as error:  # a download can say nothing: the reason is the file
            return html.escape(say(error.template, error.values)).encode()

    st.download_button(
        _("Browser demo"),
        make,
        file_name=f"{name}.html",
        mime="text/html",
        icon=":material/public:",
        help=_("One file to mail: drop a picture or use the camera, on any computer or phone, without a network."),
        on_click="ignore",
        key="export-download-browser",
    )
