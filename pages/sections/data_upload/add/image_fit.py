"""How pictures that are not square are fitted: everything kept, or the middle cut out; seen on one of their own."""

from concurrent.futures import Future

import streamlit as st

from engine import graft
from engine.data.modalities import bit_depth
from engine.data.modalities.image_facts import image_facts
from engine.errors import UserError
from engine.storage.registry import Project
from engine.training.recipe import FITS
from pages.session import worker_answers
from pages.session.i18n import _, say_error
from pages.shared.dataset.dataset_facts import facts_of

OPTION = "fit"  # of the dataset; recipes whose own fit is "auto" follow it
OFFERED = ("auto", "letterbox", "crop")
LOOKED_AT = 400  # pictures among which the longest is looked for
SIDE = 150


@st.fragment
def choice(project: Project) -> None:
    """Show what is done with pictures that are not square; opened, let it be chosen and show both ways."""
    registry = graft.current().registry
    now = registry.dataset_options(project.dataset_id).get(OPTION, "auto")
    titles = {"auto": _("Fit: automatic"), "letterbox": _("Fit: whole picture"), "crop": _("Fit: middle square")}
    menu = st.popover(
        titles.get(now, _(FITS[now])),
        type="tertiary",
        icon=":material/crop:",
        key=f"fit-menu-{project.dataset_id}",
        on_change="rerun",
    )
    if not menu.open:
        return
    with menu:
        st.markdown(_("A network looks at squares. What should happen to pictures that are not square?"))
        chosen = st.radio(
            _("How pictures are fitted"),
            OFFERED,
            OFFERED.index(now) if now in OFFERED else 0,
            format_func=lambda fit: _(FITS[fit]),
            key=f"fit-{project.dataset_id}",
            label_visibility="collapsed",
        )
        if chosen != now:
            registry.set_dataset_options(project.dataset_id, **{OPTION: chosen})
            st.rerun(scope="fragment")
        _both_ways(project)
        st.caption(_("Counts for the next trainings, unless their expert settings say otherwise."))
        if scale := registry.dataset_options(project.dataset_id).get("pixel_scale"):
            _scale(project, scale)


def _scale(project: Project, now: str) -> None:
    """Show what is black and white in pictures of more than 8 bits, and let it be changed."""
    typed = st.text_input(
        _("Black and white in pictures of more than 8 bits"),
        now,
        key=f"pixel-scale-{project.dataset_id}",
        help=_("Two values with a colon: 0:4095 for 12 bits, 0:65535 for 16. It is the same in all pictures."),
    )
    try:
        bit_depth.typed(typed)
    except UserError as error:
        st.error(say_error(error), icon=":material/error:")
        return
    if typed != now:
        graft.current().registry.set_dataset_options(project.dataset_id, pixel_scale=typed)
        st.rerun(scope="fragment")


def _both_ways(project: Project) -> None:
    here = graft.current()
    version = here.registry.version(project.dataset_id)
    longest = _longest(project.dataset_id, version)
    if longest is None:
        return
    answer = worker_answers.ask(
        ("fits", project.dataset_id, version),
        lambda: here.compute.ask("fit_preview", here.workspace, list(facts_of(project).hashes), longest),
    )
    worker_answers.when_ready(answer, _show, waiting=lambda: st.skeleton(SIDE), key="fits")


def _show(answer: Future) -> None:
    try:
        found = answer.result()
    except UserError as error:
        st.caption(say_error(error))
        return
    automatic = _("automatic for your pictures")
    names = {"letterbox": _("Whole picture"), "crop": _("Middle square")}
    with st.container(horizontal=True):
        for fit, name in names.items():
            caption = f"{name} ({automatic})" if found["automatic"] == fit else name
            st.image(found["pictures"][fit], caption=caption, width=SIDE)


@st.cache_data(max_entries=32, show_spinner=False)
def _longest(dataset_id: str, _version: str) -> str | None:
    """Return the content hash of a picture that is far from square: there the choice matters most."""
    items = graft.current().registry.items(dataset_id, limit=LOOKED_AT)
    known = [(item.sha256, image_facts(item)) for item in items]
    likely = [
        (max(of.width / of.height, of.height / of.width), sha256) for sha256, of in known if of.width and of.height
    ]
    return max(likely, default=(0, None))[1]
