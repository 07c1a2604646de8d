"""Pictures somebody tries a model on: read, asked about, shown, and never kept longer than the session."""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import cast

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine import graft
from engine.data import thumbnails
from engine.data.modalities import image
from engine.data.run_membership import Found
from engine.errors import UserError
from engine.evaluation import multi_label_results, results
from engine.evaluation.reliability import selective
from pages.components.gallery.gallery import data_url
from pages.components.probabilities import bars
from pages.components.scroll_into_view import scroll_into_view
from pages.sections.evaluation.explain import explanation, nearest
from pages.sections.evaluation.reliability import decision_rule
from pages.sections.try_it import known_picture_note, multi_label_answer
from pages.session import worker_answers
from pages.session.i18n import _, say_error
from pages.session.safe_text import md_escape, shortened
from pages.shared.dataset import classes
from pages.shared.runs.run_list import RunView

TRIALS, GENERATION, CLEARED = "trials", "trials-generation", "trials-cleared"
KEPT = 24
SHOWN_SIDE, LARGE_SIDE = 320, 512
MOST_BYTES = 200_000
WARM_SECONDS = 300
HAIRLINE = (
    "outline:1px solid rgba(128,140,132,.45);outline-offset:-1px"  # a white picture on a white page has an edge too
)
# An answer within this is drawn at once; for a later one, the picture is shown with a sign that it is being looked at.
PATIENCE_SECONDS = 0.3
NEWEST = "trial-0"  # the key of the card of what was tried last


@dataclass(frozen=True)
class Question:
    """Pictures on their way to a worker: `answers` come in their order, that of this picture at `place`."""

    answers: Future
    place: int


@dataclass(frozen=True)
class Trial:
    """One answer. `src` shows the picture; `truth` is its label where it is known; `problem` says why there is none.

    said: "answer", "unsure" or "unknown", for the class `answer`, which its own `threshold` may have called although
    another one is likelier (see engine.evaluation.reliability.selective). nearest: (content hash, label) of training
    pictures it is most like. source: path or content to explain the answer by; large: the picture for a whole screen.
    named: the classes it is said to show, by models for several classes a picture; None by others. item: its id, where
    it is a picture of the dataset.
    question: what it waits for; None once it is answered. known: where the run knows the picture from, if it does.
    """

    name: str
    src: str = ""
    truth: str = ""
    likeliest: tuple[tuple[str, float], ...] = ()
    problem: UserError | None = None
    said: str = "answer"
    answer: str = ""
    threshold: float | None = None
    nearest: tuple[tuple[str, str], ...] = ()
    source: str | bytes = b""
    large: str = ""
    named: tuple[str, ...] | None = None
    question: Question | None = None
    known: Found | None = None
    item: int | None = None


