"""Expert settings: every choice of a recipe as a control. Only what the recipe acts on is shown."""

from dataclasses import replace
from typing import Any

import streamlit as st

from engine.backbones import catalogue, custom
from engine.training.recipe import (
    AUGMENTATIONS,
    BALANCINGS,
    FITS,
    HEADS,
    MIXINGS,
    OPTIMIZERS,
    OUTPUTS,
    POOLINGS,
    Recipe,
    own_size,
)
from pages.session import modality
from pages.session.i18n import _, decimal
from pages.shared import page
from pages.shared.recipe_choices import FORGOTTEN, forget

LEARNING_RATES = (None, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 1e-2, 3e-2, 1e-1)
EARLY_RATES = (0.05, 0.1, 0.2, 0.5, 1.0)
BATCH_SIZES = (8, 16, 32, 64, 128, 256)
STRENGTHS = (None, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
KEEP: dict[str, Any] = {"persist_state": "session"}


def settings(
    name: str, backbone: str, class_balancing: str = Recipe.class_balancing, *, two_classes: bool = False
) -> dict:
    """Show the controls and return the recipe they make, without what it would ignore.

    class_balancing: how this project balances classes unless somebody chooses otherwise here. two_classes: whether
    there are exactly two, of which a picture shows one.
    """
    pictures, head, steps = st.columns(3, gap="medium")
    chosen = {"name": name, "backbone": _start(name, backbone)}
    with pictures:
        st.markdown(f"**{_('Pictures')}**")
        chosen |= _pictures(Recipe.from_dict({**chosen, "class_balancing": class_balancing}))
    with head:
        st.markdown(f"**{_('Head: what learns your classes')}**")
        chosen["backbone"] = _pooling(backbone, chosen["backbone"])
        chosen |= _head(Recipe.from_dict(chosen))
        if two_classes:
            chosen["output"] = _choice(_("Output"), OUTPUTS, "output")
    with steps:
        st.markdown(f"**{_('Steps')}**")
        chosen |= _steps(Recipe.from_dict(chosen))
    return chosen


def _start(name: str, backbone: str) -> str:
    """Offer to begin with random weights where the whole network can learn; return the key of what it starts from."""
    if backbone != Recipe.backbone or not Recipe(name).fine_tunes:
        return backbone
    from_nothing = st.toggle(
        _("Start from nothing: random weights instead of what Sprout has learned"), key=_named("from_nothing"), **KEEP
    )
    if not from_nothing:
        return backbone
    st.caption(
        _(
            ":material/school: For teaching, or for many pictures unlike any photo. A network that has never seen a "
            "picture needs many more of yours and much more time, and usually ends far below one that has. The first "
            "model, which only learns the last step, sees them through random weights too."
        )
    )
    return catalogue.FROM_NOTHING.key


def _pooling(shown: str, backbone: str) -> str:
    """Ask what the head sees of the network's last map; return the key of the network that ends so."""
    if custom.is_own(shown):
        return backbone
    pooling = st.selectbox(
        _("What it sees"),
        list(POOLINGS),
        format_func=lambda name: _(POOLINGS[name]),
        key=_named("pooling"),
        help=_(
            "The average says what is in a picture, wherever it is. Every place by itself also says where: right for "
            "pictures that are always framed alike, and it wants more of them."
        ),
        **KEEP,
    )
    return catalogue.flattened(backbone) if pooling == "flatten" else backbone


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
        key=_named(f"size-{plan.backbone}"),
        placeholder=_size_words(plan, default),
        help=_("Larger pictures show more detail and take longer: twice the side costs four times the time."),
        **KEEP,
    )
    return {"image_size": size, **_fitting(plan)}


def _size_words(plan: Recipe, default: int) -> str:
    larger = own_size(plan.name, plan.backbone)
    if larger > default:
        return _("{n}, or {smaller} where that takes too long").format(n=larger, smaller=default)
    return _("{n}, the network's own").format(n=default)


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
        key=_named("augmentation-kind"),
        label_visibility="visible",
        help=_("Automatic tries on your own pictures which variations are safe for them."),
        **KEEP,
    )
    if kind == "chosen":
        offered = _offered()
        return st.multiselect(
            _("Variations"),
            offered,
            offered[:2],
            format_func=lambda name: _(AUGMENTATIONS[name]),
            key=_named("augmentation"),
            help=_("Choose only what leaves the meaning alone: a mirrored letter is another letter."),
            **KEEP,
        )
    return ["auto"] if kind == "auto" else []


def _offered() -> list[str]:
    """Return what may be chosen for files of this kind, the usual ones first."""
    of = modality.current().augmentations
    usual = [name for name in ("crop", "brightness", *of.without_asking) if name in {*of.filled, *of.plain}]
    own = {*of.tolerance, *of.stronger, *of.filled, *of.plain}
    return list(dict.fromkeys([*usual, *(name for name in AUGMENTATIONS if name in own or _is_upside_down(name, own))]))


def _is_upside_down(name: str, own: set[str]) -> bool:
    """Turning upside down is never tried, and may be chosen where mirroring may."""
    return name == "flip_vertical" and "flip" in own


