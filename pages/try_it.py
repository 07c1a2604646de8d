"""Try it: drop a picture, use the camera, or take a test picture, and see what the model says."""

import streamlit as st

from engine import graft
from engine.evaluation import results
from pages.elements import page, run_list, state, trials
from pages.elements.gallery import Tile, gallery, thumbnail_url
from pages.elements.i18n import _
from pages.elements.run_list import RunView
from pages.elements.trials import Trial

SAMPLES = 12

project = state.project()
entries = [entry for entry in run_list.with_results(project) if entry.folder.exists()] if project else []
if not entries:
    page.title(_("Try it"))
    page.empty(
        ":material/photo_camera:",
        _("There is no model to try yet"),
        _("Train one first; then drop any picture here and see what it says."),
        button=_("Go to Train"),
        page="train",
    )
    st.stop()

page.title(_("Try it"), _("Pictures you try are answered and forgotten; they are not added to your data."))
entry = run_list.picker(entries)
trials.warm(entry)


def bring(entry: RunView) -> None:
    """Offer the three ways to bring a picture; ask about what was brought."""
    names = (_("Drop pictures"), _("Camera"), _("Test pictures"))
    drop, camera, samples = st.tabs(names, key="ways", on_change="rerun")
    generation = st.session_state.get(trials.GENERATION, 0)
    with drop:
        files = st.file_uploader(
            _("Pictures"), accept_multiple_files=True, key=f"try-files-{generation}", label_visibility="collapsed"
        )
    if files:
        trials.try_contents(entry, trials.take(files))
        st.rerun()
    if camera.open:
        with camera:
            photo = st.camera_input(_("Take a photo"), key=f"try-camera-{generation}", label_visibility="collapsed")
        if photo:
            trials.try_contents(entry, [(_("Photo"), content) for _name, content in trials.take([photo])])
            st.rerun()
    if samples.open:
        with samples:
            choose_samples(entry)


def choose_samples(entry: RunView) -> None:
    """Show test pictures to click; none of them was used for learning."""
    rows = {row.item: row for row in results.samples(results.predictions(entry.folder), SAMPLES)}
    generation = st.session_state.get(trials.GENERATION, 0)
    tiles = [Tile(id=item, src=thumbnail_url(row.sha256)) for item, row in rows.items()]
    chosen = gallery(tiles, key="try-samples", selectable=True, size=84, clear=generation)
    if not chosen:
        return
    workspace = graft.current().workspace
    trials.try_samples(
        entry,
        [
            (Trial(row.name, thumbnail_url(row.sha256), row.label), str(workspace.blob_path(row.sha256)))
            for row in (rows[item] for item in chosen)
        ],
    )
    st.session_state[trials.GENERATION] = generation + 1
    st.rerun()


left, right = st.columns([1, 1.1], gap="large")
with left:
    bring(entry)
with right:
    tried = trials.of_run(entry)
    if not tried:
        st.caption(_("The answer appears here."))
    for number, trial in enumerate(tried):
        with st.container(border=True, key=f"trial-{number}"):
            trials.show(trial)
    if tried:
        st.button(_("Clear"), key="clear-trials", icon=":material/delete_sweep:", on_click=trials.forget_all)
