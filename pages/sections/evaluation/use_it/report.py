"""The results as one file to mail or print: a button that makes it when it is pressed."""

import re

import streamlit as st

from engine import graft
from pages.session.i18n import _, language
from pages.shared.runs import run_list
from pages.shared.runs.run_list import RunView


def button(entry: RunView) -> None:
    """Offer the report of a run as a download, in the language of the session."""
    title, speaks = run_list.name_of(entry), language()
    file_name = re.sub(r"[^\w-]+", "-", title).strip("-") or "report"

    def make() -> bytes:
        from engine.sharing import html_report

        workspace = graft.current().workspace
        return html_report.render(entry.folder, workspace, title=title, language=speaks).encode()

    st.download_button(
        _("Report"),
        make,
        file_name=f"{file_name}.html",
        mime="text/html",
        icon=":material/description:",
        help=_("One file with all of this and the pictures. It opens anywhere, can be mailed and printed."),
        on_click="ignore",
        key="report",
    )
