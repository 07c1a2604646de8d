"""Examples that need nothing: one click makes a project of them."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import graft
from pages.sections.data_upload.add import imports
from pages.session import state
from pages.session.i18n import _
from pages.shared import project_picker

_SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Example:
    """What an example is called and what is in it."""

    name: str
    title: str
    sentence: str


def all_examples() -> list[Example]:
    """Return the examples, in the language of the session."""
    return [
        Example(
            "digits",
            _("Handwritten digits"),
            _("1,797 small scans of the digits 0 to 9. A first result in a few seconds."),
        ),
        Example(
            "signs",
            _("Signs in three languages"),
            _("Words on warning and direction signs in English, French and German. Shows results per language."),
        ),
        Example(
            "sounds",
            _("Tones, noises and voices"),
            _("225 short sounds made here: tones, sweeps, noises, knocks, vowels. Listen to what the model confuses."),
        ),
        Example(
            "sentences",
            _("Sentences in eight languages"),
            _(
                "720 short sentences, drawn as pictures: which language is it? A model of letters alone learns beside "
                "the network."
            ),
        ),
    ]


def cards(*, key: str) -> None:
    """Show a card for each example; its button brings the example in and leads to the pictures."""
    with st.grid(columns=2, min_column_width=280, key=f"{key}-examples"):
        for example in all_examples():
            with st.container(border=True, height="stretch", key=f"card-{key}-{example.name}"):
                st.markdown(f"**{example.title}**")
                st.image(str(_SAMPLES / f"{example.name}.png"), width="stretch", alt=example.title)
                st.caption(example.sentence)
                if st.button(_("Use this example"), key=f"{key}-{example.name}", icon=":material/play_arrow:"):
                    use(example)


def use(example: Example) -> None:
    """Bring the example into a project of its own, or into the current one while that is empty; go to its pictures."""
    here = state.project()
    registry = graft.current().registry
    if here is None or registry.imports(here.dataset_id) or graft.current().imports.running(here.dataset_id):
        project_picker.begin(example.title)
    imports.begin(f"example:{example.name}", title=example.title)
    state.go("data")
