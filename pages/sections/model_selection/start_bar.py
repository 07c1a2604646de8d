"""The bar that stays in sight on the Model page: what will run, how long it takes, and the button that starts it."""

from concurrent.futures import Future

import streamlit as st

from engine import graft, settings
from engine.backbones import catalogue, custom, learned_from, local_weights
from engine.errors import UserError
from engine.storage.registry import Project
from engine.training.recipe import Recipe
from pages.session import person, state, worker_answers
from pages.session.i18n import _, plural, say_error
from pages.session.safe_text import md_escape
from pages.shared.dataset.dataset_facts import DatasetFacts
from pages.shared.runs import stopping_goal
from pages.shared.runs.run_list import duration, recipe_words

# A bar as low as its button, told apart from what runs below it.
STYLE = """<style>
[data-testid="stBottomBlockContainer"] { padding-top: .6rem; padding-bottom: .6rem; }
[data-testid="stBottom"] > div { border-top: 1px solid rgba(128, 140, 132, .35); }
</style>"""


def start_bar(project: Project, recipe: dict, facts: DatasetFacts, aim: dict) -> None:
    """Show what was chosen with its estimate, and start the run when the button is pressed.

    aim: when it is to end by itself, as options of the recipe; they change nothing about the estimate.
    """
    with st.bottom:
        st.html(STYLE)
        _known_test_pictures(project, recipe["backbone"])
        row = st.container(horizontal=True, vertical_alignment="center", gap="small", key="start-bar")
    with row:
        st.markdown(f"**{md_escape(recipe_words(recipe))}**", width="content")
        _estimate(recipe, facts)
        if aim:
            st.caption(stopping_goal.in_words(aim), width="content")
        st.space("stretch")
        pressed = _button(recipe)
    if pressed:
        state.open_run(graft.current().start_run(project.id, {**recipe, **aim}, owner=person.name()))
        state.go("train")


def _button(recipe: dict) -> bool:
    missing = _missing_weights(recipe["backbone"])
    return st.button(
        _("Start training"), type="primary", key="start-training", icon=":material/play_arrow:", disabled=missing
    )


def _known_test_pictures(project: Project, backbone: str) -> None:
    """Say which test pictures a network of one's own has learned from already: they will not count."""
    if not custom.is_own(catalogue.plain(backbone)):
        return
    registry, dataset_id = graft.current().registry, project.dataset_id

    def look() -> dict:
        return learned_from.left_out(backbone, [item for item in registry.items(dataset_id) if item.is_used])

    answer = worker_answers.ask(("known", backbone, dataset_id, registry.version(dataset_id)), look)
    worker_answers.when_ready(answer, _say_known, waiting=st.empty, key=f"known-{backbone}")


def _say_known(answer: Future) -> None:
    error = answer.exception()
    if isinstance(error, UserError):
        st.warning(say_error(error), icon=":material/rule:")
        return
    known = answer.result()
    if known["items"]:
        words = plural(
            "{n} test picture will not count: this network has learned from it, from a copy of it or from its group.",
            "{n} test pictures will not count: this network has learned from them, from copies of them or from their "
            "groups.",
            len(known["items"]),
        )
        st.caption(f":material/rule: {words}")
    if known["unknown"]:
        words = _(
            "What this network has learned from is not known here. If your test pictures are part of that, the result "
            "will look better than it is."
        )
        st.caption(f":material/visibility: {words}")


def _missing_weights(backbone: str) -> bool:
    """Say so when the weights are neither here nor to be had. A cluster's workers may have what this machine lacks."""
    if settings.current().scheduler or local_weights.local_path(backbone) is not None:
        return False
    info = catalogue.info(backbone)
    answer = worker_answers.ask(("reachable", backbone), lambda: local_weights.check_reachable(info))
    worker_answers.when_ready(answer, _say_unreachable, waiting=_asking_for_weights, key=f"reach-{backbone}")
    return not answer.done() or answer.exception() is not None


def _asking_for_weights() -> None:
    st.caption(_("Looking whether its weights can be downloaded…"), width="content")


def _say_unreachable(answer: Future) -> None:
    error = answer.exception()
    if isinstance(error, UserError):
        st.warning(say_error(error), icon=":material/cloud_off:")


def _estimate(recipe: dict, facts: DatasetFacts) -> None:
    if local_weights.local_path(recipe["backbone"]) is None:
        return
    here = graft.current()
    answer = worker_answers.ask(
        ("estimate", repr(sorted(recipe.items(), key=str)), facts.hashes),
        lambda: here.compute.ask(
            "estimate", here.workspace, Recipe.from_dict(recipe), facts.counts, list(facts.hashes)
        ),
    )
    worker_answers.when_ready(answer, _show_estimate, waiting=_estimating, key="estimate")


def _estimating() -> None:
    st.caption(_("Working out how long it takes…"), width="content")


def _show_estimate(answer: Future) -> None:
    error = answer.exception()
    if error is not None:
        sentence = say_error(error) if isinstance(error, UserError) else _("The time could not be estimated.")
        st.caption(sentence)
        return
    st.caption(_estimate_words(answer.result()), width="content")


def _estimate_words(estimate: dict) -> str:
    parts = [_("about {time}").format(time=duration(max(1, estimate["seconds"])))]
    if side := estimate.get("image_size"):
        parts.append(_("pictures of {n} pixels").format(n=side))
    if new := estimate.get("images_to_embed"):
        parts.append(plural("{n} new picture to look at", "{n} new pictures to look at", new))
    for key, words in (("memory_mb", _("{n} MB of memory")), ("disk_mb", _("{n} MB on disk"))):
        if estimate.get(key):
            parts.append(words.format(n=max(1, round(estimate[key]))))
    return " · ".join(parts)
