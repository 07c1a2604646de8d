"""Pictures somebody tries a model on: read, asked about, shown, and never kept longer than the session."""

import html
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine import graft
from engine.data import label_kinds as data_label_kinds
from engine.data.modalities import registry as modalities
from engine.data.modalities.picture import jpeg_bytes, shrink
from engine.data.run_membership import Found
from engine.errors import UserError
from engine.evaluation import evaluators
from pages.components.gallery.gallery import data_url
from pages.components.scroll_into_view import scroll_into_view
from pages.sections.evaluation import label_kinds
from pages.sections.evaluation.explain import explanation, nearest
from pages.sections.try_it import known_picture_note
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
    named: the classes it is said to show. item: its id, where
    it is a picture of the dataset. boxes: found objects (class, its place, x, y, width, height,
    confidence) in a picture of this size.
    sound: what is played of it, as content or as the path of its original, empty where there is nothing to hear.
    text: what stands in it, where it is a text.
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
    named: tuple[str, ...] = ()
    question: Question | None = None
    known: Found | None = None
    item: int | None = None
    sound: str | bytes = b""
    text: str = ""
    boxes: tuple = ()
    size: tuple[int, ...] = ()


def warm(entry: RunView):
    """Let the worker load the model, then make it ready to explain, while the person looks for a picture."""
    # Again after a while: the worker may have been restarted, or have made room for other models.
    key = ("warm", entry.run.id, int(time.time() // WARM_SECONDS))
    here = graft.current()

    def get_ready() -> None:
        evaluator = evaluators.of(entry.facts["task"])
        here.compute.ask(evaluator.WARMED, entry.folder, here.workspace)
        if evaluator.EXPLAINED:
            here.compute.ask("warm_explanations", entry.folder)

    return worker_answers.ask(key, get_ready)


def about(entry: RunView) -> None:
    """Say what happens to pictures that are tried, and where it is set what the model does not answer."""
    forgotten = _("What you try is answered and forgotten; it is not added to your data.")
    st.caption(f"{forgotten} {label_kinds.of(entry.facts['task']).tried_note()}")


def try_contents(entry: RunView, files: list[tuple[str, bytes]]) -> None:
    """Ask about files that were brought; those that are no pictures are answered in words."""
    trials: list[Trial] = []
    readable: list[tuple[Trial, bytes | str]] = []
    for name, content in files:
        try:
            modality = modalities.expected(content, entry.facts.get("modality", modalities.FIRST))
            picture, _size = modality.picture(content, SHOWN_SIDE)
            src = data_url(jpeg_bytes(shrink(picture)), "image/jpeg")
            large = jpeg_bytes(shrink(picture, LARGE_SIDE))
            # The session keeps no photo of a camera: what it keeps is what a network sees of it.
            kind = modalities.of(content)
            source = content if len(content) <= MOST_BYTES or kind.plays else large
            sound = _played(content) if kind.plays else b""
            [text] = modalities.words_of([content])
            shown = Trial(name, src, source=source, large=data_url(large, "image/jpeg"), sound=sound, text=text)
            readable.append((shown, content))
        except UserError as error:
            trials.append(Trial(name, problem=error))
    _remember(entry, [*_asked(entry, readable), *trials])


def _played(content: bytes) -> bytes:
    """Return what a browser plays of a sound."""
    return modalities.of(content).playback(content).content or content


def try_samples(entry: RunView, samples: list[tuple[Trial, str]]) -> None:
    """Ask about stored pictures, given with the path of their original."""
    texts = modalities.words_of([path for _trial, path in samples])
    asked = [
        (replace(trial, source=path, sound=_of_original(trial, path), text=text), path)
        for (trial, path), text in zip(samples, texts, strict=True)
    ]
    _remember(entry, _asked(entry, asked))


def _of_original(trial: Trial, path: str) -> str | bytes:
    """Return what is played of a stored file, empty where it is only looked at."""
    try:
        return _played(Path(path).read_bytes()) if modalities.of(path).plays else b""
    except (UserError, OSError):
        return trial.sound


def _asked(entry: RunView, pictures: Sequence[tuple[Trial, bytes | str]]) -> list[Trial]:
    """Ask about files (paths as text) or their contents; return the trials with the answers that came at once."""
    if not pictures:
        return []
    here, contents = graft.current(), [content for _trial, content in pictures]

    def question() -> list[tuple[dict, Found | None]]:
        given = here.compute.ask(evaluators.of(entry.facts["task"]).ASKED, entry.folder, here.workspace, contents)
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
    label_kind = label_kinds.of(entry.facts["task"])
    told = replace(trial, question=None, known=known, **label_kind.heard(entry)(answer))
    return replace(told, src=label_kind.shown(told))


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
    if trial.sound:
        with picture:
            st.audio(trial.sound)
    with words:
        if trial.text:
            st.html(f'<p dir="auto" style="font-weight:600;margin:0">{html.escape(trial.text)}</p>')
        st.caption(name)
        if trial.question is not None:
            _say_waiting()
            return
        label_kinds.of(entry.facts["task"]).say(trial)
        labels = data_label_kinds.of_task(entry.facts["task"])
        if trial.known is not None:
            known_picture_note.say(trial.known, classes.in_words(trial.known.label, labels))
        nearest.show(trial.nearest, labels)
        explained = evaluators.of(entry.facts["task"]).EXPLAINED
        if explained and st.button(_("Why?"), key=f"{key}-why", icon=":material/visibility:"):
            explanation.ask_about(_explained(trial, entry), entry.run.id)
            st.rerun()


def _say_waiting() -> None:
    """Show that it is being looked at, in about the room of the answer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/hourglass_top: **{_('Looking at it…')}**", width="content")
    st.skeleton(height=150)


def _explained(trial: Trial, entry: RunView) -> explanation.Picture:
    large = trial.large or trial.src.replace("api/thumbnail/", "api/preview/")
    likeliest, near, task = trial.likeliest, trial.nearest, entry.facts["task"]
    source, item = trial.source, trial.item
    return explanation.Picture(trial.name, large, source, trial.truth, likeliest, near, trial.named, item, task)
