"""Data: bring pictures in, see what came of them, and put them in order."""

import streamlit as st

from engine import graft
from pages.components.dropzone.dropzone import dropzone
from pages.sections.data_upload import tabs, train_now
from pages.sections.data_upload.add import class_boxes, examples, folder_layout, import_preview, imports, server_folder
from pages.sections.data_upload.check import check_report, dataset_summary
from pages.sections.data_upload.history import history
from pages.sections.data_upload.pictures import (
    box_pictures,
    embedding_map,
    labelling,
    multi_label_pictures,
    pictures_by_class,
)
from pages.sections.data_upload.splits import split_editor
from pages.session import modality, state
from pages.session.i18n import _, plural
from pages.shared import page
from pages.shared.dataset import class_edits, classes, label_kinds

project = state.project()
registry = graft.current().registry
by_label = registry.counts(project.dataset_id) if project else {}
counts = classes.counts(project) if project else {}
bare = registry.unlabelled(project.dataset_id) if project else 0
numbers = {label: sum(splits.values()) for label, splits in counts.items()}
pictures = dataset_summary.size(by_label) + bare

# The order of these parts never changes: a drop zone that moved would lose its open camera.
words = modality.of_project(project).words
actions = page.title(_("Data"))
numbers_row = st.container(key="numbers")
with st.container(key="imports"):
    importing = imports.watch(project) if project else False
    asking = import_preview.cards(project) if project else False
if project and importing and not pictures:
    numbers_row.markdown(f":material/hourglass_top: **{imports.on_their_way(project)}**")
elif not pictures:
    numbers_row.caption(_(words.none))
if project and pictures:
    facts = [plural(*words.count, pictures), plural("{n} class", "{n} classes", len(counts))]
    if by_label:
        used = registry.counts(project.dataset_id, used=True)
        facts.append(dataset_summary.division_in_words(used))
        if left_out := dataset_summary.size(by_label) - dataset_summary.size(used):
            facts.append(plural("{n} ambiguous, left out", "{n} ambiguous, left out", left_out))
    numbers_row.caption(" · ".join(facts))
    with actions:
        class_edits.undo_button(project)
        ready = not importing and train_now.button(project)
        kind = "secondary" if ready else "primary"
        if st.button(_("Choose a network"), type=kind, icon=":material/arrow_forward:", key="next"):
            state.go("model")


def bring_in() -> None:
    """Offer the ways in: all at once, class by class, an example."""
    ways = {"all": _("All at once"), "classes": _("Class by class"), "example": _("Example")}
    ways = {way: ways[way] for way in label_kinds.of(project).WAYS} if project else ways
    if st.session_state.get("way") not in (None, *ways):
        st.session_state["way"] = "all"
    way = st.segmented_control(
        _("How do you want to add pictures?"),
        list(ways),
        default="all",
        format_func=ways.__getitem__,
        required=True,
        label_visibility="collapsed",
        key="way",
        persist_state="session",
    )
    if way == "example":
        examples.cards(key="data")
    elif way == "classes":
        class_boxes.boxes(project, numbers)
    else:
        upload = dropzone(key="drop-everything", busy=importing, quiet=bool(pictures) or asking or importing)
        server_folder.field()
        if upload is not None:
            imports.begin_upload(upload)


adding = not pictures or st.session_state.get("way") == "classes"
# Another key is another expander: it closes by itself when the first pictures have come in.
key = f"add-pictures-{imports.place(project)}-{'open' if adding else 'more'}"
with st.expander(_(words.add), icon=":material/add_photo_alternate:", expanded=adding, key=key):
    bring_in()
if project and pictures:
    views = {
        "pictures_by_class": pictures_by_class.view,
        "box_pictures": box_pictures.view,
        "multi_label_pictures": multi_label_pictures.view,
        "check_report": check_report.view,
        "embedding_map": embedding_map.view,
        "labelling": labelling.view,
        "split_editor": split_editor.view,
        "history": history.view,
    }
    section = tabs.choice(project)
    with st.container(key=f"section-{section}"):
        if section == "pictures":
            folder_layout.latest(project)
            dataset_summary.findings(project)
        views[label_kinds.of(project).SECTIONS[section]](project)
elif project:
    imports.accounts(project.dataset_id)
