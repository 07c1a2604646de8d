"""History: who changed what and when, each undone or done again by itself; versions, export, and what came in."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from engine import graft
from engine.errors import UserError
from engine.storage.history import Change
from engine.storage.registry import Project
from pages.components.class_list.class_list import open_class
from pages.components.gallery import gallery
from pages.sections.data_upload import tabs
from pages.sections.data_upload.add import imports
from pages.sections.data_upload.history import export_data
from pages.sections.data_upload.pictures.pictures_by_class import EXCLUDED
from pages.session.i18n import _, number, plural, say
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.dataset import class_edits
from pages.shared.runs import compare_versions
from pages.shared.runs.run_list import local_time

KEY = "history"
PER_PAGE = 12
READ = 200  # entries of the registry at a time
SITTING = timedelta(minutes=5)  # between two answers that belong together
SHOWN = 5  # pictures beside an entry


def view(project: Project) -> None:
    """Show what was done, newest first, and below it what follows from that."""
    with page.errors_in_words():
        _changes(project)
        _excluded(project)
        compare_versions.view(project)
        export_data.view(project)
        imports.accounts(project.dataset_id)


def _changes(project: Project) -> None:
    page.section(_("What was done"), _("Every change can be taken back, and done again."))
    shown = st.session_state.get(f"{KEY}-shown", PER_PAGE)
    entries = _entries(project, shown + 1)
    if not entries:
        st.caption(_("Nothing has been changed yet."))
    pictures = _pictures([change for entry in entries[:shown] for change in entry])
    for entry in entries[:shown]:
        if len(entry) > 1:
            _folded(entry, pictures)
        else:
            _entry(entry[0], _of(entry, pictures))
    if len(entries) > shown and st.button(_("Show more"), icon=":material/expand_more:", key=f"{KEY}-more"):
        st.session_state[f"{KEY}-shown"] = shown + 4 * PER_PAGE
        st.rerun()


def _entries(project: Project, wanted: int) -> list[list[Change]]:
    """Return what was done, newest first; answers given one by one while labelling are one entry together."""
    entries: list[list[Change]] = []
    offset = 0
    while len(entries) < wanted:
        changes = graft.current().registry.changes(project.dataset_id, limit=READ, offset=offset)
        offset += len(changes)
        for change in changes:
            if entries and _continues(entries[-1][-1], change):
                entries[-1].append(change)
            else:
                entries.append([change])
        if len(changes) < READ:
            break
    return entries


def _continues(later: Change, earlier: Change) -> bool:
    """Tell whether both are answers of the same sitting."""
    if any(change.summary["template"] != class_edits.LABELLED or change.undone for change in (later, earlier)):
        return False
    apart = datetime.fromisoformat(later.created) - datetime.fromisoformat(earlier.created)
    return later.who == earlier.who and apart < SITTING


def _folded(entry: list[Change], pictures: dict[int, str]) -> None:
    """Show the answers of a sitting as one line, and each of them when asked."""
    key = f"{KEY}-sitting-{entry[-1].id}"
    is_open = st.session_state.get(key, False)
    with st.container(border=True, key=f"{key}-row"), st.container(horizontal=True, vertical_alignment="center"):
        what = plural("labelled {n} picture one by one", "labelled {n} pictures one by one", len(entry))
        st.markdown(_said(entry[0], what), width="content")
        st.space("stretch")
        gallery.strip([gallery.thumbnail_url(sha256) for sha256 in _of(entry, pictures)], height=40, width="content")
        words, icon = (_("Fold"), "expand_less") if is_open else (_("Show each"), "expand_more")
        st.button(words, icon=f":material/{icon}:", type="tertiary", key=f"{key}-do", on_click=_turn, args=(key,))
    for change in entry if is_open else ():
        _entry(change, _of([change], pictures))


def _turn(key: str) -> None:
    st.session_state[key] = not st.session_state.get(key, False)


def _of(entry: list[Change], pictures: dict[int, str]) -> list[str]:
    """Return the content hashes of the first pictures of an entry."""
    return [pictures[item] for change in entry for item in change.sample if item in pictures][:SHOWN]


def _pictures(changes: list[Change]) -> dict[int, str]:
    """Return the content hashes of the pictures that these entries show."""
    wanted = {item for change in changes for item in change.sample[:SHOWN]}
    return {item.id: item.sha256 for item in graft.current().registry.items_by_id(sorted(wanted)).values()}


def _entry(change: Change, pictures: list[str]) -> None:
    with st.container(border=True, key=f"{KEY}-{change.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_sentence(change), width="content")
            st.space("stretch")
            if pictures and not change.undone:
                gallery.strip([gallery.thumbnail_url(sha256) for sha256 in pictures], height=40, width="content")
            if change.undone:
                st.badge(_("undone"), color="gray")
            _button(change)
        if st.session_state.get(f"{KEY}-asked") == change.id:
            _ask(change)


def _sentence(change: Change) -> str:
    return _said(change, class_edits.in_words(change.summary))


def _said(change: Change, what: str) -> str:
    if change.who:
        words = _("{who} {what}").format(who=f"**{md_escape(change.who)}**", what=what)
    else:
        words = what[:1].upper() + what[1:]
    return f"{words}  \n:gray[:small[{ago(change.created)}]]"


def _button(change: Change) -> None:
    if change.undone:
        words, icon, act = _("Redo"), ":material/redo:", redo
    else:
        words, icon, act = _("Undo"), ":material/undo:", undo
    st.button(words, icon=icon, type="tertiary", key=f"{KEY}-do-{change.id}", on_click=act, args=(change.id,))
    if (problem := st.session_state.get(f"{KEY}-problem")) and problem[0] == change.id:
        st.session_state.pop(f"{KEY}-problem")
        st.toast(say(problem[1].template, problem[1].values), icon=":material/error:", duration="long")


def undo(change_id: int) -> None:
    """Undo a change; where later ones stand on it, ask first."""
    registry = graft.current().registry
    if registry.blockers(change_id):
        st.session_state[f"{KEY}-asked"] = change_id
        return
    _try(change_id, registry.undo)


def undo_with_later(change_id: int) -> None:
    """Undo a change and those that stand on it."""
    st.session_state.pop(f"{KEY}-asked", None)
    _try(change_id, lambda change: graft.current().registry.undo(change, with_later=True))


def redo(change_id: int) -> None:
    """Do an undone change again."""
    _try(change_id, graft.current().registry.redo)


def _try(change_id: int, act) -> None:
    try:
        act(change_id)
    except UserError as error:
        st.session_state[f"{KEY}-problem"] = (change_id, error)


def _ask(change: Change) -> None:
    """Say which later changes stand on this one, and offer to undo them with it."""
    blocking = graft.current().registry.blockers(change.id)
    if not blocking:
        st.session_state.pop(f"{KEY}-asked", None)
        return
    lines = "\n".join(f"- {class_edits.in_words(summary)}" for summary in blocking[:5])
    more = "\n- " + _("… and {n} more").format(n=number(len(blocking) - 5)) if len(blocking) > 5 else ""
    st.markdown(_("Later changes concern the same pictures and would be undone too:") + f"\n\n{lines}{more}")
    with st.container(horizontal=True):
        words = _("Undo them all")
        st.button(words, type="primary", key=f"{KEY}-all", on_click=undo_with_later, args=(change.id,))
        st.button(_("Leave it as it is"), type="tertiary", key=f"{KEY}-leave", on_click=_leave)


def _leave() -> None:
    st.session_state.pop(f"{KEY}-asked", None)


def _excluded(project: Project) -> None:
    """Show some of what was taken out; all of it can be looked through, and comes back with one click."""
    registry = graft.current().registry
    count = registry.removed(project.dataset_id)
    if not count:
        return
    page.section(_("Excluded pictures"), plural("{n} picture is kept aside.", "{n} pictures are kept aside.", count))
    some = registry.items(project.dataset_id, removed=True, limit=16)
    gallery.strip([gallery.thumbnail_url(item.sha256) for item in some], height=56)
    with st.container(horizontal=True):
        if st.button(_("Look through them"), icon=":material/photo_library:", key=f"{KEY}-look"):
            open_class(EXCLUDED, key=f"classes-{project.dataset_id}")
            tabs.open_section("pictures")
        if st.button(_("Restore all"), icon=":material/restore:", type="tertiary", key=f"{KEY}-restore"):
            class_edits.restore(project, [item.id for item in registry.items(project.dataset_id, removed=True)])
            st.rerun()


def ago(iso: str) -> str:
    """Return how long ago something was: "just now", "5 minutes ago", "yesterday", or the date."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(iso)).total_seconds()
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return plural("{n} minute ago", "{n} minutes ago", int(seconds // 60))
    if seconds < 24 * 3600:
        return plural("{n} hour ago", "{n} hours ago", int(seconds // 3600))
    if seconds < 7 * 24 * 3600:
        return plural("{n} day ago", "{n} days ago", int(seconds // (24 * 3600)))
    return local_time(iso)
