"""What a model that finds objects says about a picture: boxes on it, and how many of each class."""

import io
from base64 import b64decode
from collections.abc import Callable

import streamlit as st
from PIL import Image

from engine.evaluation.evaluators import detection
from pages.components.gallery.gallery import data_url
from pages.session.i18n import _, number
from pages.session.safe_text import md_escape
from pages.shared.dataset import boxed_pictures
from pages.shared.percentages import percent
from pages.shared.runs.run_list import RunView

SIDE = 640


def tried_note() -> str:
    """Return where it is set from which confidence on objects are claimed."""
    return _("From which confidence on objects are claimed is set on the page Results, under Trust.")


def heard(entry: RunView) -> Callable[[dict], dict]:
    """Return what tells what a worker's answer means for a Trial."""

    def hear(answer: dict) -> dict:
        told = detection.prediction(entry.folder, entry.facts, answer)
        names = entry.facts["class_names"]
        boxes = tuple(
            (box["class"], names.index(box["class"]), *box["box"], box["confidence"]) for box in told["boxes"]
        )
        return {"boxes": boxes, "size": tuple(told["size"]), "named": tuple(told["labels"])}

    return hear


def shown(trial) -> str:
    """Return the picture with the claimed boxes on it as an address."""
    if not trial.size or trial.problem is not None:
        return trial.src
    image = _opened(trial)
    if image is None:
        return trial.src
    boxes = [
        (x, y, x + width, y + height, boxed_pictures.colour(place), False)
        for _name, place, x, y, width, height, _sure in trial.boxes
    ]
    return data_url(boxed_pictures.drawn(image, trial.size, boxes, SIDE), "image/jpeg")


def _opened(trial) -> Image.Image | None:
    """Return the picture that was tried: what the session keeps of it, or the stored original."""
    if trial.large.startswith("data:"):
        return Image.open(io.BytesIO(b64decode(trial.large.partition(",")[2]))).convert("RGB")
    if isinstance(trial.source, str) and trial.source:
        from engine.data.modalities import registry as modalities

        return modalities.of(trial.source).picture(trial.source, SIDE)[0]
    return None


def say(trial) -> None:
    """Say how many objects of each class were found, and how sure it is of each."""
    if not trial.boxes:
        st.markdown(f"**{_('It finds no object.')}**")
        return
    found: dict[str, list[tuple[int, float]]] = {}
    for name, place, *_box, sure in trial.boxes:
        found.setdefault(name, []).append((place, sure))
    for name, own in found.items():
        ink, sures = boxed_pictures.colour(own[0][0]), [sure for _place, sure in own]
        span = percent(max(sures)) if len(own) == 1 else f"{percent(min(sures))} – {percent(max(sures))}"
        st.html(f'<span style="display:inline-block;width:.8rem;height:.8rem;border:3px solid {ink}"></span>')
        st.markdown(f"**{number(len(own))} × {md_escape(name)}**  {span}")
