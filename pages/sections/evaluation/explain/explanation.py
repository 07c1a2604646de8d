"""Why this answer: a picture opened large, what speaks for a class as heat over it, and how far to believe that."""

import hashlib
import math
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import graft
from engine.data import label_kinds
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.modalities import registry as modalities
from engine.errors import UserError
from engine.evaluation import evaluators, results
from engine.storage import runs
from engine.storage.status_file import StatusFile
from engine.storage.workspace import read_json
from pages.components.gallery.gallery import data_url, thumbnail_url
from pages.components.heat_map.heat_map import heat_map
from pages.components.probabilities import percent
from pages.sections.evaluation.explain import nearest
from pages.session import worker_answers
from pages.session.i18n import _, decimal, say_error
from pages.session.safe_text import isolated, md_escape, shortened
from pages.shared import page
from pages.shared.dataset import classes, relabel_note
from pages.shared.runs.run_list import RunView

ASKED = "why-asked"
WARM_SECONDS = 300
LIKELIEST = 5
# Rank correlations with the map of an untrained network: up to the first, the explanation is another one altogether;
# from the second on, it is nearly the same.
DIFFERENT, ALIKE = 0.3, 0.5


@dataclass(frozen=True)
class Picture:
    """What is asked about. `source` is the path (text) or content (bytes) of the picture, `src` shows it in a browser.

    likeliest: (class, probability) pairs, likeliest first. nearest: (content hash, label) of training pictures it is
    most like; None where nobody has asked yet. named: the classes the model says it shows. task: that of the model,
    which says how `truth` is to be read (see engine.data.label_kinds). item: the picture's id in the dataset, where it
    is one of its pictures and its label can be put right.
    """

    name: str
    src: str
    source: str | bytes
    truth: str
    likeliest: tuple[tuple[str, float], ...]
    nearest: tuple[tuple[str, str], ...] | None = None
    named: tuple[str, ...] = ()
    item: int | None = None
    task: str = "one"

    @property
    def label_kind(self) -> LabelKind:
        return label_kinds.of_task(self.task)

    @property
    def truths(self) -> tuple[str, ...]:
        """The classes it really shows, where that is known."""
        return self.label_kind.names_of(self.truth)


def ask_about(asked: "int | str | Picture", run_id: str | None = None) -> None:
    """Open the explanation of a test picture (its item) or of any other picture with the next full run of the page."""
    st.session_state[ASKED] = (asked, run_id)


def open_from_gallery(item: int | str) -> None:
    """Open the explanation of a test picture, from a gallery (see gallery.gallery, on_why)."""
    ask_about(item)
    st.rerun()


def show(entry: RunView) -> None:
    """Show what was asked about, over the page, until it is closed. Call it once, at the end of a page."""
    asked, run_id = st.session_state.get(ASKED, (None, None))
    picture = _test_picture(entry, asked) if isinstance(asked, int) else asked
    if picture is None or run_id not in (None, entry.run.id):
        _close()
        return
    st.dialog(_("Why this answer?"), width="large", on_dismiss=_close)(_panel)(entry, picture)


