"""Bring a model file: it is sent to the server's disk, a worker looks at it, and it is kept when the person says so."""

import shutil
from concurrent.futures import Future
from pathlib import Path

import streamlit as st

from engine import graft
from engine.backbones.catalogue import CATALOGUE
from engine.backbones.model_import.preparation import PREPARATIONS
from engine.errors import UserError
from pages.components.dropzone.dropzone import Upload, dropzone
from pages.sections.model_selection.backbone_cards import CHOSEN
from pages.session import worker_answers
from pages.session.i18n import _, decimal, number, say_error
from pages.session.safe_text import md_escape

EXPLANATION = (
    "A .keras file with a network for pictures, or an .h5 file with weights of a network above. Its code is never run; "
    "its last step is taken off, and your classes are learned in its place."
)
FILE, KEEPING = "model-file", "model-file-keeping"


def add_model() -> None:
    """Show the place to drop a model file; once it is there, what is in it and the button that keeps it."""
    with st.expander(_("Add a model file"), icon=":material/upload_file:", key="add-model"):
        if FILE in st.session_state:
            _look(Path(st.session_state[FILE]))
            return
        st.caption(_(EXPLANATION))
        upload = dropzone(key="drop-model", compact=True, words=_words())
        if upload is not None:
            _arrived(upload)


def _words() -> dict[str, str]:
    return {
        "headline": _("Drop a .keras or .h5 file here"),
        "files": _("Choose a file"),
        "folder": "",
        "arrived": _("It has arrived and is being looked at."),
    }


def _arrived(upload: Upload) -> None:
    files = [path for source in upload.sources for path in ([source] if source.is_file() else source.rglob("*"))]
    files = [path for path in files if path.is_file()]
    if len(files) == 1:
        st.session_state[FILE] = str(files[0])
        st.rerun()
    for source in upload.sources:
        _delete(source)
    st.warning(_("One model file at a time was expected. Send them one by one."), icon=":material/info:")


def _look(path: Path) -> None:
    answer = worker_answers.ask(("model-file", str(path)), lambda: graft.current().custom_backbones.read(path))
    if _ready(answer, "model-file-look"):
        _found(path, answer)


def _ready(answer: Future, key: str) -> bool:
    """Tell whether the answer is there; else show that it is being worked on, and look again in a moment."""
    if not answer.done():
        worker_answers.when_ready(answer, lambda _answer: None, waiting=_looking, key=key)
    return answer.done()


def _looking() -> None:
    st.caption(_("A worker is looking at the file…"))
    st.skeleton(80)


def _found(path: Path, answer: Future) -> None:
    error = answer.exception()
    if error is not None:
        _say(error, path)
        return
    if st.session_state.get(KEEPING):
        _keep(path, *st.session_state[KEEPING])
        return
    facts = answer.result()
    st.markdown(f"**{md_escape(path.name)}**")
    st.caption(_facts_in_words(facts))
    name = st.text_input(_("Name"), path.stem[:60], key="model-file-name", max_chars=60)
    preparation = "" if facts["architecture"] else _ask_preparation(facts["preparation"])
    with st.container(horizontal=True):
        chosen = (name.strip() or path.stem, preparation)
        st.button(_("Add it"), icon=":material/add:", key="model-file-keep", on_click=_begin_keeping, args=(chosen,))
        st.button(_("Cancel"), key="model-file-cancel", type="tertiary", on_click=_forget, args=(path,))


def _begin_keeping(chosen: tuple[str, str]) -> None:
    st.session_state[KEEPING] = chosen


def _facts_in_words(facts: dict) -> str:
    default, smallest, largest = facts["image_sizes"]
    size = _("{n} pixels") if smallest == largest else _("{n} pixels, or {smallest} to {largest}")
    parts = [
        size.format(n=default, smallest=smallest, largest=largest),
        _("{n} million parameters").format(n=decimal(facts["parameters"] / 1e6)),
        _("{n} features a picture").format(n=number(facts["features"])),
    ]
    if facts["architecture"]:
        title = CATALOGUE[facts["architecture"]].title
        parts.insert(0, _("the weights of {title}").format(title=title))
    return " · ".join(parts)


def _ask_preparation(likely: str) -> str:
    return st.selectbox(
        _("Pixels it was trained on"),
        list(PREPARATIONS),
        list(PREPARATIONS).index(likely),
        format_func=lambda way: _(PREPARATIONS[way]),
        key="model-file-pixels",
        help=_("Prepared otherwise than in its training, a network sees little. Whoever trained it knows best."),
    )


def _keep(path: Path, name: str, preparation: str) -> None:
    key = ("keep-model", str(path), name, preparation)
    answer = worker_answers.ask(key, lambda: graft.current().custom_backbones.keep(path, name, preparation))
    if not _ready(answer, "model-file-keep-it"):
        return
    if (wrong := answer.exception()) is not None:
        _say(wrong, path)
        return
    st.session_state[CHOSEN] = answer.result()
    _forget(path)
    st.rerun()


def _say(error: BaseException, path: Path) -> None:
    words = say_error(error) if isinstance(error, UserError) else _("The file could not be looked at. Try it again.")
    st.error(words, icon=":material/error:")
    st.button(_("Try another file"), key="model-file-again", on_click=_forget, args=(path,))


def _forget(path: Path) -> None:
    worker_answers.forget(("model-file", str(path)))
    st.session_state.pop(FILE, None)
    st.session_state.pop(KEEPING, None)
    _delete(path)


def _delete(path: Path) -> None:
    """Delete what was sent, with the folder that the ticket made for it."""
    incoming = graft.current().workspace.incoming
    folder = next((parent for parent in (path, *path.parents) if parent.parent == incoming), None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
