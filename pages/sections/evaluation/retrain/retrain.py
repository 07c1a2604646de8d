"""After pictures were put right: how many changed since a training, one button to train again, and its progress."""

import json
from collections.abc import Mapping
from concurrent.futures import Future, wait

import streamlit as st

from engine import graft
from engine.data.versions import Difference
from engine.storage import runs
from engine.training.recipe import Recipe
from pages.sections.evaluation.retrain import newer_runs
from pages.sections.evaluation.retrain.newer_runs import Changes
from pages.session import person, state
from pages.session.i18n import _, plural, say
from pages.shared import page
from pages.shared.dataset import test_lock
from pages.shared.runs import compare_versions, run_list
from pages.shared.runs.run_list import RunView, doing_words, duration

A_MOMENT = 0.1
OWN_KEYS = "retrain"  # how the keys of this bar begin
BEGUN = "retrain-begun"  # the run that was begun here, and what the page looked like then


def changes(entry: RunView) -> Future:
    """Return what changed in the pictures since the run, to come; mostly it is there after a moment."""
    found = newer_runs.since(entry)
    wait([found], A_MOMENT)
    return found


def look(entry: RunView) -> None:
    """Begin to find out what changed, while the page is drawn."""
    newer_runs.since(entry)


def is_due(entry: RunView) -> bool:
    """Say whether pictures are known to have changed that no run has learned, or the run is being repeated now."""
    found = changes(entry)
    return _under_way(entry) is not None or (found.done() and found.exception() is None and bool(found.result().left))


def bar(entry: RunView) -> None:
    """Show the way to the next training where pictures have changed, or to the one that has learned it already."""
    if (running := _under_way(entry)) is not None:
        _progress(running)
        return
    _go_on()
    found = changes(entry)
    if not found.done():
        _wait(entry)
    elif found.result().left:
        _offer(entry, found.result())
    else:
        newer_runs.note(entry, found.result())


def _wait(entry: RunView) -> None:
    """Look again until it is known what changed; drawing the page anew takes the timer away."""

    @st.fragment(run_every=0.5)
    def part() -> None:
        if changes(entry).done():
            st.rerun()

    part()


def _offer(entry: RunView, found: Changes) -> None:
    with st.container(border=True, key="retrain-bar"), page.errors_in_words():
        with st.container(horizontal=True, vertical_alignment="center", key="retrain-row"):
            st.markdown(f"**{_changed_words(found)}**", width="content")
            st.caption(compare_versions.in_words(found.left), width="content")
            st.space("stretch")
            _buttons(entry)
        if number := _test_changed(found.left):
            st.caption(
                f":material/lock: {test_lock.in_words(number)} {_('Only the pictures both share are compared.')}"
            )
        newer_runs.note(entry, found)


def _changed_words(found: Changes) -> str:
    number = len(_touched(found.left))
    if found.by is None:
        return plural(
            "You changed {n} picture since this training.", "You changed {n} pictures since this training.", number
        )
    return plural(
        "You changed {n} picture that no training has learned yet.",
        "You changed {n} pictures that no training has learned yet.",
        number,
    )


def _buttons(entry: RunView) -> None:
    """The run's own recipe again; where that takes long, the instant one beside it."""
    own = dict(entry.recipe)
    if Recipe.from_dict(own).fine_tunes and st.button(
        _("Instant only"), key="retrain-instant", type="tertiary", help=_("Takes seconds: only the last step learns.")
    ):
        _start(entry, {**own, "name": "instant"})
    spent = duration(max(1, entry.facts["seconds"]["total"]))
    if st.button(
        _("Retrain"),
        type="primary",
        key="retrain",
        icon=":material/replay:",
        help=_(
            "With the same settings. The training before took {time}; only new pictures are looked at again."
        ).format(time=spent),
    ):
        _start(entry, own)


def _start(entry: RunView, recipe: dict) -> None:
    run_id = graft.current().start_run(entry.run.project_id, recipe, owner=person.name(), after=entry.run.id)
    state.open_run(entry.run.id)  # else the newest is shown, as soon as it has results
    st.session_state[BEGUN] = (run_id, _in_use(but=OWN_KEYS))
    st.rerun()


def _go_on() -> None:
    """Open the results of the training that was begun here, unless somebody is at work: then a note leads there."""
    run_id, then = st.session_state.pop(BEGUN, (None, None))
    run = graft.current().registry.run(run_id) if run_id else None
    if run is not None and run_list.view(run).evaluation is not None and _in_use(but=OWN_KEYS) == then:
        newer_runs.open_changes(run_id)
        st.rerun()


def _under_way(entry: RunView) -> RunView | None:
    """Return the training that repeats this run and has not ended, whoever began it."""
    here = graft.current()
    for run in here.registry.runs(entry.run.project_id):
        if run.created < entry.run.created:
            return None
        if runs.earlier(here.workspace.run_dir(run.id)) == entry.run.id and (found := run_list.view(run)).is_active:
            return found
    return None


def _progress(running: RunView) -> None:
    """Follow the training; the page is drawn anew when it has ended."""

    @st.fragment(run_every=0.5)
    def part() -> None:
        now = run_list.view(running.run)
        if not now.is_active:
            _say_why_it_failed(now)
            st.rerun()
        share = min(1.0, max(0.0, now.status["progress"]))
        with st.container(border=True, key="retrain-bar"):
            st.progress(share, text=f"**{_('Training again')}** · {doing_words(now)} · {share:.0%}")

    part()


def _say_why_it_failed(ended: RunView) -> None:
    if ended.evaluation is None:
        error = ended.status.get("error") or ended.status
        template = error.get("template") or error.get("message") or ""
        st.toast(say(template, error.get("values")), icon=":material/error:")


def _touched(found: Difference) -> set[int]:
    pairs = [*found.relabelled, *found.moved, *found.regrouped]
    return {one.item for one in (*found.added, *found.removed)} | {new.item for _old, new in pairs}


def _test_changed(found: Difference) -> int:
    """Return how many trainings were measured on test pictures that changed."""
    pairs = [*found.relabelled, *found.moved]
    old = [*found.removed, *(before for before, _after in pairs)]
    project = state.project()
    if project is None or not old:
        return 0
    return test_lock.trainings_on(project, {one.item for one in old if one.split == "test"})


def _in_use(but: str) -> dict[str, str]:
    """Return what is opened, chosen and typed on the page now: whoever is at work is not taken elsewhere later.

    but: keys of widgets that begin so do not count, such as the button that was just pressed.
    """
    kept = {key: value for key, value in st.session_state.items() if not str(key).startswith(but)}
    return {str(key): text for key, value in kept.items() if not _unused(value) and (text := _plain(value))}


def _unused(value) -> bool:
    """Say whether this is a widget that nobody has used yet; those come and go with what is drawn."""
    return all(map(_unused, value.values())) if isinstance(value, Mapping) else not value


def _plain(value) -> str:
    """Return what a widget holds as text; "" for what pages keep for themselves, such as an answer to come."""
    try:
        return json.dumps(value, sort_keys=True)
    except TypeError:
        return ""
