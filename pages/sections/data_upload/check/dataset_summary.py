"""What is to be said about a dataset: how it is divided, its groups, and what is worth looking at before training."""

import streamlit as st

from engine import graft
from engine.data import split
from engine.storage.registry import Project
from pages.sections.data_upload import tabs
from pages.sections.data_upload.check import open_findings, row_findings
from pages.session.i18n import _, number, plural, say_error
from pages.shared import page


def findings(project: Project) -> None:
    """Say in one line how much there is to decide, and lead to it; above it what keeps a training from starting."""
    with page.errors_in_words():
        first = row_findings.look(project)
        if first is None or not first.fresh:
            row_findings.redraw_when_fresh(project)
        if first is None:
            return
        if first.problem is not None:
            st.error(say_error(first.problem), icon=":material/error:")
        looked = graft.current().dataset_checks.status(project.dataset_id)
        _lead(open_findings.report(project, first, looked["report"]))


def _lead(report: open_findings.Report) -> None:
    decide, know = len(report.decide), len(report.know)
    if not decide and not know:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="findings"):
        if decide:
            words = plural("{n} thing to decide", "{n} things to decide", decide)
            st.markdown(f":orange[:material/rule:] **{words}**", width="content")
        if know:
            words = plural("{n} thing worth knowing", "{n} things worth knowing", know)
            st.caption(f"{'· ' if decide else ':material/lightbulb: '}{words}", width="content")
        if st.button(_("Check"), icon=":material/arrow_forward:", type="tertiary", key="to-check"):
            tabs.open_section("check")


def size(counts: dict[str, dict[str, int]]) -> int:
    """Return how many pictures there are in {class: {split: pictures}}."""
    return sum(sum(splits.values()) for splits in counts.values())


def division_in_words(counts: dict[str, dict[str, int]]) -> str:
    """Return how many pictures train, choose and measure."""
    parts = {part: number(sum(splits.get(part, 0) for splits in counts.values())) for part in split.SPLITS}
    return _("{train} to train, {validation} to choose the best version, {test} for the test").format(**parts)
