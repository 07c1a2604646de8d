"""What is to be known of the run itself: its curves over the rounds, its settings, what it ran on."""

from pathlib import Path

import streamlit as st

from engine.data.split import SPLITS
from engine.evaluation import results
from engine.evaluation.charts import learning_rate_finder
from engine.evaluation.charts import per_class as charts
from engine.storage import runs
from engine.training.recipe import Recipe
from pages.components.table.table import plain_table
from pages.session.i18n import _, decimal, number
from pages.shared.figures import chart, is_dark
from pages.shared.runs import compare_versions, training_events
from pages.shared.runs.run_list import RunView, duration, local_time, owner_of
from pages.shared.runs.run_table import option_words, value_words


def view(entry: RunView) -> None:
    """Show how the run learned, then all that was chosen for it."""
    curves(entry.folder)
    about(entry)


def curves(folder: Path) -> None:
    """Loss and accuracy of every epoch, or why there are none; the turns it took, and how its rate was found."""
    rows = [row for row in runs.read_metrics(folder) if row["phase"] == "fine_tune"]
    if rows:
        facts = results.evaluation(folder)
        _epochs(rows, _kept_place(rows, facts.get("chosen", "") if facts else ""))
    elif Recipe.from_dict(results.recipe(folder)).fine_tunes:
        st.caption(_("No round of adapting the network was kept, so there is no curve."))
    else:
        st.caption(_("This recipe learns in one step, so there is no curve. Balanced shows one."))
    training_events.show(folder)
    _range_test(folder)


def _kept_place(rows: list[dict], chosen: str) -> int | None:
    """Return which epoch was kept, counted from 1 in the order of `rows`; None where it is none of them."""
    found = [place for place, row in enumerate(rows, 1) if chosen == f"epoch {int(row['epoch'])}"]
    return found[-1] if found else None  # after a new beginning, epochs are numbered anew


def _epochs(rows: list[dict], kept: int | None) -> None:
    words = _(
        "A round shows it every picture for learning once. Loss should fall and accuracy rise; where validation turns "
        "back while training goes on, it learns by heart."
    )
    which = _("The round that did best on the validation pictures is kept.")
    if kept is None:
        which = _("None of them did better on the validation pictures than the model before, which is kept.")
    st.caption(f"{words} {which}")
    left, right = st.columns(2)
    for column, measure in ((left, "loss"), (right, "accuracy")):
        with column:
            figure = charts.curve_figure(rows, measure, kept=kept, dark=is_dark(), _=_)
            chart(figure, f"curve-{measure}", _("Curve over the rounds"))


def _range_test(folder: Path) -> None:
    """How the learning rate was found, where the run found it by itself."""
    found = runs.read_range_test(folder)
    if not found or len(found["rates"]) < 2:
        return
    st.markdown(f"#### {_('How the learning rate was found')}")
    st.caption(
        _(
            "How wrong it was while the steps grew from tiny to huge, on training pictures only. Too small and nothing "
            "is learned; too large and all is lost. The dashed line is the rate that was taken: {rate}."
        ).format(rate=decimal(found["chosen"], "g"))
    )
    figure = learning_rate_finder.range_test_figure(found, dark=is_dark(), _=_)
    chart(figure, "range-test", _("Loss for every learning rate tried, the chosen one marked"))


def about(entry: RunView) -> None:
    """Every choice of the run, how long it took and what it ran on."""
    facts = entry.facts
    counts = facts["counts"]
    lines = {
        **({_("Owner"): owner} if (owner := owner_of(entry.run)) else {}),
        _("Started"): local_time(entry.run.created),
        _("Pictures for learning / choosing / testing"): " / ".join(number(counts[part]) for part in SPLITS),
        _("Model kept"): _kept_words(facts.get("chosen", "")),
        _("Time"): duration(facts["seconds"]["total"]),
        **({_("Computed on"): _hardware_words(facts["hardware"])} if "hardware" in facts else {}),
        **{option_words(option): value_words(option, value) for option, value in _used(_settled(entry)).items()},
        **{name: str(version) for name, version in facts.get("versions", {}).items()},
    }
    columns = {_("What"): list(lines), _("Value"): list(lines.values())}
    plain_table(columns, key="about-run", alt=_("Settings of this run"), whole=True)
    compare_versions.since(entry)


def _settled(entry: RunView) -> dict:
    """Return the recipe with what "automatic" came to in this run."""
    return {**entry.recipe, **{key: entry.facts[key] for key in ("image_size", "fit") if key in entry.facts}}


def _used(recipe: dict) -> dict:
    """Return the options that the recipe acted on."""
    plan = Recipe.from_dict(recipe)
    return {option: value for option, value in recipe.items() if plan.uses(option)}


def _hardware_words(hardware: dict) -> str:
    """Return the machine and the precision that a run used."""
    name = hardware["name"] if hardware["devices"] == 1 else f"{hardware['devices']} × {hardware['name']}"
    if hardware["precision"] == "float32":
        return _("{name}, in single precision (float32)").format(name=name)
    return _("{name}, in mixed precision (bfloat16; weights, last step and loss in float32)").format(name=name)


def _kept_words(chosen: str) -> str:
    if chosen == "probe":
        return _("The one in which only the last step learned")
    return _("Fine-tuned, round {n}").format(n=chosen.removeprefix("epoch "))
