"""Home: what Graft is, how to begin, and where somebody left off."""

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from pages.components.gallery import gallery
from pages.sections.data_upload.add import examples
from pages.session import modality, state
from pages.session.i18n import _, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared import page, percentages, project_picker
from pages.shared.dataset import projects

MOST_CARDS = 12


def project_card(project: Project) -> None:
    about, called = projects.summary(project), modality.of_project(project).words
    with st.container(border=True, height="stretch", key=f"card-{project.id}"):
        st.markdown(f"**{md_escape(shortened(project.name, 40))}**")
        if about.pictures:
            gallery.strip([gallery.thumbnail_url(sha256) for sha256 in about.pictures], alt=project.name)
        numbers = [
            plural(*called.count, about.items),
            plural("{n} class", "{n} classes", about.classes),
        ]
        if about.accuracy is not None:
            words = _("best accuracy {percent} %")
            if about.older:
                words = _("best accuracy {percent} % on the newest test pictures")
            numbers.append(words.format(percent=percentages.figure(about.accuracy)))
        st.caption(" · ".join(numbers) if about.items else _(called.none))
        if st.button(_("Open"), key=f"open-{project.id}", icon=":material/arrow_forward:"):
            state.open_project(project.id)
            state.go(next_step(about))


def next_step(about: projects.Summary) -> str:
    """Return the page where somebody goes on: results where there are some, else pictures or the network."""
    if about.accuracy is not None:
        return "results"
    return "model" if about.classes > 1 else "data"


def steps() -> None:
    """Explain the four steps to somebody who is new here."""
    for column, (icon, name, text) in zip(
        st.columns(4),
        (
            (
                "photo_library",
                _("1. Pictures"),
                _("Drop a folder or a zip, or use the webcam. Graft sorts and checks them."),
            ),
            ("hub", _("2. Network"), _("Keep the suggested one. It has already learned to see.")),
            (
                "model_training",
                _("3. Training"),
                _("The first result takes seconds. It goes on when the tab is closed."),
            ),
            ("insights", _("4. Results"), _("An honest number from pictures the network never saw, and the reasons.")),
        ),
        strict=True,
    ):
        with column.container(border=True, height="stretch", key=f"card-step-{icon}"):
            st.markdown(f":material/{icon}: **{name}**")
            st.caption(text)


st.title(_("Teach a network your own classes"), anchor=False)
st.markdown(
    _(
        "Bring pictures, and Graft grows a classifier on a network that can already see: in seconds, on this machine, "
        "with a test you can trust."
    )
)
if st.button(_("Start with my pictures"), type="primary", icon=":material/add_photo_alternate:", key="start"):
    if graft.current().registry.projects():
        project_picker.begin(_("My pictures"))
    state.go("data")

recent = graft.current().registry.projects()
if not recent:
    st.space("small")
    steps()

page.section(_("Try an example"), _("One click brings it in; nothing is downloaded."))
examples.cards(key="home")

if recent:
    page.section(_("Your projects"))
    with st.grid(columns="auto", min_column_width=300, key="projects"):
        for project in recent[:MOST_CARDS]:
            project_card(project)
    if len(recent) > MOST_CARDS:
        st.caption(_("The project menu above lists all {n}.").format(n=len(recent)))