def _head(plan: Recipe) -> dict:
    chosen: dict[str, Any] = {"head": _choice(_("Layers"), HEADS, "head")}
    if chosen["head"] == "hidden":
        units = (16, 32, 64, 128, 256, 512, 1024)
        chosen["hidden_units"] = st.select_slider(
            _("Units in the hidden layer"), units, Recipe.hidden_units, key=_named("hidden_units"), **KEEP
        )
    if replace(plan, head=chosen["head"]).uses("dropout"):
        chosen["dropout"] = st.slider(_("Dropout"), 0.0, 0.9, Recipe.dropout, 0.05, key=_named("dropout"), **KEEP)
    chosen["l2"] = _strength(_("L2 (large weights cost)"), STRENGTHS, "l2")
    chosen["l1"] = _strength(_("L1 (every weight costs)"), (0.0, *STRENGTHS[1:]), "l1")
    return chosen


def _strength(label: str, values: tuple, option: str) -> float | None:
    return st.select_slider(
        label,
        values,
        getattr(Recipe, option),
        format_func=lambda value: _("automatic") if value is None else decimal(value, "g"),
        key=_named(option),
        **KEEP,
    )


def _steps(plan: Recipe) -> dict:
    chosen: dict = {}
    if plan.uses("freeze_depth"):
        chosen["freeze_depth"] = _freeze_depth(plan)
    if plan.uses("learning_rate"):
        chosen |= _fine_tuning(plan)
    if replace(plan, **chosen).uses("mixing"):
        chosen["mixing"] = _choice(_("Mixed pictures"), MIXINGS, "mixing", plan.mixing)
    seed = st.number_input(
        _("Seed"),
        0,
        2**31 - 1,
        0,
        key=_named("seed"),
        help=_("The same seed, pictures and settings give the same model again, on the same machine."),
        **KEEP,
    )
    _reset()
    return {**chosen, "seed": seed}


def _freeze_depth(plan: Recipe) -> float:
    percent = st.slider(
        _("Part of the network that stays as it is"),
        0,
        100,
        round(100 * plan.freeze_depth),
        5,
        format="%d %%",
        key=_key("freeze_depth", plan.freeze_depth),
        help=_("100 % trains only the head, 0 % trains everything. With few pictures, keep it high."),
        **KEEP,
    )
    return percent / 100


def _fine_tuning(plan: Recipe) -> dict:
    optimizer = _choice(_("Optimizer"), OPTIMIZERS, "optimizer")
    batch = st.select_slider(_("Batch size"), BATCH_SIZES, Recipe.batch_size, key=_named("batch_size"), **KEEP)
    return {"optimizer": optimizer, **_rates(plan), "batch_size": batch, **_length(plan)}


def _rates(plan: Recipe) -> dict:
    """How large the steps are, and by how much those of the first layers are smaller."""
    rate = st.select_slider(
        _("Learning rate"),
        LEARNING_RATES,
        plan.learning_rate,
        format_func=lambda rate: _("found by a short test") if rate is None else decimal(rate, "g"),
        key=_key("learning_rate", plan.learning_rate),
        help=_(
            "The test tries rates from tiny to huge on some training pictures, forgets what it learned, and takes one "
            "well below the point where learning falls apart. Results shows its curve."
        ),
        **KEEP,
    )
    if not plan.uses("early_rate"):
        return {"learning_rate": rate}
    early = st.select_slider(
        _("The first layers learn at this share of it"),
        EARLY_RATES,
        plan.early_rate,
        format_func=lambda share: f"{share:.0%}",
        key=_key("early_rate", plan.early_rate),
        help=_("The first layers see edges and colours, which serve most pictures as they are: small steps keep them."),
        **KEEP,
    )
    return {"learning_rate": rate, "early_rate": early}


def _length(plan: Recipe) -> dict:
    epochs = st.slider(
        _("Epochs (times through all pictures)"), 1, 60, plan.epochs, key=_key("epochs", plan.epochs), **KEEP
    )
    patience = st.slider(
        _("Ends after so many epochs without a better one"),
        1,
        60,
        plan.patience,
        key=_key("patience", plan.patience),
        **KEEP,
    )
    return {"epochs": epochs, "patience": patience}


def _key(option: str, default) -> str:
    """Return the key of a control: another default is another control, with a memory of its own."""
    return _named(option) if default == getattr(Recipe, option) else _named(option, f"-{default}")


def _named(option: str, variant: str = "") -> str:
    """Return a key that no control had before its option was forgotten: the browser remembers values by their keys."""
    times = st.session_state.get(FORGOTTEN, {})
    again = times.get("", 0) + times.get(option, 0)
    return f"expert-{option}{variant}" + (f"-again{again}" if again else "")


def _choice(label: str, options: dict[str, str], option: str, default: str | None = None) -> str:
    usual = getattr(Recipe, option)
    default = default if default in options else usual
    return st.selectbox(
        label,
        list(options),
        list(options).index(default),
        format_func=lambda name: _(options[name]),
        key=_key(option, default),
        **KEEP,
    )


def _reset() -> None:
    st.button(_("Back to the defaults"), key="reset-expert", type="tertiary", icon=":material/undo:", on_click=forget)
