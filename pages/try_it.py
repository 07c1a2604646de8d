"""Try it: drop a picture, use the camera, or take a test picture, and see what the model says."""

import streamlit as st

from engine import graft
from engine.data.modalities import registry as modalities
from engine.evaluation import results
from pages.components.gallery.gallery import Tile, gallery, thumbnail_url
from pages.components.scroll_into_view import scroll_into_view
from pages.sections.evaluation.explain import explanation
from pages.sections.try_it import tried_pictures
from pages.sections.try_it.tried_pictures import Trial
from pages.session import modality, state
from pages.session.i18n import _, plural
from pages.shared import page
from pages.shared.runs import run_list
from pages.shared.runs.run_list import RunView

SAMPLES = 8
ASKED = "samples-asked"
RECORDED_AT = 16_000  # samples a second

project = state.project()
entries = [entry for entry in run_list.with_results(project) if entry.folder.exists()] if project else []
if not entries:
    page.nothing_yet(
        _("Try it"),
        ":material/photo_camera:",
        _("There is no model to try yet"),
        _("Train one first; then drop any picture here and see what it says."),
        button=_("Go to Train"),
        leads_to="train",
    )

page.title(_("Try it"))
about = st.container()
entry = run_list.picker(entries)
run_list.chosen_note(entry, entries)
with about:
    tried_pictures.about(entry)
tried_pictures.warm(entry)


def bring(entry: RunView) -> None:
    """Offer the ways to bring a picture; ask about what was brought."""
    if modality.current().plays:
        bring_sounds(entry, st.session_state.get(tried_pictures.GENERATION, 0))
        return
    generation = st.session_state.get(tried_pictures.GENERATION, 0)
    if modalities.may_hold_texts(entry.facts.get("modality", modalities.FIRST)):
        bring_text(entry, generation)
        choose_samples(entry)
        return
    own, camera = st.tabs((_("Pictures"), _("Camera")), key="ways", on_change="rerun")
    if own.open:
        with own:
            bring_files(entry, generation)
            choose_samples(entry)
    if camera.open:
        with camera:
            key = f"try-camera-{generation}"
            st.camera_input(
                _("Take a photo"),
                key=key,
                label_visibility="collapsed",
                on_change=answer,
                args=(entry, key, _("Photo")),
            )


def bring_text(entry: RunView, generation: int) -> None:
    """Take a text that is typed or pasted, or files of texts."""
    written = st.chat_input(_("Write or paste a text"), key=f"try-text-{generation}", max_chars=20_000)
    if written:
        tried_pictures.try_contents(entry, [(_("Your text"), written.encode())])
        st.rerun(scope="fragment")
    bring_files(entry, generation, _("Or drop text files (.txt) here"))


def bring_sounds(entry: RunView, generation: int) -> None:
    """Offer the ways to bring a sound: files, the microphone, test sounds."""
    own, recording = st.tabs((_("Sounds"), _("Microphone")), key="ways", on_change="rerun")
    if own.open:
        with own:
            bring_files(entry, generation, _("Drop your sounds here"))
            choose_samples(entry)
    if recording.open:
        with recording:
            key = f"try-microphone-{generation}"
            st.audio_input(
                _("Record a sound"),
                key=key,
                sample_rate=RECORDED_AT,
                on_change=answer,
                args=(entry, key, _("Recording")),
            )


def bring_files(entry: RunView, generation: int, words: str = "") -> None:
    """Take files by drop or choice; any kind of picture, decided by content and not by its name."""
    key = f"try-files-{generation}"
    st.file_uploader(
        words or _("Drop your pictures here"),
        accept_multiple_files=True,
        key=key,
        max_upload_size=50,
        on_change=answer,
        args=(entry, key),
    )


def answer(entry: RunView, key: str, name: str = "") -> None:
    """Ask about what a widget brought; before the page is drawn, so that it is drawn once, with the answer."""
    brought = st.session_state[key]
    if brought:
        taken = tried_pictures.take(brought if isinstance(brought, list) else [brought])
        tried_pictures.try_contents(entry, [(name or own_name, content) for own_name, content in taken])


def choose_samples(entry: RunView) -> None:
    """Show test pictures to click; none of them was used for learning. A picture is asked about when it is chosen."""
    rows = {row.item: row for row in results.samples(results.predictions(entry.folder), SAMPLES)}
    if not rows:
        return
    st.caption(
        plural(
            "Or click your test example. It was never used for learning:",
            "Or click one of your test examples. They were never used for learning:",
            len(rows),
        )
    )
    tiles = [Tile(id=item, src=thumbnail_url(row.sha256)) for item, row in rows.items()]
    cleared = st.session_state.get(tried_pictures.CLEARED, 0)
    chosen = gallery(tiles, key=f"try-samples-{entry.run.id}", selectable=True, size=72, clear=cleared)
    asked_before = st.session_state.get(ASKED, [])
    st.session_state[ASKED] = chosen
    workspace = graft.current().workspace
    new = [rows[item] for item in chosen if item not in asked_before]
    samples = [
        (Trial(row.name, thumbnail_url(row.sha256), row.label, item=row.item), str(workspace.blob_path(row.sha256)))
        for row in new
    ]
    tried_pictures.try_samples(entry, samples)


@st.fragment
def ask_and_answer() -> None:
    """What is brought stands beside what the model says; only this part is drawn again for an answer."""
    page.all_anew_if_gone(entry.folder)
    left, right = st.columns([1, 1.1], gap="large")
    with left:
        bring(entry)
    with right:
        show_answers(tried := tried_pictures.of_run(entry))
    scroll_into_view.follow(tried_pictures.NEWEST)
    tried_pictures.look_again(tried)


def show_answers(tried: list[Trial]) -> None:
    if not tried:
        with st.container(border=True, height=220, horizontal_alignment="center", vertical_alignment="center"):
            st.caption(_("The answer appears here."), width="content")
    for number, trial in enumerate(tried):
        with st.container(border=True, key=f"trial-{number}"):
            tried_pictures.show(trial, entry, f"trial-{number}")
    if tried:
        st.button(_("Clear"), key="clear-trials", icon=":material/delete_sweep:", on_click=tried_pictures.forget_all)


ask_and_answer()
explanation.show(entry)
