"""One run as it is now: phase, progress, curves and log while it trains; its end in words afterwards."""

import os
from pathlib import Path

import streamlit as st

from engine import graft
from engine.evaluation.charts import per_class
from engine.evaluation.honest_number import honest_number
from engine.storage import runs
from pages.sections.evaluation import label_kinds
from pages.sections.evaluation.overview import caveats
from pages.session import state
from pages.session.i18n import _, say
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.runs import training_events
from pages.shared.runs.run_list import RunView, doing_words, duration, name_of, owner_of, recipe_words, state_words

LOG_TAIL = 12_000  # bytes


def show_run(entry: RunView, position: str = "") -> None:
    """Draw a run in any state; cheap enough for once a second. position: its place in the queue, in words."""
    with st.container(border=True, key="live-run"):
        _heading(entry)
        if entry.is_active:
            _progress(entry, position)
        else:
            _ending(entry)
        _curves(runs.read_metrics(entry.folder))
        training_events.show(entry.folder)
        _log(entry.folder)


def _heading(entry: RunView) -> None:
    words, icon, colour = state_words(entry.state)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(md_escape(name_of(entry)), anchor=False, width="content")
        st.badge(words, icon=icon, color=colour)
        st.space("stretch")
        facts = (md_escape(recipe_words(entry.recipe)), md_escape(owner_of(entry.run)))
        st.caption(" · ".join(filter(None, facts)), width="content")


def _progress(entry: RunView, position: str) -> None:
    status = entry.status
    share = min(1.0, max(0.0, status["progress"]))
    text = position or f"{doing_words(entry)} · {share:.0%}"
    if status.get("seconds_left") is not None:
        text += " · " + _("about {time} left").format(time=duration(status["seconds_left"]))
    st.progress(share, text=text)
    with st.container(horizontal=True, vertical_alignment="center"):
        if status["message"]:
            st.caption(say(status["message"], status["values"]), width="content")
        st.space("stretch")
        with st.container(horizontal=True, width="content"):  # on a phone they go to the next line together
            _requests(entry)


def _requests(entry: RunView) -> None:
    """Draw what can be asked of an active run; what was asked for already says so until it has happened."""
    stopping = (entry.folder / runs.STOP).exists()
    pausing = (entry.folder / runs.PAUSE).exists()
    if entry.state == "running":
        st.button(
            _("Pausing…") if pausing and not stopping else _("Pause"),
            key="pause-run",
            icon=":material/pause_circle:",
            disabled=stopping or pausing,
            help=_("Frees the machine for the next training. This one goes on later, exactly where it was."),
            on_click=graft.current().pause_run,
            args=(entry.run.id,),
        )
    st.button(
        _("Stopping…") if stopping else _("Take out of the queue") if entry.state == "queued" else _("Stop"),
        key="stop-run",
        icon=":material/stop_circle:",
        disabled=stopping,
        help=_("Ends the training now. The best model so far is kept and measured."),
        on_click=graft.current().stop_run,
        args=(entry.run.id,),
    )


def _ending(entry: RunView) -> None:
    _reason(entry)
    with st.container(horizontal=True, vertical_alignment="center"):
        if entry.evaluation is not None:
            st.markdown(f"**{_claim(entry)}**", width="content")
        st.space("stretch")
        if entry.state in ("stopped", "paused", "interrupted", "failed") and entry.folder.exists():
            _again(entry)
        if entry.evaluation is not None and st.button(
            _("See the results"), type="primary", key="see-results", icon=":material/insights:"
        ):
            state.open_run(entry.run.id)
            state.go("results")
    training_events.nothing_gained(entry)


def _claim(entry: RunView) -> str:
    figures, known = honest_number(entry.facts), caveats.may_be_known(entry)
    return label_kinds.of(entry.facts["task"]).claim(entry.facts, figures, known=known)


def _reason(entry: RunView) -> None:
    status, error = entry.status, entry.status.get("error")
    if error:
        st.error(say(error["template"], error["values"]), icon=":material/error:")
    elif entry.state == "failed":
        st.error(say(status["message"], status["values"]), icon=":material/error:")
    elif entry.state == "paused":
        st.info(say(status["message"], status["values"]), icon=state_words(entry.state)[1])
    elif entry.state in ("stopped", "interrupted") and status["message"]:
        st.warning(say(status["message"], status["values"]), icon=state_words(entry.state)[1])
    elif entry.state == "finished" and status["values"]:  # it had an aim
        st.info(say(status["message"], status["values"]), icon=":material/flag:")


def _again(entry: RunView) -> None:
    failed = entry.state == "failed"
    if st.button(
        _("Try again") if failed else _("Go on training") if entry.status["started"] else _("Train it after all"),
        key="resume-run",
        icon=":material/restart_alt:",
        type="secondary" if entry.evaluation is not None else "primary",
        help=_("What was already worked out is kept."),
        disabled=failed and not entry.recipe,
    ):
        with page.errors_in_words():
            graft.current().resume_run(entry.run.id)
            st.rerun()


def _curves(metrics: list[dict]) -> None:
    rows = [row for row in metrics if row["phase"] == "fine_tune"]
    if len(rows) < 2:
        return
    dark = st.context.theme.type == "dark"
    left, right = st.columns(2)
    pairs = (
        (left, "loss", _("Loss of every round, training and validation")),
        (right, "accuracy", _("Accuracy of every round, training and validation")),
    )
    for column, measure, words in pairs:
        column.plotly_chart(
            per_class.whole_dots(per_class.curve_figure(rows, measure, dark=dark, _=_)),
            key=f"live-{measure}",
            config={"displayModeBar": False},
            alt=words,
        )


def _log(folder: Path) -> None:
    log = st.expander(_("Log"), icon=":material/article:", key="log", on_change="rerun")
    if log.open:
        log.code(_tail(folder / runs.LOG) or _("The log is empty."), language=None, height=240)


def _tail(path: Path) -> str:
    """Return the end of a text file, from a whole line on."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return text if len(text) < LOG_TAIL - 4 else text[text.find("\n") + 1 :]
