"""Model: choose a network and how it learns, see what it will take, start."""

import streamlit as st

from engine import graft
from engine.training.recipe import RECIPES, fitted
from pages.sections.data_upload.add import import_preview
from pages.sections.model_selection import advice as advices
from pages.sections.model_selection import backbone_cards, expert, own_models
from pages.sections.model_selection.augmentation import preview
from pages.sections.model_selection.start_bar import start_bar
from pages.sections.model_selection.start_search import start_search
from pages.session import state
from pages.session.i18n import _, say_error
from pages.shared import page
from pages.shared.dataset import class_balance
from pages.shared.dataset.dataset_facts import facts_of
from pages.shared.runs import stopping_goal

project = state.project()
if project is None:
    page.nothing_yet(
        _("Model"),
        ":material/photo_library:",
        _("There is no project yet"),
        _("A project holds your pictures and everything learned from them. An example is ready in a few seconds."),
        button=_("Go to the start page"),
        leads_to="home",
    )

facts = facts_of(project)
if facts.problem is not None and import_preview.on_the_way(project.dataset_id):
    import_preview.look_again(project.dataset_id)
    page.nothing_yet(
        _("Model"),
        ":material/hourglass_top:",
        _("Pictures are on their way"),
        _("They are still being read, or wait for an answer on the Data page. This page goes on by itself."),
        button=_("Go to Data"),
        leads_to="data",
    )
if facts.problem is not None:
    page.nothing_yet(
        _("Model"),
        ":material/photo_library:",
        _("The pictures are not ready for a training yet"),
        say_error(facts.problem),
        button=_("Go to Data"),
        leads_to="data",
    )

page.title(_("Model"), _("A network that has seen many pictures learns yours. Choose which one, and how."))
ready = backbone_cards.ready_keys()
advice = advices.advice_for(project, facts, ready)

start_search(project)

page.section(_("How to learn"))
recipe_name = st.radio(
    _("Recipe"),
    list(RECIPES),
    list(RECIPES).index(advice.recipe),
    format_func=lambda name: _(RECIPES[name].title),
    captions=[_(recipe.sentence) for recipe in RECIPES.values()],
    key=f"recipe-{project.id}",
    label_visibility="collapsed",
    persist_state="session",
)

if balancing := class_balance.in_words(project):
    st.caption(_(":material/balance: {choice}, as chosen on the Data page.").format(choice=balancing))

page.section(_("Network"), advices.in_words(advice))
backbone = backbone_cards.choose_backbone(advice.backbone, ready)
own_models.own_models(backbone)

two_classes = facts.classes == 2 and facts.label_kind.EXCLUSIVE
with st.expander(_("Expert settings"), icon=":material/tune:", key="expert"):
    recipe = fitted(
        expert.settings(recipe_name, backbone, class_balance.default(project), two_classes=two_classes),
        graft.current().registry.dataset_options(project.dataset_id),
    )
    preview(recipe, facts.examples)

start_bar(project, recipe, facts, stopping_goal.choose(recipe_name))
