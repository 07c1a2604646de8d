"""Expert settings: every choice of a recipe as a control. Only what the recipe acts on is shown."""

from dataclasses import replace

import streamlit as st

from engine.backbones import catalogue
from engine.training.recipe import AUGMENTATIONS, BALANCINGS, FITS, HEADS, MIXINGS, OPTIMIZERS, OUTPUTS, Recipe
from pages.elements import page
from pages.elements.i18n import _, decimal

LEARNING_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
BATCH_SIZES = (8, 16, 32, 64, 128, 256)
STRENGTHS = (None, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
KEEP = {"persist_state": "session"}


def settings(
    name: str, backbone: str, class_balancing: str = Recipe.class_balancing, *, two_classes: bool = False
) -> dict:
    """Show the controls and return the recipe they make, without what it would ignore.

    class_balancing: how this project balances classes unless somebody chooses otherwise here. two_classes: whether
    there are exactly two, of which a picture shows one.
    """
    pictures, head, steps = st.columns(3, gap="medium")
    chosen = {"name": name, "backbone": backbone}
    with pictures:
        st.markdown(f"**{_('Pictures')}**")
        chosen |= _pictures(Recipe.from_dict({**chosen, "class_balancing": class_balancing}))
    with head:
        st.markdown(f"**{_('Head: what learns your classes')}**")
        chosen |= _head(Recipe.from_dict(chosen))
        if two_classes:
            chosen["output"] = _choice(_("Output"), OUTPUTS, "output")
    with steps:
        st.markdown(f"**{_('Steps')}**")
        chosen |= _steps(Recipe.from_dict(chosen))
    return chosen


def _pictures(plan: Recipe) -> dict:
    default, smallest, largest = catalogue.info(plan.backbone).image_sizes
    if smallest == largest:
        st.caption(_("Pictures of {n} pixels, as this network was trained.").format(n=default))
        return {"image_size": None, **_fitting(plan)}
    size = st.number_input(
        _("Picture size in pixels"),
        smallest,
        largest,
        None,
        step=16,
        # One control a network: each has its own limits.
        key=f"expert-size-{plan.backbone}",
        placeholder=_("{n}, the network's own").format(n=default),
        help=_("Larger pictures show more detail and take longer: twice the side costs four times the time."),
        **KEEP,
    )
    return {"image_size": size, **_fitting(plan)}


def _fitting(plan: Recipe) -> dict:
    fit = _choice(_("Pictures that are not square"), FITS, "fit")
    balancing = _choice(_("Classes of different size"), BALANCINGS, "class_balancing", plan.class_balancing)
    augmentation = {"augmentation": _augmentation()} if plan.uses("augmentation") else {}
    return {"fit": fit, "class_balancing": balancing, **augmentation}


def _augmentation() -> list[str]:
    kinds = {"auto": _("Automatic"), "chosen": _("Choose"), "none": _("None")}
    kind = page.choice(
        _("Varied copies (augmentation)"),
        kinds,
        key="expert-augmentation-kind",
        label_visibility="visible",
        help=_("Automatic tries on your own pictures which variations are safe for them."),
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


def _head(plan: Recipe) -> dict:
    chosen = {"head": _choice(_("Layers"), HEADS, "head")}
    if chosen["head"] == "hidden":
        units = (16, 32, 64, 128, 256, 512, 1024)
        chosen["hidden_units"] = st.select_slider(
            _("Units in the hidden layer"), units, Recipe.hidden_units, key="expert-hidden_units", **KEEP
        )
    if replace(plan, head=chosen["head"]).uses("dropout"):
        chosen["dropout"] = st.slider(_("Dropout"), 0.0, 0.9, Recipe.dropout, 0.05, key="expert-dropout", **KEEP)
    chosen["l2"] = _strength(_("L2 (large weights cost)"), STRENGTHS, "l2")
    chosen["l1"] = _strength(_("L1 (every weight costs)"), (0.0, *STRENGTHS[1:]), "l1")
    return chosen


def _strength(label: str, values: tuple, option: str) -> float | None:
    return st.select_slider(
        label,
        values,
        getattr(Recipe, option),
        format_func=lambda value: _("automatic") if value is None else decimal(value, "g"),
        key=f"expert-{option}",
        **KEEP,
    )


def _steps(plan: Recipe) -> dict:
    chosen: dict = {}
    if plan.uses("freeze_depth"):
        chosen["freeze_depth"] = _freeze_depth()
    if plan.uses("learning_rate"):
        chosen |= _fine_tuning()
    if replace(plan, **chosen).uses("mixing"):
        chosen["mixing"] = _choice(_("Mixed pictures"), MIXINGS, "mixing")
    seed = st.number_input(
        _("Seed"),
        0,
        2**31 - 1,
        0,
        key="expert-seed",
        help=_("The same seed, pictures and settings give the same model again."),
        **KEEP,
    )
    _reset()
    return {**chosen, "seed": seed}


def _freeze_depth() -> float:
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
    return percent / 100


def _fine_tuning() -> dict:
    optimizer = _choice(_("Optimizer"), OPTIMIZERS, "optimizer")
    rate = st.select_slider(
        _("Learning rate"),
        LEARNING_RATES,
        Recipe.learning_rate,
        format_func=lambda rate: decimal(rate, "g"),
        key="expert-rate",
        **KEEP,
    )
    batch = st.select_slider(_("Batch size"), BATCH_SIZES, Recipe.batch_size, key="expert-batch_size", **KEEP)
    epochs = st.slider(_("Epochs (times through all pictures)"), 1, 60, Recipe.epochs, key="expert-epochs", **KEEP)
    patience = st.slider(
        _("Ends after so many epochs without a better one"), 1, 60, Recipe.patience, key="expert-patience", **KEEP
    )
    return {
        "optimizer": optimizer,
        "learning_rate": rate,
        "batch_size": batch,
        "epochs": epochs,
        "patience": patience,
    }


def _choice(label: str, options: dict[str, str], option: str, default: str | None = None) -> str:
    usual = getattr(Recipe, option)
    default = default if default in options else usual
    return st.selectbox(
        label,
        list(options),
        list(options).index(default),
        format_func=lambda name: _(options[name]),
        # Another default is another control: what was remembered for one project says nothing about the next.
        key=f"expert-{option}" if default == usual else f"expert-{option}-{default}",
        **KEEP,
    )


def _reset() -> None:
    st.button(_("Back to the defaults"), key="reset-expert", type="tertiary", icon=":material/undo:", on_click=forget)


def forget(option: str = "") -> None:
    """Let a control begin with its default again, which may be another one now; without `option`, all of them."""
    for key in [key for key in st.session_state if str(key).startswith(f"expert-{option}")]:
        del st.session_state[key]
