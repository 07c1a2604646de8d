"""A box for each class: type its name, drop its pictures or take them with the webcam."""

import streamlit as st

from engine import graft
from engine.data.layout import clean_name
from engine.storage.registry import Project
from pages.components.dropzone.dropzone import dropzone
from pages.components.gallery import gallery
from pages.sections.data_upload.add import imports, text_box
from pages.session import modality
from pages.session.i18n import _, number, plural
from pages.session.safe_text import md_escape
from pages.shared.dataset import projects
from pages.shared.dataset.class_edits import rename_class

MOST = 24  # boxes on one page; a box is a component of its own in the browser
EMPTY_AT_FIRST = 2
PICTURES = 5
WANTED = "class-boxes-wanted"  # the class somebody came to add pictures to
RECORDED_AT = 16_000  # samples a second: all of speech, and most of what happens in a room
STRIP = 44  # pixels; the room is kept free while there is no picture yet


def boxes(project: Project | None, counts: dict[str, int]) -> None:
    """Show the boxes of all classes in the order they were begun, empty ones for new classes, and a button for more."""
    wanted = st.session_state.get(WANTED)
    shown = _boxes(project, sorted(counts, key=lambda label: label != wanted))
    if wanted in counts:
        shown.sort(key=lambda box: box["label"] != wanted)
        st.markdown(_("More pictures of {label} go into the first box.").format(label=f"**{md_escape(wanted)}**"))
    st.caption(_("At least two classes; about 20 pictures of each give a first idea. They need not be sorted or cut."))
    if len(counts) > MOST:
        st.caption(_("The first {n} classes are shown. Drop a folder to fill many at once.").format(n=number(MOST)))
    pictures = projects.first_pictures(project.dataset_id, tuple(counts)[:MOST], PICTURES) if project else {}
    with st.grid(columns="auto", min_column_width=290, key="class-boxes"):
        for box in shown:
            label = box["label"]
            with st.container(border=True, key=f"card-box-{box['id']}"):
                _box(project, box, counts.get(label, 0) if label else 0, pictures.get(label, []))
    with st.container(horizontal=True, key="add-classes"):
        if st.button(_("Add a class"), icon=":material/add:", key="add-class"):
            _new_box(_state(project), imports.place(project))
            st.rerun()
        noise = _("Background noise")
        if modality.of_project(project).plays and noise not in counts and st.button(noise, icon=":material/mic_none:"):
            _new_box(_state(project), imports.place(project))["name"] = noise
            st.rerun()


def _box(project: Project | None, box: dict, count: int, pictures: list[str]) -> None:
    name = st.text_input(
        _("Class"), value=box["name"], key=f"name-{box['id']}", max_chars=80, label_visibility="collapsed"
    ).strip()
    if project and box["label"] and count and name and clean_name(name) != box["label"]:
        _rename(project, box, clean_name(name))
    # Always there, so that the drop zone below keeps its place, and the camera stays open, when pictures arrive.
    with st.container():
        sources = [gallery.thumbnail_url(sha256) for sha256 in pictures]
        gallery.strip(sources, height=STRIP, alt=name) if sources else st.space(STRIP)
    kind = modality.of_project(project)
    st.caption(plural(*kind.words.count, count) if count else _(kind.words.none))
    plays = kind.plays
    if plays or not project or not graft.current().registry.imports(project.dataset_id):
        _microphone(box, name)
    upload = dropzone(key=f"zone-{box['id']}", compact=True, webcam=not plays)
    written = text_box.write(box["id"]) if text_box.is_offered(project) else None
    if upload is not None or written is not None:
        box.update(label=clean_name(name or box["name"]), name=name or box["name"], waiting=True)
    if upload is not None:
        imports.begin_upload(upload, label=box["label"])
    if written is not None:
        imports.begin(written, label=box["label"], title=box["label"])
        st.rerun()


def _microphone(box: dict, name: str) -> None:
    """Record sounds of this class, one after the other."""
    taken = box.get("recorded", 0)
    with st.popover(_("Record sounds"), icon=":material/mic:", type="tertiary", key=f"mic-{box['id']}"):
        st.caption(_("Say or play it, stop, and it is added. Some of every class, and some of only the room."))
        key = f"record-{box['id']}-{taken}"
        recorded = st.audio_input(_("Record a sound"), sample_rate=RECORDED_AT, key=key, label_visibility="collapsed")
    if recorded is not None:
        box.update(label=clean_name(name or box["name"]), name=name or box["name"], waiting=True, recorded=taken + 1)
        imports.begin_recording(recorded.getvalue(), box["label"])


def _rename(project: Project, box: dict, name: str) -> None:
    if name in graft.current().registry.counts(project.dataset_id):
        st.warning(_("There is a class of this name. To merge the two, use 'Edit class' beside its pictures."))
        return
    rename_class(project, box["label"], name)
    box.update(label=name, name=name)
    st.rerun()


def _boxes(project: Project | None, labels: list[str]) -> list[dict]:
    """Return the boxes of this session: a class keeps its box, and so its open camera, when it gets pictures."""
    boxes = _state(project)
    importing = bool(project and graft.current().imports.running(project.dataset_id))
    for box in boxes:
        if box["waiting"] and not importing:
            # Nothing came of it: an empty box again, with the name that was typed.
            box.update(waiting=False, label=box["label"] if box["label"] in labels else None)
    known = {box["label"] for box in boxes}
    for label in labels[:MOST]:
        if label not in known:
            _new_box(boxes, imports.place(project), label)
    shown = {box["label"] or box["id"]: box for box in reversed(boxes) if box["label"] in (None, *labels) or importing}
    while len(shown) < EMPTY_AT_FIRST:
        new = _new_box(boxes, imports.place(project))
        shown = {new["id"]: new, **shown}
    return list(reversed(shown.values()))


def _new_box(boxes: list[dict], place: str, label: str | None = None) -> dict:
    name = label or _("Class {n}").format(n=len(boxes) + 1)
    boxes.append({"id": f"{place}-{len(boxes)}", "label": label, "name": name, "waiting": False})
    return boxes[-1]


def _state(project: Project | None) -> list[dict]:
    return st.session_state.setdefault(f"class-boxes-{imports.place(project)}", [])