def warm(folder: Path) -> None:
    """Let the worker make a run's model ready to explain, while the person looks at pictures; nobody waits for it."""
    if not (folder / runs.MODEL).exists():
        return
    here = graft.current()
    key = ("warm-why", folder.name, int(time.time() // WARM_SECONDS))
    worker_answers.ask(key, lambda: here.compute.ask("warm_explanations", folder))


def _close() -> None:
    st.session_state.pop(ASKED, None)


def _test_picture(entry: RunView, item: int) -> Picture | None:
    row = results.prediction_of(entry.folder, item)
    if row is None:
        return None
    names = entry.facts["class_names"]
    likeliest, task = results.top(row.probabilities, names, LIKELIEST), entry.facts["task"]
    named = evaluators.of(task).named(entry.folder, entry.facts, row.probabilities)
    blob = graft.current().workspace.blob_path(row.sha256)
    src = thumbnail_url(row.sha256).replace("thumbnail", "preview")
    return Picture(row.name, src, str(blob), row.label, tuple(likeliest), named=named, item=item, task=task)


def _panel(entry: RunView, picture: Picture) -> None:
    with page.errors_in_words():
        left, right = st.columns([1.15, 1], gap="medium")
        with right:
            _say_answer(picture)
            target = _target(picture)
            way = page.choice(_("Way of asking"), _ways(), key="why-way")
        with left:
            found = _heat(entry, picture, way, target)
            if picture.item is not None:
                project = graft.current().registry.project(entry.run.project_id)
                if project is not None:
                    relabel_note.offer(project, picture.item, picture.truth)
        with right:
            st.caption(_how_to_read(way))
            _check(entry, picture, way, target, found)
            _reminds(entry, picture)


def _say_answer(picture: Picture) -> None:
    """Say which classes it names, and whether these are all of them."""
    shares = dict(picture.likeliest)
    named = [
        f"**{md_escape(name)}**" + (f" ({percent(shares[name])})" if name in shares else "") for name in picture.named
    ]
    words = _("It says {classes}.").format(classes=" + ".join(named) or _("None of the classes"))
    st.markdown(f"#### {words}")
    name = md_escape(shortened(Path(picture.name).name, 40))
    if not picture.truth:
        st.caption(name)
    elif set(picture.named) == set(picture.truths):
        st.caption(f"{name} · :green[:material/check_circle:] {_('That is right by its label.')}")
    else:
        truth = _("It is labelled {label}.").format(
            label=md_escape(classes.in_words(picture.truth, picture.label_kind))
        )
        st.caption(f"{name} · :orange[:material/cancel:] {truth}")


def _target(picture: Picture) -> str:
    """Let the class be chosen: what it says, what it is, what else was likely."""
    names = [name for name, _share in picture.likeliest]
    others = [truth for truth in picture.truths if truth not in names]
    first = [names[0], *(truth for truth in picture.truths if truth != names[0])]
    options = [*first, *(name for name in [*names, *others] if name not in first)]
    if len(options) == 1:
        return options[0]
    shares = dict(picture.likeliest)
    key = f"why-class-{_digest(picture)}"
    return st.selectbox(
        _("What speaks for"),
        options,
        key=key,
        format_func=lambda name: f"{isolated(name)} ({percent(shares[name])})" if name in shares else name,
    )


def _ways() -> dict[str, str]:
    return {"grad_cam": _("Grad-CAM"), "occlusion": _("Covering"), "lime": _("LIME"), "shap": _("SHAP")}


def _how_to_read(way: str) -> str:
    return {
        "grad_cam": _(
            "Orange: the places of the network’s own maps that speak for this class rather than the others. At once, "
            "but coarse: read it as “about here”."
        ),
        "occlusion": _(
            "One place after the other was covered. Orange: without it the model is less sure of this class; blue: "
            "surer. A class that it assumes where it sees nothing else has no such place."
        ),
        "lime": _(
            "The picture was cut into pieces and the model asked 300 times with some of them missing. Orange pieces "
            "speak for this class, blue ones against it. Another draw gives slightly other values."
        ),
        "shap": _(
            "Every piece gets its fair share of the answer, whatever other pieces are there. All shares together are "
            "the whole answer: orange for this class, blue against it."
        ),
    }[way]


def _heat(entry: RunView, picture: Picture, way: str, target: str) -> Future:
    """Draw the picture, with heat as soon as the worker has it."""
    found = _ask("explain", entry, picture, way, target)
    progress = _progress_path(entry, picture, way, target, "explain")
    key = f"why-heat-{_digest(picture)}"
    two_sided = way != "grad_cam"

    def waiting() -> None:
        heat_map(picture.src, None, key=key, alt=picture.name, two_sided=two_sided)
        if way != "grad_cam":
            share = read_json(progress, {}).get("progress", 0.0)
            st.progress(share, _("Asking the model about this picture again and again …"))

    def show_heat(answer: Future) -> None:
        if (problem := _problem(answer)) is not None:
            heat_map(picture.src, None, key=key, alt=picture.name, two_sided=two_sided, failed=True)
            st.error(problem, icon=":material/error:")
            return
        heard = answer.result()
        where = _where(heard["hottest"])
        src = data_url(heard["seen"], "image/jpeg") if heard.get("seen") else picture.src
        sound = {"sound": _sound(picture), "span": heard["span"]} if "span" in heard else {}
        heat_map(src, data_url(heard["png"]), key=key, alt=where, two_sided=two_sided, **sound)
        st.caption(f"{where}. {_('The network did not see the darkened parts.')}" if heard["cut"] else f"{where}.")

    worker_answers.when_ready(found, show_heat, waiting=waiting, key=f"why-part-{way}-{target}-{_digest(picture)}")
    return found


def _sound(picture: Picture) -> str:
    """Return what is played of what was asked about: the address of a stored file, or the content of another one."""
    if isinstance(picture.source, str):
        return f"api/media/{Path(picture.source).name}"
    played = modalities.of(picture.source).playback(picture.source)
    return data_url(played.content or picture.source, played.kind)


def _check(entry: RunView, picture: Picture, way: str, target: str, found: Future) -> None:
    """Say whether the explanation is about what was learned; asked once the heat is there, so that it comes first."""
    if not found.done() or found.exception() is not None:
        return
    checked = _ask("check_explanation", entry, picture, way, target)
    words = _("Checking whether a network that has learned nothing shows the same …")
    key = f"why-check-{way}-{target}-{_digest(picture)}"
    worker_answers.when_ready(
        checked, _say_check, waiting=lambda: st.caption(f":material/hourglass_empty: {words}"), key=key
    )


def _say_check(answer: Future) -> None:
    if answer.exception() is not None or math.isnan(answer.result()):  # one of the two shows nothing to compare
        st.caption(f":material/help: {_('Whether an untrained network shows the same could not be checked.')}")
        return
    likeness = answer.result()
    words = _(
        "Checked: the same network without anything learned shows something else (likeness {n}, where 1 is the same)."
    )
    icon = ":green[:material/verified:]"
    if likeness >= ALIKE:
        icon = ":orange[:material/warning:]"
        words = _(
            "Careful: the same network without anything learned shows nearly the same (likeness {n}, where 1 is the "
            "same). This map may show the picture rather than reasons of the model."
        )
    elif likeness >= DIFFERENT:
        icon = ":material/info:"
        words = _(
            "Checked: the same network without anything learned shows something partly alike (likeness {n}, where 1 is "
            "the same). Compare with another way of asking."
        )
    st.caption(f"{icon} {words.format(n=decimal(max(0.0, likeness), '.2f'))}")


def _reminds(entry: RunView, picture: Picture) -> None:
    """Show the training pictures it is most like."""
    if picture.nearest is not None:
        nearest.show(picture.nearest, picture.label_kind)
        return
    here = graft.current()
    asked = worker_answers.ask(
        ("why-nearest", entry.run.id, _digest(picture)),
        lambda: here.compute.ask("predict", entry.folder, here.workspace, [picture.source]),
    )

    def show_them(answer: Future) -> None:
        if answer.exception() is None and answer.result():
            found = [(near["sha256"], near["label"]) for near in answer.result()[0].get("nearest", ())]
            nearest.show(found, picture.label_kind)

    worker_answers.when_ready(asked, show_them, waiting=lambda: None, key=f"why-nearest-{_digest(picture)}")


def _ask(task: str, entry: RunView, picture: Picture, way: str, target: str) -> Future:
    here = graft.current()
    stamp = (entry.folder / runs.MODEL).stat().st_mtime_ns if (entry.folder / runs.MODEL).exists() else 0
    tell = StatusFile(_progress_path(entry, picture, way, target, task)).advance
    return worker_answers.ask(
        (task, entry.run.id, stamp, _digest(picture), way, target),
        lambda: here.compute.ask(task, entry.folder, picture.source, way, target, tell, timeout=600.0),
    )


def _progress_path(entry: RunView, picture: Picture, way: str, target: str, task: str) -> Path:
    name = hashlib.sha256(f"{entry.run.id}/{_digest(picture)}/{way}/{target}/{task}".encode()).hexdigest()[:24]
    return graft.current().workspace.caches / "explaining" / f"{name}.json"


def _digest(picture: Picture) -> str:
    source = picture.source if isinstance(picture.source, bytes) else picture.source.encode()
    return hashlib.sha256(source).hexdigest()[:16]


def _problem(answer: Future) -> str | None:
    error = answer.exception()
    if error is None:
        return None
    if isinstance(error, UserError):
        return say_error(error)
    raise error


def _where(hottest: tuple[float, float] | None) -> str:
    """Return the place of the hottest part in words, from its (x, y) in [0, 1] from the upper left corner."""
    if hottest is None:
        return _("Nothing in the picture speaks for this class")
    x, y = hottest
    places = (
        (_("Hottest: upper left"), _("Hottest: upper middle"), _("Hottest: upper right")),
        (_("Hottest: left"), _("Hottest: in the middle"), _("Hottest: right")),
        (_("Hottest: lower left"), _("Hottest: lower middle"), _("Hottest: lower right")),
    )
    return places[min(2, int(3 * y))][min(2, int(3 * x))]
