"""The short way from pictures to a model: the network and the recipe that are advised, in one press."""

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from engine.training.recipe import RECIPES, fitted
from engine.training.recommend import Recommendation
from pages.sections.model_selection import advice as advices
from pages.sections.model_selection import backbone_cards
from pages.session import person, state
from pages.session.i18n import _
from pages.shared import page
from pages.shared.dataset import class_balance
from pages.shared.dataset.dataset_facts import facts_of


def button(project: Project) -> bool:
    """Offer to train with what is advised; return whether these pictures can be trained on at all."""
    facts = facts_of(project)
    if facts.problem is not None:
        return False
    advice = advices.advice_for(project, facts, backbone_cards.ready_keys())
    words = _("{recipe} with {network}. {why}").format(
        recipe=_(RECIPES[advice.recipe].title),
        network=graft.current().custom_backbones.title_of(advice.backbone),
        why=advices.in_words(advice),
    )
    if st.button(_("Train now"), type="primary", icon=":material/play_arrow:", key="train-now", help=words):
        with page.errors_in_words():
            _start(project, advice)
    return True


def _start(project: Project, advice: Recommendation) -> None:
    recipe = {
        "name": advice.recipe,
        "backbone": advice.backbone,
        "class_balancing": class_balance.default(project),
    }
    here = graft.current()
    recipe = fitted(recipe, here.registry.dataset_options(project.dataset_id))
    state.open_run(here.start_run(project.id, recipe, owner=person.name()))
    state.go("train")
