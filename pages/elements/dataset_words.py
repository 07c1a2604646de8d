"""What is to be said about a dataset: how it is divided, its groups, and what is worth looking at before training."""

import streamlit as st

from engine import graft
from engine.data import split
from engine.registry import Project
from pages.elements import class_edits, page
from pages.elements.data import open_findings, sections
from pages.elements.dataset_facts import facts_of
from pages.elements.i18n import _, number, plural, say_error
from pages.elements.names import md_escape

APART = ("auto", "yes", "no")


def findings(project: Project) -> None:
    """Say in one line how much there is to decide, and lead to it; above it what keeps a training from starting."""
    if sections.opened() == "check":
        return
    with page.errors_in_words():
        if (problem := facts_of(project).problem) is not None:
            st.error(say_error(problem), icon=":material/error:")
        looked = graft.current().inspection(project.dataset_id)
        _lead(open_findings.report(project, looked["report"]))


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
            sections.open_section("check")


def division_in_words(counts: dict[str, dict[str, int]]) -> str:
    """Return how many pictures train, choose and measure."""
    parts = {part: number(sum(splits.get(part, 0) for splits in counts.values())) for part in split.SPLITS}
    return _("{train} to train, {validation} to choose the best version, {test} for the test").format(**parts)


def division(project: Project) -> None:
    """Explain the three parts, and let groups be kept apart where there are any."""
    with st.expander(_("How the pictures are used"), icon=":material/call_split:", key="division"):
        st.markdown(
            _(
                "The network learns from the **training** pictures. The **validation** pictures choose its best "
                "version. The **test** pictures are touched once, at the very end: they give the honest number. "
                "This is decided once and kept; copies of one picture always stay in the same part."
            )
        )
        if groups := graft.current().registry.groups(project.dataset_id):
            _groups(project, groups)


def _groups(project: Project, groups: dict[str, int]) -> None:
    names = ", ".join(f"{md_escape(name)} ({number(count)})" for name, count in list(groups.items())[:12])
    more = " …" if len(groups) > 12 else ""
    st.markdown(f"**{plural('{n} group', '{n} groups', len(groups))}:** {names}{more}")
    registry = graft.current().registry
    now = registry.dataset_options(project.dataset_id).get("groups_apart", "auto")
    words = {"auto": _("Decide for me"), "yes": _("Yes, whole groups"), "no": _("No, mix them")}
    chosen = st.segmented_control(
        _("Keep groups apart?"),
        APART,
        default=now,
        format_func=words.get,
        required=True,
        key=f"groups-apart-{project.dataset_id}",
        help=_(
            "A group is a speaker, a patient, a camera, a language. Kept apart, the test shows how good the model is "
            "on groups it has never met; mixed, how good it is on new pictures of the groups it knows."
        ),
    )
    if chosen and chosen != now:
        registry.set_dataset_options(project.dataset_id, groups_apart=chosen)
        class_edits.assign_splits(project)
        st.toast(_("The pictures were divided again. Earlier trainings keep the division they had."))
        st.rerun()
