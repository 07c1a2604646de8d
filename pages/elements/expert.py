"""Expert settings: every choice of a recipe as a control. Only what the recipe acts on is shown."""

import streamlit as st

from engine.backbones import catalogue
from engine.training.recipe import AUGMENTATIONS, BALANCINGS, FITS, HEADS, OPTIMIZERS, Recipe
from pages.elements.i18n import _

LEARNING_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
BATCH_SIZES = (8, 16, 32, 64, 128, 256)
STRENGTHS = (None, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
KEEP = {"persist_state": "session"}


def settings(name: str, backbone: str) -> dict:
    """Show the controls and return the recipe they make, without what it would ignore."""
    left, right = st.columns(2, gap="medium")
    with left:
        chosen = {"name": name, "backbone": backbone, **_pictures(backbone), **_head()}
    plan = Recipe.from_dict(chosen)
    with right:
        chosen |= _learning(plan)
        chosen |= _general()
    if plan.uses("augmentation"):
        chosen["augmentation"] = _augmentation()
    _reset()
    return {option: value for option, value in chosen.items() if Recipe.from_dict(chosen).uses(option)}


def _pictures(backbone: str) -> dict:
    default, smallest, largest = catalogue.info(backbone).image_sizes
    size = st.number_input(
        _("Picture size in pixels"),
        smallest,
        largest,
        None,
        step=16,
        # One control a network: each has its own limits.
        key=f"expert-size-{backbone}",
        placeholder=_("{n}, the network's own").format(n=default),
        help=_("Larger pictures show more detail and take longer: twice the side costs four times the time."),
        **KEEP,
    )
    fit = _choice(_("Pictures that are not square"), FITS, "fit")
    return {"image_size": size, "fit": fit}


def _head() -> dict:
    head = _choice(_("Head: what learns your classes"), HEADS, "head")
    if head == "linear":
        return {"head": head}
    units = st.select_slider(
        _("Units in the hidden layer"),
        (16, 32, 64, 128, 256, 512, 1024),
        Recipe.hidden_units,
        key="expert-hidden_units",
        **KEEP,
    )
    return {"head": head, "hidden_units": units}


def _learning(plan: Recipe) -> dict:
    chosen: dict = {}
    if plan.uses("freeze_depth"):
        percent = st.slider(
            _("Part of the network that stays as it is"),
            0,
            100,
            round(100 * Recipe.freeze_depth),
            5,
            format="%d %%",
            key="expert-freeze_depth",
            help=_("100 % trains only the head, 0 % trains everything. With few pictures, keep it high."),
            **KEEP,
        )
        chosen["freeze_depth"] = percent / 100
    if plan.uses("learning_rate"):
        chosen |= _steps()
    if plan.uses("dropout"):
        chosen["dropout"] = st.slider(_("Dropout"), 0.0, 0.9, Recipe.dropout, 0.05, key="expert-dropout", **KEEP)
    chosen |= _strengths()
    return chosen


def _steps() -> dict:
    optimizer = _choice(_("Optimizer"), OPTIMIZERS, "optimizer")
    rate = st.select_slider(
        _("Learning rate"),
        LEARNING_RATES,
        Recipe.learning_rate,
        format_func=lambda rate: f"{rate:g}",
        key="expert-rate",
        **KEEP,
    )
    batch = st.select_slider(_("Batch size"), BATCH_SIZES, Recipe.batch_size, key="expert-batch_size", **KEEP)
    epochs = st.slider(_("Epochs (times through all pictures)"), 1, 60, Recipe.epochs, key="expert-epochs", **KEEP)
    return {
        "optimizer": optimizer,
        "learning_rate": rate,
        "batch_size": batch,
        "epochs": epochs,
    }


def _strengths() -> dict:
    l2 = st.select_slider(
        _("L2 (large weights cost)"),
        STRENGTHS,
        None,
        format_func=lambda value: _("automatic") if value is None else f"{value:g}",
        key="expert-l2",
        **KEEP,
    )
    l1 = st.select_slider(
        _("L1 (every weight costs)"),
        (0.0, *STRENGTHS[1:]),
        0.0,
        format_func=lambda value: f"{value:g}",
        key="expert-l1",
        **KEEP,
    )
    return {"l1": l1, "l2": l2}


def _general() -> dict:
    balancing = _choice(_("Classes of different size"), BALANCINGS, "class_balancing")
    seed = st.number_input(
        _("Seed"),
        0,
        2**31 - 1,
        0,
        key="expert-seed",
        help=_("The same seed, pictures and settings give the same model again."),
        **KEEP,
    )
    return {"class_balancing": balancing, "seed": seed}


def _augmentation() -> list[str]:
    kinds = {
        "auto": _("Automatic: what is safe for your pictures"),
        "chosen": _("Choose"),
        "none": _("None"),
    }
    kind = st.segmented_control(
        _("Varied copies of your pictures (augmentation)"),
        list(kinds),
        default="auto",
        required=True,
        format_func=kinds.get,
        key="expert-augmentation-kind",
        **KEEP,
    )
    if kind == "chosen":
        return st.multiselect(
            _("Variations"),
            list(AUGMENTATIONS),
            ["crop", "brightness"],
            format_func=lambda name: _(AUGMENTATIONS[name]),
            key="expert-augmentation",
            help=_("Choose only what leaves the meaning alone: a mirrored letter is another letter."),
            **KEEP,
        )
    return ["auto"] if kind == "auto" else []


def _choice(label: str, options: dict[str, str], option: str) -> str:
    return st.selectbox(
        label,
        list(options),
        list(options).index(getattr(Recipe, option)),
        format_func=lambda name: _(options[name]),
        key=f"expert-{option}",
        **KEEP,
    )


def _reset() -> None:
    st.button(_("Back to the defaults"), key="reset-expert", type="tertiary", icon=":material/undo:", on_click=_forget)


def _forget() -> None:
    for key in [key for key in st.session_state if str(key).startswith("expert-")]:
        del st.session_state[key]
