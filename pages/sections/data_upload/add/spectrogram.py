"""How clips become spectrograms: the parameters in words, one of the project's own clips as the network sees it."""

from concurrent.futures import Future

import streamlit as st

from engine import graft
from engine.data.modalities.sounds import mel
from engine.errors import UserError
from engine.storage.registry import Project
from pages.session import worker_answers
from pages.session.i18n import _, decimal, say_error
from pages.shared.dataset.dataset_facts import facts_of

OPTION = "pixel_scale"  # of the dataset; every run that learns from it keeps it
SIDE = 200


@st.fragment
def choice(project: Project) -> None:
    """Show how sounds of this project are drawn; opened, let each parameter be changed and show a clip."""
    registry = graft.current().registry
    now = registry.dataset_options(project.dataset_id).get(OPTION, "")
    how = mel.parsed(now)
    title = _("Spectrogram: {seconds} s, {bands} bands").format(
        seconds=decimal(how.seconds, "g"), bands=decimal(how.bands, "g")
    )
    menu = st.popover(
        title, type="tertiary", icon=":material/graphic_eq:", key=f"mel-menu-{project.dataset_id}", on_change="rerun"
    )
    if not menu.open:
        return
    with menu:
        st.markdown(_("A network sees a sound as a picture: time from left to right, low tones at the bottom."))
        example = st.container()
        typed = _fields(project, how)
        try:
            chosen = mel.parsed(",".join(f"{name}={value:g}" for name, value in typed.items()), how)
        except UserError as error:
            st.error(say_error(error), icon=":material/error:")
            return
        if chosen.text() != now:
            registry.set_dataset_options(project.dataset_id, **{OPTION: chosen.text(), f"{OPTION}_chosen": True})
            st.rerun(scope="fragment")
        with example:
            _preview(project, chosen)
        st.caption(_("Chosen from the lengths and rates of your clips. A change counts for the next trainings."))


def _fields(project: Project, how: mel.Mel) -> dict[str, float]:
    words = {
        "seconds": (_("Seconds"), _("Shorter clips are padded with silence; of longer ones the loudest part is seen.")),
        "bands": (_("Bands"), _("How finely low and high tones are told apart.")),
        "window": (_("Window (ms)"), _("Of one moment: a longer one hears pitch better, a shorter one hears knocks.")),
        "hop": (_("Step (ms)"), _("From one moment to the next.")),
        "low": (_("Lowest tone (Hz)"), ""),
        "high": (_("Highest tone (Hz)"), _("Half of the rate is the most that a recording holds.")),
        "range": (_("Range (dB)"), _("What is so much softer than the loudest place is black.")),
        "rate": (_("Rate (samples a second)"), _("All clips are brought to it.")),
    }
    found = {}
    with st.grid(columns=2, min_column_width=130, key=f"mel-fields-{project.dataset_id}"):
        for name, (title, help_text) in words.items():
            key = f"mel-{name}-{project.dataset_id}-{how.text()}"
            found[name] = st.number_input(
                title, value=float(getattr(how, name)), format="%g", key=key, help=help_text or None
            )
    return found


def _preview(project: Project, how: mel.Mel) -> None:
    hashes = facts_of(project).hashes
    if not hashes:
        return
    here, example = graft.current(), hashes[0]
    answer = worker_answers.ask(
        ("mel", project.dataset_id, example, how.text()),
        lambda: here.compute.ask("fit_preview", here.workspace, [example], example, how.text()),
    )
    worker_answers.when_ready(answer, _show, waiting=lambda: st.skeleton(SIDE), key="mel")


def _show(answer: Future) -> None:
    try:
        [picture] = answer.result()["pictures"].values()
    except UserError as error:
        st.caption(say_error(error))
        return
    st.image(picture, caption=_("One of your clips, as a network sees it"), width=SIDE)
