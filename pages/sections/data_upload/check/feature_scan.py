"""The long look at the pictures: started by a button, or by itself where it takes seconds; watched while it works."""

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from engine.storage.workspace import read_json
from pages.sections.data_upload.check.open_findings import Report
from pages.session.i18n import _, number, plural, say
from pages.shared.runs.run_list import duration

AT_ONCE = 2000  # pictures; up to here nobody needs to be asked, it takes some seconds
POLL_SECONDS = 0.7
GUESS = 150.0  # pictures a second for everything, until this machine has been measured
BEGUN = "look_closer-begun"


def begin_by_itself(project: Project, pictures: int) -> None:
    """Look at a small dataset that nobody has looked at yet, once a session and state of the pictures."""
    here = graft.current()
    state = here.dataset_checks.status(project.dataset_id)["state"]
    seen = st.session_state.setdefault(BEGUN, set())
    if state != "none" or not 0 < pictures <= AT_ONCE or project.dataset_id in seen:
        return
    seen.add(project.dataset_id)
    here.dataset_checks.start(project.dataset_id)


def bar(project: Project, looked: dict, report: Report) -> None:
    """Show what there is to know about the long look: the offer, its progress, when it was made, or why it failed."""
    if looked["state"] == "running":
        st.fragment(_progress, run_every=POLL_SECONDS)(project)
    elif looked["state"] == "failed":
        words = f":orange[:material/warning:] {say(looked['message'], looked['values'])}"
        _row(project, words, _("Try again"))
    elif looked["report"] is None:
        _row(project, _offer(len(report.items)), _("Look closer"))
    elif looked["stale"]:
        changed = _(
            "The pictures have changed since. What you have put right is left out; what is new was not looked at."
        )
        _row(project, f":gray[:material/history: {_made(looked['report'])} {changed}]", _("Look again"))
    else:
        st.caption(f":material/check_circle: {_made(looked['report'])}")


def _made(report: dict) -> str:
    words = plural("{n} picture", "{n} pictures", report.get("pictures", 0))
    return _("Looked at closely: {pictures}, in {time}.").format(
        pictures=words, time=duration(max(1, _seconds(report)))
    )


def _row(project: Project, words: str, button: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="look-closer"):
        st.markdown(words, width="stretch")
        if st.button(button, icon=":material/search:", key="look-closer-button"):
            graft.current().dataset_checks.start(project.dataset_id)
            st.rerun()


def _offer(pictures: int) -> str:
    sentence = _(
        "**Look closer:** a network compares the pictures themselves. It finds likely wrong classes, copies that were "
        "cropped or mirrored, and pictures unlike all others, and measures what leakage would pretend."
    )
    takes = _("It takes about {time}; you can go on working.").format(time=duration(max(2, pictures / _pace())))
    return f"{sentence} :gray[{takes}]"


def _pace() -> float:
    """Return pictures a second of the looks this workspace has seen, else a guess."""
    reports = graft.current().workspace.caches.glob("reports/*.json")
    newest = sorted(reports, key=lambda path: path.stat().st_mtime)[-3:]
    paces = [
        report["pictures"] / seconds
        for path in newest
        if (report := read_json(path)) and (seconds := _seconds(report)) > 0 and report.get("pictures", 0) >= 100
    ]
    return sum(paces) / len(paces) if paces else GUESS


def _seconds(report: dict) -> float:
    seconds = report.get("seconds") or 0.0
    return float(seconds.get("total", sum(seconds.values())) if isinstance(seconds, dict) else seconds)


def _progress(project: Project) -> None:
    looked = graft.current().dataset_checks.status(project.dataset_id)
    if looked["state"] != "running":
        st.rerun()
    share = min(1.0, float(looked["progress"]))
    message = say(looked["message"], looked["values"]) if looked["message"] else _("Looking closer.")
    st.progress(share, text=f"{message} {number(round(100 * share))} %")
