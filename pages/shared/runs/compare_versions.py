"""Versions of the dataset: what a training saw against another one, or against what is there now, with the pictures."""

from collections.abc import Sequence
from concurrent.futures import Future

import streamlit as st

from engine import graft
from engine.data import versions
from engine.data.versions import Difference, Picture
from engine.storage import runs
from engine.storage.registry import Project
from pages.components.gallery import gallery
from pages.session import state, worker_answers
from pages.session.i18n import _, plural
from pages.shared import page
from pages.shared.dataset.pictures import split_word
from pages.shared.runs.run_list import RunView, local_time, name_of, views

KEY = "versions"
NOW = "now"
PER_PAGE = 24


@st.fragment
def view(project: Project) -> None:
    """Let two versions be chosen and show what changed from one to the other."""
    entries = [entry for entry in views(project) if (entry.folder / runs.SNAPSHOT).exists()]
    if not entries:
        return
    with page.errors_in_words():
        page.section(_("Versions"), _("Each training keeps the exact list of pictures it saw. Compare two of them."))
        by_id = {entry.run.id: entry for entry in entries}
        names = {NOW: _("Now"), **{run_id: _title(entry) for run_id, entry in by_id.items()}}
        left, right = st.columns(2)
        asked = st.session_state.pop(f"{KEY}-asked", None)
        first = list(by_id).index(asked) if asked in by_id else 0
        with left:
            old = st.selectbox(_("From"), list(by_id), first, names.__getitem__, key=f"{KEY}-old-{asked or ''}")
        with right:
            new = st.selectbox(_("To"), list(names), 0, names.__getitem__, key=f"{KEY}-new")
        other = None if new == NOW else by_id[new]
        _same_test(by_id[old], other)
        found = difference(project.dataset_id, by_id[old], other)
        key = f"{KEY}-{old}-{new}"
        worker_answers.when_ready(
            found, lambda answer: _show(answer.result(), key=key), waiting=_waiting, key=f"{key}-part"
        )


def since(entry: RunView) -> None:
    """Say on the page of a run what has changed in the pictures since, and lead there; nothing when nothing has."""
    found = difference(entry.run.dataset_id, entry)
    worker_answers.when_ready(
        found, lambda answer: _since(entry, answer.result()), waiting=_waiting, key=f"{KEY}-since"
    )


def _since(entry: RunView, found: Difference) -> None:
    if not found:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-since-row"):
        st.caption(_("Since this training: {changes}.").format(changes=in_words(found)), width="content")
        if st.button(_("See them"), type="tertiary", icon=":material/arrow_forward:", key=f"{KEY}-see"):
            st.session_state[f"{KEY}-asked"] = entry.run.id
            state.go("data", section="history")


def _waiting() -> None:
    """Nothing is shown while the versions are compared, which takes a moment only for very many pictures."""


def difference(dataset_id: str, old: RunView, new: RunView | None = None) -> Future:
    """Return what changed between what two runs saw, or since then, to come; worked out once for each version."""
    here = graft.current()
    version = here.registry.version(dataset_id) if new is None else ""

    def compare() -> Difference:
        if not (old.folder / runs.SNAPSHOT).exists():
            return Difference()
        then = versions.of_run(new.folder) if new else versions.of_items(here.registry.items(dataset_id))
        return versions.compare(versions.of_run(old.folder), then)

    return worker_answers.ask((KEY, old.run.id, new and new.run.id, version), compare)


def in_words(found: Difference) -> str:
    """Return "12 relabelled · 40 added", or that nothing changed."""
    parts = [plural(*words, len(pictures)) for words, pictures in _kinds(found) if pictures]
    return " · ".join(parts) or _("The pictures are the same.")


def _kinds(found: Difference) -> list[tuple[tuple[str, str], Sequence]]:
    return [
        (("{n} picture added", "{n} pictures added"), found.added),
        (("{n} picture taken out", "{n} pictures taken out"), found.removed),
        (("{n} picture relabelled", "{n} pictures relabelled"), found.relabelled),
        (("{n} picture in another part", "{n} pictures in another part"), found.moved),
        (("{n} picture in another group", "{n} pictures in another group"), found.regrouped),
    ]


def _title(entry: RunView) -> str:
    words = f"{name_of(entry)} · {local_time(entry.run.created)}"
    if entry.evaluation is None:
        return words
    return f"{words} · {plural('{n} picture', '{n} pictures', sum(entry.facts['counts'].values()))}"


def _same_test(old: RunView, new: RunView | None) -> None:
    """Say whether the numbers of two trainings can be compared."""
    if new is None or new.run.id == old.run.id:
        return
    if versions.test_fingerprint(old.folder) == versions.test_fingerprint(new.folder):
        st.caption(f":material/balance: {_('Measured on the same test pictures: their numbers can be compared.')}")
    else:
        st.caption(f":material/warning: {_('Measured on different test pictures: their numbers cannot be compared.')}")


def _show(found: Difference, *, key: str) -> None:
    filled = [(words, pictures) for words, pictures in _kinds(found) if pictures]
    if not filled:
        st.caption(_("The pictures are the same."))
        return
    titles = [plural(*words, len(pictures)) for words, pictures in filled]
    chosen = st.segmented_control(
        _("What changed"),
        range(len(filled)),
        default=0,
        format_func=titles.__getitem__,
        required=True,
        label_visibility="collapsed",
        key=f"{key}-kind",
    )
    pictures = filled[chosen or 0][1]
    offset = gallery.page_of(len(pictures), key=f"{key}-page-{chosen}", per_page=PER_PAGE)
    gallery.gallery([_tile(one) for one in pictures[offset : offset + PER_PAGE]], key=f"{key}-pictures")


def _tile(one: Picture | tuple[Picture, Picture]) -> gallery.Tile:
    if isinstance(one, Picture):
        return gallery.Tile(one.item, gallery.thumbnail_url(one.sha256), one.label, split_word(one.split))
    old, new = one
    pairs = [
        (old.label, new.label),
        (split_word(old.split), split_word(new.split)),
        (old.group or "–", new.group or "–"),
    ]
    changed = [f"{before} → {after}" for before, after in pairs if before != after]
    return gallery.Tile(
        new.item, gallery.thumbnail_url(new.sha256), changed[0], " · ".join(changed[1:]) or split_word(new.split)
    )
