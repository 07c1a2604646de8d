"""Networks of one's own on the Model page: earlier trainings of any project, and model files somebody brought."""

import streamlit as st

from engine import graft
from engine.backbones.facts import BackboneInfo
from engine.storage.registry import Run
from pages.sections.model_selection.add_model import add_model
from pages.sections.model_selection.backbone_cards import use_button
from pages.session.i18n import _, decimal, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared import page
from pages.shared.runs.run_list import accuracy_words, name_of, view

FIRST_SHOWN = 3
CLASSES_NAMED = 4


def own_models(chosen: str) -> None:
    """Show a card for each network of one's own, and the way to add a model file."""
    networks = graft.current().custom_backbones
    uploaded, of_runs = networks.uploaded(), networks.of_runs()
    page.section(
        _("Your own models"),
        _("Go on from a training of yours, also of another project, or from a Keras model that you bring."),
    )
    entries = [*((None, info) for info in uploaded), *of_runs]
    if entries:
        _cards(entries, chosen)
    add_model()


def _cards(entries: list[tuple[Run | None, BackboneInfo]], chosen: str) -> None:
    show_all = st.session_state.get("all-own-models", False)
    with st.grid(3, min_column_width=270, key="own-networks"):
        for run, info in entries if show_all else _first(entries, chosen):
            with st.container(border=True, height="stretch", key=f"network-{info.key}"):
                _run_card(run, info, chosen) if run else _upload_card(info, chosen)
    if len(entries) > FIRST_SHOWN:
        words = _("Show all {n} models of your own").format(n=len(entries))
        st.toggle(words, key="all-own-models", persist_state="session")


def _first(entries: list, chosen: str) -> list:
    first = entries[:FIRST_SHOWN]
    picked = [entry for entry in entries if entry[1].key == chosen]
    return first if not picked or picked[0] in first else [*picked, *first[:-1]]


def _run_card(run: Run, info: BackboneInfo, chosen: str) -> None:
    entry = view(run)
    project = graft.current().registry.project(run.project_id)
    name = project.name if project else ""
    st.markdown(f"**{md_escape(shortened(name_of(entry)))}**")
    learned = _("Learned {classes} in {project}.")
    st.markdown(learned.format(classes=_classes(entry.facts["class_names"]), project=md_escape(shortened(name))))
    st.caption(" · ".join([_facts(info), _("right {share}").format(share=accuracy_words(entry.evaluation))]))
    st.space("stretch")
    use_button(info.key, info.key == chosen)


def _classes(names: list[str]) -> str:
    named = ", ".join(md_escape(shortened(name, 16)) for name in names[:CLASSES_NAMED])
    if len(names) <= CLASSES_NAMED:
        return named
    return plural("{n} class", "{n} classes", len(names)) + f" ({named} …)"


def _upload_card(info: BackboneInfo, chosen: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{md_escape(shortened(info.title))}**", width="content")
        st.badge(_("Your file"), icon=":material/upload_file:", color="gray")
    st.markdown(_(info.sentence))
    st.caption(_facts(info))
    st.space("stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        use_button(info.key, info.key == chosen)
        st.button(
            _("Remove"),
            key=f"remove-{info.key}",
            type="tertiary",
            icon=":material/delete:",
            help=_("Trainings that were built on it go on working."),
            on_click=graft.current().custom_backbones.remove,
            args=(info.key,),
        )


def _facts(info: BackboneInfo) -> str:
    millions = _("{n} million parameters").format(n=decimal(info.parameters / 1e6))
    return f"{_('{n} pixels').format(n=info.image_sizes[0])} · {millions}"