def warm(entry: RunView):
    """Let the worker load the model, then make it ready to explain, while the person looks for a picture."""
    # Again after a while: the worker may have been restarted, or have made room for other models.
    key = ("warm", entry.run.id, int(time.time() // WARM_SECONDS))
    here = graft.current()

    def get_ready() -> None:
        here.compute.ask("warm_model", entry.folder, here.workspace)
        here.compute.ask("warm_explanations", entry.folder)

    return worker_answers.ask(key, get_ready)


def about(entry: RunView) -> None:
    """Say what happens to pictures that are tried, and where it is set what the model does not answer."""
    forgotten = _("Pictures you try are answered and forgotten; they are not added to your data.")
    if multi_label_results.is_of(entry.facts):
        more = _(
            "From which probability on a class is named is set on the page Results. Where pictures show several "
            "classes, the model does not notice those unlike its training pictures: it says something about any."
        )
    else:
        more = _("When the model had better say “I don’t know” is set on the page Results.")
    st.caption(f"{forgotten} {more}")


def try_contents(entry: RunView, files: list[tuple[str, bytes]]) -> None:
    """Ask about files that were brought; those that are no pictures are answered in words."""
    trials: list[Trial] = []
    readable: list[tuple[Trial, bytes | str]] = []
    for name, content in files:
        try:
            picture = image.open_image(content, target=(SHOWN_SIDE, SHOWN_SIDE))
            src = data_url(image.jpeg_bytes(thumbnails.shrink(picture)), "image/jpeg")
            large = image.jpeg_bytes(thumbnails.shrink(picture, LARGE_SIDE))
            # The session keeps no photo of a camera: what it keeps is what a network sees of it.
            source = content if len(content) <= MOST_BYTES else large
            readable.append((Trial(name, src, source=source, large=data_url(large, "image/jpeg")), content))
        except UserError as error:
            trials.append(Trial(name, problem=error))
    _remember(entry, [*_asked(entry, readable), *trials])


def try_samples(entry: RunView, samples: list[tuple[Trial, str]]) -> None:
    """Ask about stored pictures, given with the path of their original."""
    _remember(entry, _asked(entry, [(replace(trial, source=path), path) for trial, path in samples]))


def _asked(entry: RunView, pictures: Sequence[tuple[Trial, bytes | str]]) -> list[Trial]:
    """Ask about files (paths as text) or their contents; return the trials with the answers that came at once."""
    if not pictures:
        return []
    here, contents = graft.current(), [content for _trial, content in pictures]

    def question() -> list[tuple[dict, Found | None]]:
        given = here.compute.ask("predict", entry.folder, here.workspace, contents)
        # Test pictures that the page itself offers are said to be test pictures already.
        known = [known_picture_note.look(entry, one) if isinstance(one, bytes) else None for one in contents]
        return list(zip(given, known, strict=True))

    coming = worker_answers.ask(("try", uuid.uuid4().hex), question)
    wait([coming], PATIENCE_SECONDS)
    trials = [replace(trial, question=Question(coming, at)) for at, (trial, _content) in enumerate(pictures)]
    return [_answered(entry, trial) for trial in trials]


def _answered(entry: RunView, trial: Trial) -> Trial:
    """Return a trial with its answer, or with what went wrong; as it is while there is neither."""
    if trial.question is None or not trial.question.answers.done():
        return trial
    try:
        answer, known = trial.question.answers.result()[trial.question.place]
    except UserError as error:
        return replace(trial, problem=error, question=None)
    hear = multi_label_answer.heard(entry) if multi_label_results.is_of(entry.facts) else _heard(entry)
    return replace(trial, question=None, known=known, **hear(answer))


def _heard(entry: RunView) -> Callable[[dict], dict]:
    """Return what tells what a worker's answer means for a Trial."""
    names, stored = entry.facts["class_names"], selective.read(entry.folder)

    def hear(answer: dict) -> dict:
        nearest = tuple((near["sha256"], near["label"]) for near in answer.get("nearest", ()))
        probabilities = answer["probabilities"]
        verdict = selective.verdict(stored, probabilities, names, answer.get("unknown"))
        likeliest, name = results.top(probabilities, names), names[verdict.position]
        if name not in dict(likeliest):
            likeliest[-1] = (name, float(probabilities[verdict.position]))
        said = {"said": verdict.said, "answer": name, "threshold": verdict.threshold}
        return {"likeliest": tuple(likeliest), "nearest": nearest, **said}

    return hear


def _remember(entry: RunView, trials: list[Trial]) -> None:
    st.session_state[TRIALS] = [(entry.run.id, trial) for trial in trials] + st.session_state.get(TRIALS, [])
    del st.session_state[TRIALS][KEPT:]
    if trials:
        scroll_into_view.ask(NEWEST)


def forget_all() -> None:
    st.session_state[TRIALS] = []
    st.session_state[CLEARED] = st.session_state.get(CLEARED, 0) + 1


def of_run(entry: RunView) -> list[Trial]:
    """Return what was tried on this run, newest first, with the answers that have come by now."""
    kept = [
        (run_id, _answered(entry, trial) if run_id == entry.run.id else trial)
        for run_id, trial in st.session_state.get(TRIALS, [])
    ]
    st.session_state[TRIALS] = kept
    return [trial for run_id, trial in kept if run_id == entry.run.id]


def look_again(trials: list[Trial]) -> None:
    """Draw the page anew when the next answer comes that `trials` wait for."""
    waiting = next((trial.question.answers for trial in reversed(trials) if trial.question is not None), None)
    if waiting is not None:
        worker_answers.when_ready(waiting, lambda _answer: None, waiting=lambda: None, key="trials-coming")


def take(uploads) -> list[tuple[str, bytes]]:
    """Return (name, content) of uploaded files and free the server's memory of them."""
    context = get_script_run_ctx()
    taken = []
    for upload in uploads:
        taken.append((upload.name, upload.getvalue()))
        if context is not None:
            files = cast(MemoryUploadedFileManager, context.uploaded_file_mgr)
            files.remove_file(context.session_id, upload.file_id)
        upload.close()
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1
    return taken


def show(trial: Trial, entry: RunView, key: str) -> None:
    """Draw a picture beside its probabilities."""
    name = md_escape(shortened(trial.name, 40))
    if trial.problem is not None:
        st.error(f"**{name}** · {say_error(trial.problem)}", icon=":material/broken_image:")
        return
    picture, words = st.columns([1, 1.6], gap="small", wrap=False)
    picture.html(f'<img src="{trial.src}" alt="" style="width:100%;border-radius:.6rem;display:block;{HAIRLINE}">')
    with words:
        st.caption(name)
        if trial.question is not None:
            _say_waiting()
            return
        if trial.named is not None:
            multi_label_answer.say(trial.named, trial.likeliest, trial.truth)
        else:
            _say_one(trial)
        if trial.known is not None:
            known_picture_note.say(trial.known, _shown(trial)(trial.known.label))
        nearest.show(trial.nearest, several_classes=trial.named is not None)
        if st.button(_("Why?"), key=f"{key}-why", icon=":material/visibility:"):
            explanation.ask_about(_explained(trial), entry.run.id)
            st.rerun()


def _say_waiting() -> None:
    """Show that it is being looked at, in about the room of the answer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/hourglass_top: **{_('Looking at it…')}**", width="content")
    st.skeleton(height=150)


def _say_one(trial: Trial) -> None:
    _say_verdict(trial)
    bars(trial.likeliest, quiet=trial.said != "answer")
    if trial.truth:
        _say_truth(trial)


def _explained(trial: Trial) -> explanation.Picture:
    large = trial.large or trial.src.replace("api/thumbnail/", "api/preview/")
    likeliest, near = trial.likeliest, trial.nearest
    return explanation.Picture(trial.name, large, trial.source, trial.truth, likeliest, near, trial.named, trial.item)


def _say_verdict(trial: Trial) -> None:
    """Say that the model holds its answer back, and why; what it would have said stays below."""
    if trial.said == "unknown":
        st.markdown(f":orange[:material/help:] **{_('Unlike anything it has seen')}**")
        st.caption(_("It would not answer. If it had to:"))
    elif trial.said == "unsure":
        st.markdown(f":material/help: **{_('I don’t know')}**")
        st.caption(_("It is not sure enough for what a mistake costs. If it had to answer:"))
    elif trial.threshold is not None:
        words = _("It says **{name}**: called so from {share} % on.")
        st.markdown(words.format(name=md_escape(trial.answer), share=decision_rule.percent_of(trial.threshold)))


def _shown(trial: Trial) -> Callable[[str], str]:
    """Return what makes a label readable: it may be one of several classes."""
    return str if trial.named is None else classes.in_words


def _say_truth(trial: Trial) -> None:
    if trial.said != "answer":
        st.caption(_("It is labelled {label}.").format(label=md_escape(trial.truth)))
        return
    right = trial.answer == trial.truth
    words = _("Right by its label: {label}.") if right else _("Wrong by its label: {label}.")
    icon = ":green[:material/check_circle:]" if right else ":orange[:material/cancel:]"
    st.caption(f"{icon} {words.format(label=md_escape(trial.truth))}")
