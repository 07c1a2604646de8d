"""A live preview of augmentation on the person's own pictures: the picture itself, then what the network would see."""

import io
from concurrent.futures import Future

import streamlit as st
from PIL import Image

from engine import graft
from engine.errors import UserError
from engine.training.recipe import Recipe
from pages.components.gallery.gallery import Tile, data_url, gallery
from pages.session import worker_answers
from pages.session.i18n import _, say_error

VIEWS = 6


def preview(recipe: dict, examples: tuple[str, ...]) -> None:
    """Show a few varied copies of `examples` (content hashes) as the recipe would make them."""
    if not examples or not recipe.get("augmentation"):
        return
    st.caption(_("This is what the network would see of your own pictures:"))
    shaping = {option: recipe.get(option) for option in ("backbone", "image_size", "fit", "augmentation", "seed")}
    answer = worker_answers.ask(("preview", repr(shaping), examples), lambda: _draw(recipe, examples))
    worker_answers.when_ready(answer, _show, waiting=lambda: st.skeleton(120), key="augmentation-preview")


def _draw(recipe: dict, examples: tuple[str, ...]) -> list[str]:
    here = graft.current()
    views = here.compute.ask("augment_preview", here.workspace, Recipe.from_dict(recipe), list(examples), VIEWS)
    return [_as_address(pixels) for picture in views for pixels in picture]


def _as_address(pixels) -> str:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=85)
    return data_url(sink.getvalue(), "image/jpeg")


def _show(answer: Future) -> None:
    try:
        pictures = answer.result()
    except UserError as error:
        st.caption(say_error(error))
        return
    gallery([Tile(id=number, src=src) for number, src in enumerate(pictures)], key="augmented", size=96)
