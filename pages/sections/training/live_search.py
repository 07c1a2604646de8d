"""One search as it stands: how far, what was tried, the best so far; afterwards why it ended and what it found."""

import streamlit as st

from engine import graft
from engine.search.searches import SearchView
from engine.storage import runs
from engine.storage.registry import Project
from pages.sections.training.trial_table import network_title, trial_table
from pages.session import state
from pages.session.i18n import _, plural, say
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.percentages import percent
from pages.shared.runs import stopping_goal
from pages.shared.runs.run_list import BadgeColour, duration


def newest(project: Project | None) -> SearchView | None:
    """Return the last search of a project, None before the first."""
    found = graft.current().searches.of_project(project.id) if project else []
    return graft.current().searches.status(found[0]) if found else None


def show_search(view: SearchView) -> None:
    """Draw a search in any state; cheap enough for once a second."""
    with st.container(border=True, key="live-search"):
        _heading(view)
        if view.is_active:
            _progress(view)
            trial_table(view)
        else:
            _ending(view)
            if view.trials:
                with st.expander(_("What was tried"), icon=":material/table_rows:", key="search-tried"):
                    trial_table(view)
        _left_out(view)


def show_others(project: Project) -> None:
    """Say which other projects a search is at work for: it may be what a training waits for."""
    elsewhere = set(graft.current().searches.active_projects()) - {project.id}
    names = [one.name for one in graft.current().registry.projects() if one.id in elsewhere]
    if names:
        words = _("A search for the best network is at work in {project}. Trainings that wait go before its next step.")
        st.caption(words.format(project=", ".join(map(md_escape, names))))


def _heading(view: SearchView) -> None:
    words, icon, colour = _state_words(view.state)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Search for the best network"), anchor=False, width="content")
        st.badge(words, icon=icon, color=colour)
        st.space("stretch")
        aim = {"target_accuracy": view.plan.target_accuracy, "time_limit": view.plan.limit}
        aim = {option: value for option, value in aim.items() if value and view.is_active}
        owner = "" if view.plan.owner == "root" else md_escape(view.plan.owner)
        st.caption(" · ".join(filter(None, [stopping_goal.in_words(aim) if aim else "", owner])), width="content")


def _state_words(state: str) -> tuple[str, str, BadgeColour]:
    states: dict[str, tuple[str, str, BadgeColour]] = {
        "queued": (_("Waiting"), ":material/hourglass_empty:", "gray"),
        "running": (_("Searching"), ":material/travel_explore:", "blue"),
        "finished": (_("Finished"), ":material/check_circle:", "green"),
        "stopped": (_("Stopped"), ":material/stop_circle:", "orange"),
        "interrupted": (_("Interrupted"), ":material/power_off:", "orange"),
        "failed": (_("Failed"), ":material/error:", "red"),
    }
    return states[state]


def _progress(view: SearchView) -> None:
    seconds, limit = view.status.get("seconds", 0.0), view.plan.limit
    time = _("{time} of {limit}").format(time=duration(seconds), limit=duration(limit)) if limit else duration(seconds)
    st.progress(min(1.0, seconds / limit) if limit else 0.0, text=" · ".join(filter(None, [time, _best_words(view)])))
    stopping = (graft.current().workspace.searches / view.id / runs.STOP).exists()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_now_words(view), width="content")
        st.space("stretch")
        st.button(
            _("Stopping…") if stopping else _("Stop and keep the best"),
            key="stop-search",
            icon=":material/stop_circle:",
            disabled=stopping,
            on_click=graft.current().searches.stop,
            args=(view.id,),
        )


def _best_words(view: SearchView) -> str:
    best = view.best
    if best is None:
        return ""
    return _("best so far: {network}, {share} right").format(
        network=md_escape(network_title(best)), share=percent(best.accuracy)
    )


def _now_words(view: SearchView) -> str:
    if view.live or not graft.current().queue.waiting():
        return say(view.status["message"], view.status["values"])
    return _("It waits for a moment: trainings that people have started go first.")


def _ending(view: SearchView) -> None:
    status = view.status
    if view.state == "failed":
        st.error(say(status["message"], status["values"]), icon=":material/error:")
    elif view.state == "interrupted":
        words = _("The search was interrupted: its process is gone. What was measured is kept, and it can go on.")
        st.warning(words, icon=":material/power_off:")
    else:
        st.markdown(say(status["message"], status["values"]))
    if view.best is not None and view.winner:
        _found(view)
    with st.container(horizontal=True, vertical_alignment="center"):
        _see(view)
        _again(view)
        st.button(
            _("Remove from this page"),
            key="delete-search",
            icon=":material/close:",
            type="tertiary",
            help=_("What the best became stays."),
            on_click=graft.current().searches.delete,
            args=(view.id,),
        )


def _found(view: SearchView) -> None:
    if view.best is None or view.best.accuracy is None:
        return
    network, share = f"**{md_escape(network_title(view.best))}**", percent(view.best.accuracy)
    tried = sum(bool(trial.scores) for trial in view.trials)
    if tried == 1:
        alone = _(
            "One combination was tried, so there is nothing to compare it with: {network}, with {share} of the "
            "validation pictures right. It has become a training."
        )
        st.markdown(alone.format(network=network, share=share))
        return
    found = _("The best is {network} with {share} of the validation pictures right; it has become a training.")
    st.markdown(f"{_('{n} combinations were tried.').format(n=tried)} {found.format(network=network, share=share)}")


def _see(view: SearchView) -> None:
    """Offer to open what the best became, where something else is open."""
    run, opened = graft.current().registry.run(view.winner.get("run", "")), state.run()
    if run is None or (opened is not None and opened.id == run.id):
        return
    if st.button(_("See its training"), key="see-winner", icon=":material/arrow_forward:"):
        state.open_run(run.id)
        state.go("train")


def _again(view: SearchView) -> None:
    if view.status.get("reason") in ("tried", "perfect"):
        return
    words = _("Go on") if view.state == "interrupted" else _("Search on")
    help_ = _("It goes on where it was, for as long again.") if view.plan.time_limit else _("It goes on where it was.")
    if st.button(words, key="resume-search", icon=":material/restart_alt:", help=help_):
        with page.errors_in_words():
            graft.current().searches.resume(view.id)
            st.rerun()


def _left_out(view: SearchView) -> None:
    """Say which networks were not tried, those with one reason together."""
    reasons: dict[str, list[str]] = {}
    for entry in view.plan.left_out:
        title = graft.current().custom_backbones.title_of(entry["network"])
        reasons.setdefault(say(entry["template"], entry["values"]), []).append(md_escape(title))
    if not reasons:
        return
    count = plural("{n} network was left out", "{n} networks were left out", len(view.plan.left_out))
    with st.expander(count, icon=":material/cloud_off:", key="search-left-out"):
        for reason, titles in reasons.items():
            st.markdown(f"{', '.join(titles)}: {reason}")
