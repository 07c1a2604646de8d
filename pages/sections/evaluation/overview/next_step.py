"""The one step that helps a run most: more pictures of a class, a longer training, or a look at its mistakes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import streamlit as st

from engine.data import label_kinds, versions
from engine.evaluation import results
from engine.evaluation.verdict import Verdict
from pages.sections.data_upload.add import class_boxes
from pages.sections.evaluation import tabs
from pages.session import state
from pages.session.i18n import _, number, plural
from pages.shared.figures import bold
from pages.shared.runs.run_list import RunView

SURE, FEW_SURE = 0.9, 3  # mistakes it is so sure of are often wrong labels; from so many on they are worth a look
RARE = 0.5  # of what half of the classes have


@dataclass(frozen=True)
class Step:
    """What to do and why, in words; what the button says and does."""

    words: str
    button: str
    take: Callable[[], None]


def show(entry: RunView, found: Verdict) -> None:
    """Offer the step; nothing where there is nothing to mend."""
    step = _more_pictures(entry, found) or _longer(entry, found) or _labels(entry)
    if step is None:
        return
    with st.container(border=True, key="next-step"), st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/lightbulb: **{_('What helps most')}** · {step.words}", width="stretch")
        if st.button(step.button, key="next-step-button"):
            step.take()


def _more_pictures(entry: RunView, found: Verdict) -> Step | None:
    """The weakest class, where it is also one of the rare ones."""
    if found.weakest is None or found.word == "good":
        return None
    kind, label = label_kinds.of_task(entry.facts["task"]), found.weakest["class"]
    pictures = (one for one in versions.of_run(entry.folder) if one.split == "train")
    counts = Counter(name for one in pictures for name in kind.names_of(one.label))
    usual = median(counts.values()) if counts else 0
    if counts[label] >= RARE * usual:
        return None
    words = _("More pictures of {label}: it has {n} to learn from, other classes about {usual}.")

    def take() -> None:
        st.session_state["way"] = "classes"
        st.session_state[class_boxes.WANTED] = label
        state.go("data")

    words = words.format(label=bold(label), n=number(counts[label]), usual=number(round(usual)))
    return Step(words, _("Add pictures"), take)


def _longer(entry: RunView, found: Verdict) -> Step | None:
    """The next recipe, where only the last step has learned so far."""
    if found.word == "good" or entry.recipe.get("name") != "instant":
        return None
    words = _("Train with the recipe Balanced: it adapts the network to your pictures, which takes minutes.")
    return Step(words, _("Go to Model"), lambda: state.go("model"))


def _labels(entry: RunView) -> Step | None:
    """The mistakes it is surest of."""
    if "confusion_matrix" not in entry.facts:  # where every class has an answer of its own, none is the answer
        return None
    sure = [one for one in results.confident_mistakes(results.predictions(entry.folder)) if one.probability >= SURE]
    if len(sure) < FEW_SURE:
        return None
    words = plural(
        "Look at the {n} mistake it is surest of: the label may be wrong.",
        "Look at the {n} mistakes it is surest of: some labels may be wrong.",
        len(sure),
    )
    return Step(words, _("Show them"), lambda: tabs.open_now("pictures", entry.run.id))
