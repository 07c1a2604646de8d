"""Parts of the Results page: numbers per class, before and after training, curves over the rounds, the run itself."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from engine.data.split import SPLITS
from engine.evaluation import results
from engine.evaluation.charts import learning_rate_finder
from engine.evaluation.charts import per_class as charts
from engine.storage import runs
from engine.storage.evaluation import Evaluation
from engine.training.recipe import Recipe
from pages.components.table.table import Cell, Column, Row, Table, plain_table, show_table
from pages.session.i18n import _, decimal, number
from pages.shared import page
from pages.shared.figures import chart, is_dark
from pages.shared.percentages import with_interval
from pages.shared.runs import compare_versions, training_events
from pages.shared.runs.run_list import RunView, duration, local_time, owner_of
from pages.shared.runs.run_table import option_words, value_words


def per_class(facts: Evaluation) -> None:
    """Bars of precision, recall and F1 in the order a person chooses, and the same as a table with intervals."""
    orders = {
        "worst": (_("Weakest first"), lambda row: row["f1"]),
        "name": (_("By name"), lambda row: row["class"].casefold()),
        "size": (_("Largest first"), lambda row: -row["support"]),
    }
    order = page.choice(_("Order"), {name: words for name, (words, _key) in orders.items()}, key="class-order")
    key = orders[order][1]
    # What was never tested is not weak: it comes last.
    rows = sorted(results.per_class(facts), key=lambda row: (not row["support"], key(row)))
    st.caption(
        _(
            "Recall: of the pictures of a class, how many it finds. Precision: of those it calls so, how many are. "
            "F1 is high only when both are. In brackets: test pictures of the class."
        )
    )
    chart(charts.per_class_figure(rows, dark=is_dark(), _=_), "per-class", _("Precision, recall and F1 of every class"))
    with st.expander(_("How sure these numbers are"), icon=":material/table_rows:"):
        st.caption(_("In brackets: where each would lie with other pictures of the same kind, 19 times in 20."))
        show_table(_class_table(rows), key="per-class-table")


def _class_table(rows: Sequence[Mapping]) -> Table:
    kinds = {"recall": _("Recall"), "precision": _("Precision"), "f1": "F1"}
    columns = [
        Column(_("Class")),
        *(Column(title, number=True) for title in kinds.values()),
        Column(_("Test pictures"), number=True),
    ]
    alt = _("Recall, precision and F1 of every class with their intervals")
    return Table(columns, [Row(_class_cells(row, kinds)) for row in rows], alt)


def _class_cells(row: Mapping, kinds: Iterable[str]) -> list[Cell]:
    if not row["support"]:
        return [Cell(row["class"]), *(Cell("–", -1.0) for _kind in kinds), Cell(_("no test pictures"), 0)]
    shares = ((row[kind], row[f"{kind}_interval"]) for kind in kinds)
    # From nothing to all is the interval of no picture: a class that is never called has no precision.
    cells = (Cell("–" if tuple(ends) == (0, 1) else with_interval(share, ends), share) for share, ends in shares)
    return [Cell(row["class"]), *cells, Cell(number(row["support"]), row["support"])]


def before_and_after(facts: Evaluation) -> None:
    """How much of each class the network recognised before and after it learned from these pictures."""
    rows = [row for row in facts["per_class"] if row.get("before_recall") is not None and row["support"]]
    if not rows:
        st.caption(_("This run was not measured before its training."))
        return
    st.markdown(f"#### {_('Before and after training')}")
    st.caption(_("Share of each class that is recognised: the network as it came, and after your training."))
    rows = sorted(rows, key=lambda row: row["before_recall"] - row["recall"])
    figure = charts.before_and_after_figure(rows, dark=is_dark(), _=_)
    chart(figure, "before-after", _("Recall of every class before and after training"))


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
