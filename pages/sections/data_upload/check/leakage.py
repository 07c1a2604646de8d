"""What the result would have pretended if copies or groups lay on both sides of the test: two numbers, measured."""

import html

import streamlit as st

from engine.storage.registry import Project
from pages.components.probabilities import percent
from pages.sections.data_upload.check import fixes
from pages.sections.data_upload.check.open_findings import Report
from pages.session.i18n import _

STYLE = """<style>
.graft-leak { display: flex; flex-wrap: wrap; gap: .75rem 2.5rem; align-items: stretch; margin: .25rem 0; }
.graft-leak div { border-left: 4px solid var(--edge); padding-left: .8rem; }
.graft-leak b { display: block; font-size: 2rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.graft-leak .false b { text-decoration: line-through; text-decoration-thickness: 2px; opacity: .7; }
.graft-leak span { display: block; font-size: .85rem; opacity: .8; }
</style>"""


def body(project: Project, report: Report, finding: dict, leak: dict) -> None:
    """Show the result with leakage and the honest one, each with its interval, and how they were measured."""
    mixed = _number(leak["mixed"], _("with leakage"), "" if leak["within_chance"] else "false", "#c2703d")
    apart = _number(leak["apart"], _("honestly"), "true", "#3d9a64")
    st.html(f'{STYLE}<div class="graft-leak">{mixed}{apart}</div>')
    how = {
        "copies": _("once with copies of pictures on both sides of the test, once with every copy on one side"),
        "groups": _(
            "once with pictures of the same groups on both sides of the test, once with every group on one side"
        ),
        "both": _("once with copies and groups on both sides of the test, once with each on one side"),
    }
    ways = how.get(leak.get("reason", "both"), how["both"])
    st.caption(_("Measured, not guessed: the same quick training, {ways}.").format(ways=ways))
    fixes.buttons(project, report, finding, "finding-leakage")


def _number(result: dict, words: str, name: str, edge: str) -> str:
    low, high = result["interval"]
    between = _("between {low} and {high}").format(low=percent(low), high=percent(high))
    words, between = html.escape(words), html.escape(between)
    share = html.escape(percent(result["accuracy"]))
    return f'<div class="{name}" style="--edge:{edge}"><span>{words}</span><b>{share}</b><span>{between}</span></div>'
