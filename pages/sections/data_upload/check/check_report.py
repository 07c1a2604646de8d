"""The section "Check" of the Data page: what there is to decide, what is worth knowing, and what is fine."""

import streamlit as st

from engine import graft
from engine.data.label_kinds.label_kind import LabelKind
from engine.storage.registry import Project
from pages.sections.data_upload.check import (
    feature_scan,
    finding_card,
    label_questions,
    leakage,
    open_findings,
    row_findings,
)
from pages.sections.data_upload.check.open_findings import Report
from pages.sections.data_upload.check.row_findings import FirstLayer
from pages.session.i18n import _, plural, say
from pages.shared import page
from pages.shared.dataset import class_balance, classes, test_lock


def view(project: Project) -> None:
    """Show the whole report. What is put right leaves it at once, and comes back with Undo."""
    with page.errors_in_words():
        first = row_findings.look(project)
        if first is None or not first.fresh:
            row_findings.redraw_when_fresh(project)
        if first is None:
            st.progress(0.0, text=_("Looking through the pictures."))
            return
        label_kind = classes.kind_of(project.dataset_id)
        if not label_kind.FEATURE_CHECKS:
            _from_rows_alone(project, first, label_kind)
            return
        feature_scan.begin_by_itself(project, len(first.items))
        looked = graft.current().dataset_checks.status(project.dataset_id)
        report = open_findings.report(project, first, looked["report"])
        _summary(report, label_kind, closely=looked["report"] is not None)
        test_lock.note(project, _touched(report))
        feature_scan.bar(project, looked, report)
        if looked["report"] is not None:
            label_questions.open_pair(project, report)
        asking = label_questions.is_open(project)
        if asking:
            label_questions.panel(project)
        _cards(project, report, looked["report"], asking)


def _from_rows_alone(project: Project, first: FirstLayer, label_kind: LabelKind) -> None:
    """What names and pixels say; the closer look asks which one class a picture shows."""
    report = open_findings.report(project, first)
    _summary(report, label_kind)
    st.caption(_("Labels are not looked at more closely here: that is made for pictures that show one class each."))
    _cards(project, report, None, None)


def _touched(report: Report) -> set[int]:
    """Return the items that fixes on the page would change."""
    fixes = (fix for group in report.decide for finding in group for fix in finding["fixes"])
    return {int(item) for fix in fixes for item in fix.get("changes", ())}


def _summary(report: Report, label_kind: LabelKind, *, closely: bool = False) -> None:
    sentences = in_words(report, label_kind, closely=closely)
    if report.decide:
        page.section(sentences[0])
        st.caption(sentences[1])
        return
    with st.container(border=True, horizontal_alignment="center", key="all-fine"):
        st.markdown("### :green[:material/verified:]", width="content")
        st.markdown(f"**{sentences[0]}**", text_alignment="center")
        st.caption(sentences[1], text_alignment="center")


def in_words(report: Report, label_kind: LabelKind, *, closely: bool = False) -> tuple[str, str]:
    """Return how much there is to decide and to know, and what is in order, in two sentences.

    closely: a network has looked at them too; before that, mirrored and cropped copies are not seen.
    """
    decide, know = len(report.decide), len(report.know)
    to_know = plural("{n} worth knowing", "{n} worth knowing", know)
    pictures = plural("{n} picture", "{n} pictures", len(report.items))
    fine = _fine(report, label_kind, closely)
    facts = ", ".join([pictures, *fine])
    if not decide:
        headline = _("Nothing to decide: these pictures are ready to learn from.")
        return headline, f"{facts}." + (f" {to_know}." if know else "")
    headline = plural("{n} thing to decide", "{n} things to decide", decide) + (f", {to_know}" if know else "")
    rest = _("The rest looks fine: {facts}.") if fine else _("Everything was checked: {facts}.")
    return f"{headline}.", rest.format(facts=facts)


def _fine(report: Report, label_kind: LabelKind, closely: bool) -> list[str]:
    no_copies = _("no copies across the test") if closely else _("no copies saved or scaled anew across the test")
    claims = (  # and the kinds that speak against each
        (_("no picture in two classes"), {"conflict", "alike"}),
        (no_copies, {"across_splits", "leakage"}),
        (_("enough pictures in every class"), {"small_class", "one_class", "not_trained", "nothing_to_learn"}),
        (_("none blurred, blank or dark"), {"blank", "blurred", "dark", "bright"}),
    )
    asked = [(words, against) for words, against in claims if not against & label_kind.NOT_ASKED]
    return [words for words, against in asked if not report.kinds & against][:3]


@st.fragment
def _cards(project: Project, report: Report, closer: dict | None, asking: str | None) -> None:
    """Draw the cards; turning a page of one of them reruns only this part."""
    with page.errors_in_words():
        for group in report.decide:
            if group[0]["kind"] != asking:
                finding_card.card(project, report, group, _body(project, report, group, closer))
        if report.know:
            st.markdown(f"##### {_('Worth knowing')}")
        for group in sorted(report.know, key=lambda group: not _speaks(group, closer)):
            draw = finding_card.card if _speaks(group, closer) else finding_card.folded
            draw(project, report, group, _body(project, report, group, closer))
        _set_aside(project, report)


def _body(project: Project, report: Report, group: list[dict], closer: dict | None):
    """Return what a kind draws instead of pictures and buttons, None for most kinds."""
    kind = group[0]["kind"]
    if kind == "imbalance":
        return lambda: class_balance.body(project, group[0])
    if kind == "leakage" and (measured := (closer or {}).get("leakage")):
        return lambda: leakage.body(project, report, group[0], measured)
    return None


def _speaks(group: list[dict], closer: dict | None) -> bool:
    """Tell whether a note deserves to be seen without being opened: leakage that would have changed the result."""
    return group[0]["kind"] == "leakage" and not ((closer or {}).get("leakage") or {}).get("within_chance", True)


def _set_aside(project: Project, report: Report) -> None:
    """Name what was called fine, and offer to bring it back."""
    count = len(report.aside) + report.kept
    if not count:
        return
    title = plural("{n} thing you called fine", "{n} things you called fine", count)
    with st.expander(title, icon=":material/done_all:", key="set-aside"):
        for finding in report.aside:
            words = finding_card.headline([finding])
            st.markdown(f"{words} :gray[{say(finding['fix'], finding['values'])}]")
        if report.kept:
            st.markdown(
                plural("{n} picture you kept where it is.", "{n} pictures you kept where they are.", report.kept)
            )
        if st.button(_("Show them again"), icon=":material/undo:", key="bring-back"):
            open_findings.bring_back(project)
            st.rerun()
