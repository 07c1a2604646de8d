"""Put right what a picture of the results gives away: another class, out, really ambiguous, more like it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine import graft
from engine.storage.registry import Item, Project
from pages.components.gallery.gallery import Tile, gallery
from pages.sections.data_upload.add import class_boxes
from pages.sections.data_upload.check import label_questions
from pages.sections.evaluation import tabs
from pages.sections.evaluation.explain import explanation
from pages.sections.evaluation.retrain import retrain
from pages.session import state
from pages.session.i18n import _, plural
from pages.shared.dataset import concurrent_edits, label_kinds, picture_actions, relabel_note
from pages.shared.runs import run_list


def gallery_to_fix(rows: Sequence, tiles: Sequence[Tile], *, key: str, size: int) -> None:
    """Show the tiles with what can be done about them. rows: what has `item` and `label`, one for each tile.

    Every change is stored at once, and each tile says what has become of its picture since.
    """
    if (project := state.project()) is None:
        return
    registry = graft.current().registry
    items = registry.items_by_id([row.item for row in rows])
    label_kind = label_kinds.of(project)
    bar = st.container(horizontal=True, vertical_alignment="center", key=f"{key}-bar")
    selected = gallery(
        [_with_news(tile, items.get(row.item), row.label) for tile, row in zip(tiles, rows, strict=True)],
        key=key,
        selectable=True,
        size=size,
        clear=picture_actions.cleared(),
        classes=label_kind.names_for_keys(project),
        on_keys=label_kind.on_keys(project),
        on_why=explanation.open_from_gallery,
    )
    with bar:
        changed = any(relabel_note.news(items.get(row.item), row.label) for row in rows)
        chosen = [items[item] for item in selected if item in items]
        _actions(project, chosen, key=key, changed=changed)
    if chosen:
        _what_it_changes(project, rows, chosen, key=key)
    concurrent_edits.note(items.values())


def _with_news(tile: Tile, item: Item | None, label: str) -> Tile:
    words = relabel_note.news(item, label)
    return replace(tile, note=f"→ {words}", tone="") if words else tile


def _what_it_changes(project: Project, rows: Sequence, chosen: list[Item], *, key: str) -> None:
    """Say before test pictures are put right what that does and what it does not; lead to where it would help."""
    chosen_rows = [row for row in rows if row.item in {item.id for item in chosen if item.split == "test"}]
    if not chosen_rows:
        return
    words = _(
        "These are test pictures. Putting their labels right corrects the measurement, not the model: look for the "
        "same mistake among the pictures for learning."
    )
    wrong = [row for row in chosen_rows if getattr(row, "predicted", row.label) != row.label]
    if wrong:
        words += " " + _(
            "And whoever looks only at what it got wrong makes the next number too good: look at as many that it got "
            "right."
        )
    st.caption(f":material/science: {words}")
    if not wrong or "classes" not in label_kinds.of(project).WAYS:
        return
    pair = Counter((row.label, row.predicted) for row in wrong).most_common(1)[0][0]
    with st.container(horizontal=True, key=f"{key}-where"):
        label = _("The same mistake among the pictures for learning")
        if st.button(label, key=f"{key}-training", icon=":material/search:"):
            st.session_state[label_questions.PAIR] = {"dataset": project.dataset_id, "classes": list(pair)}
            state.go("data", section="check")
        if st.button(_("Pictures it got right"), key=f"{key}-right", icon=":material/check:"):
            st.session_state["results-gallery"] = "right"
            tabs.open_now("pictures", run_list.shown().run.id)


def _actions(project: Project, chosen: list[Item], *, key: str, changed: bool) -> None:
    if not chosen and changed and retrain.is_due(run_list.shown()):
        st.caption(_("Kept. When all is put right, press *Retrain* at the top of this page."))
        return
    if not chosen:
        st.caption(_("Is a label wrong? Click its picture and put it right; then train again."))
        return
    st.markdown(f"**{plural('{n} selected', '{n} selected', len(chosen))}**", width="content")
    ids = [item.id for item in chosen]
    if all(item.removed for item in chosen):
        picture_actions.restore_buttons(project, ids, key=key)
        return
    label_kind = label_kinds.of(project)
    if "classes" in label_kind.WAYS:
        _more_like_these(chosen, key=key)
    label_kind.edit(project, chosen, key=key)


def _more_like_these(chosen: list[Item], *, key: str) -> None:
    """Lead to the box of the class on the Data page."""
    label = Counter(item.label for item in chosen).most_common(1)[0][0]
    if label is None:
        return
    if st.button(_("Add more like this"), icon=":material/add_photo_alternate:", key=f"{key}-more"):
        st.session_state["way"] = "classes"
        st.session_state[class_boxes.WANTED] = label
        state.go("data")
