"""The pictures of a project in which a picture may show several classes: look through them, say what they show."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine import graft
from engine.data import multi_label, split
from engine.storage.registry import Item, Project
from pages.components.class_list.class_list import class_list
from pages.components.gallery import gallery
from pages.session import person
from pages.session.i18n import _, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared import page
from pages.shared.dataset import class_edits, classes, picture_actions, test_lock
from pages.shared.dataset.pictures import part_word, short_name

PER_PAGE = 48
# These stand for pictures beside the classes; no class can be called so.
NOTHING, NOT_YET, EXCLUDED = "\x00nothing", "\x00not-yet", "\x00excluded"


@st.fragment
def view(project: Project) -> None:
    """Show the classes beside the gallery of the one that is open; a picture lies in each of its classes."""
    with page.errors_in_words():
        by_class = _by_class(project)
        left, right = st.columns([1, 3], gap="medium")
        with left:
            names = {NOTHING: _("None of the classes"), NOT_YET: _("No class yet"), EXCLUDED: _("Excluded")}
            numbers = {name: len(items) for name, items in by_class.items()}
            opened = class_list(numbers, key=f"classes-{project.dataset_id}", names=names)
        if opened is not None:
            with right:
                _class(project, names.get(opened, opened), opened, by_class)


def _by_class(project: Project) -> dict[str, list[Item]]:
    registry = graft.current().registry
    items = registry.items(project.dataset_id)
    found: dict[str, list[Item]] = {name: [] for name in classes.counts(project)}
    beside: dict[str, list[Item]] = {
        NOTHING: [],
        NOT_YET: [],
        EXCLUDED: registry.items(project.dataset_id, removed=True),
    }
    for item in items:
        for name in multi_label.names_of(item.label):
            found[name].append(item)
        if item.label is None:
            beside[NOT_YET].append(item)
        elif item.label == multi_label.NOTHING:
            beside[NOTHING].append(item)
    return found | {name: own for name, own in beside.items() if own}


def _class(project: Project, title: str, opened: str, by_class: dict[str, list[Item]]) -> None:
    items = by_class[opened]
    with st.container(horizontal=True, vertical_alignment="center", key="class-row"):
        st.markdown(f"#### {md_escape(shortened(title, 40))}", width="content")
        st.caption(plural("{n} picture", "{n} pictures", len(items)), width="content")
    bar = st.container(key="selection-bar")
    place = st.container()
    offset = gallery.page_of(len(items), key=f"page-{project.dataset_id}-{opened}", per_page=PER_PAGE)
    with place:
        chosen = gallery.gallery(
            [tile(item) for item in items[offset : offset + PER_PAGE]],
            key=f"gallery-{project.dataset_id}",
            selectable=True,
            clear=picture_actions.cleared(),
        )
    with bar, st.container(horizontal=True, vertical_alignment="center", key="selection-row"):
        if not chosen:
            st.caption(_("Click pictures to select them, Shift+click for a range: then say what they show."))
        elif opened == EXCLUDED:
            picture_actions.restore_buttons(project, chosen, key="selection")
        else:
            st.markdown(f"**{plural('{n} selected', '{n} selected', len(chosen))}**", width="content")
            edit(project, [item for item in items if item.id in chosen], key="selection")


def tile(item: Item) -> gallery.Tile:
    """Return a picture with what it shows, then its part and group."""
    note = " · ".join(part for part in (part_word(item.split), item.group) if part)
    words = classes.in_words(item.label)
    if item.ambiguous:
        words = _("ambiguous: {label}").format(label=words)
    return gallery.Tile(item.id, gallery.thumbnail_url(item.sha256), words, note or short_name(item))


def edit(project: Project, chosen: Sequence[Item], *, key: str) -> None:
    """Offer to say which classes the chosen pictures show, all of them alike, and to exclude them."""
    ids = [item.id for item in chosen]
    own = {multi_label.names_of(item.label) for item in chosen}
    before = list(next(iter(own))) if len(own) == 1 else []
    # Another choice of pictures is another control, which begins with what they show.
    names = st.multiselect(
        _("They show"),
        sorted({*classes.counts(project), *before}),
        default=before,
        accept_new_options=True,
        placeholder=_("None of the classes"),
        label_visibility="collapsed",
        width=380,
        key=f"{key}-show-{picture_actions.cleared()}-{hash(tuple(ids))}",
    )
    label = multi_label.joined(multi_label.clean(name) for name in names)
    same = all(item.label == label for item in chosen)
    if st.button(_("They show this"), type="primary", disabled=same, key=f"{key}-apply"):
        picture_actions.done(show, project, chosen, label)
    if st.button(_("Exclude"), icon=":material/hide_image:", key=f"{key}-exclude"):
        picture_actions.done(class_edits.exclude, project, ids)
    test_lock.note(project, ids)


def show(project: Project, chosen: Sequence[Item], label: str) -> int:
    """Store what pictures show, as one change that can be undone; return its id. Those without a part get one."""
    registry = graft.current().registry
    changes = {item.id: {"label": label} for item in chosen}
    new = [replace(item, label=label) for item in chosen if item.split is None]
    if new:
        rest = [
            item for item in registry.items(project.dataset_id) if item.label is not None and item.split is not None
        ]
        options = split.options_of(registry.dataset_options(project.dataset_id))
        for item, part in zip(new, split.assign(new, existing=rest, **options), strict=True):
            changes[item.id]["split"] = part
    one = len(chosen) == 1
    words = " + ".join(multi_label.names_of(label)) or "–"
    summary = _summary(
        "said that {n} picture shows: {label}" if one else "said that {n} pictures show: {label}",
        n=len(chosen),
        label=words,
    )
    return registry.change_each(project.dataset_id, changes, summary, who=person.name())


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}
