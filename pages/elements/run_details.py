"""The parts of the Results page below the matrix: per class, per group, before and after, curves, mistakes, the run."""

from pathlib import Path

import streamlit as st

from engine import runs
from engine.evaluation import charts, results
from engine.training.recipe import Recipe
from pages.elements import page
from pages.elements.confusion import tiles
from pages.elements.gallery import gallery, page_of
from pages.elements.i18n import _, decimal
from pages.elements.names import md_escape
from pages.elements.run_list import RunView, duration, local_time, owner_of
from pages.elements.run_table import option_words, value_words
from pages.elements.table import plain_table

QUIET = {"displayModeBar": False}
PER_PAGE = 24


def per_class(facts: dict) -> None:
    """Bars of precision, recall and F1 in the order a person chooses."""
    orders = {
        "worst": (_("Weakest first"), lambda row: row["f1"]),
        "name": (_("By name"), lambda row: row["class"].casefold()),
        "size": (_("Largest first"), lambda row: -row["support"]),
    }
    order = page.choice(_("Order"), {name: words for name, (words, _key) in orders.items()}, key="class-order")
    rows = sorted(facts["per_class"], key=orders[order][1])
    st.caption(
        _(
            "Recall: of the pictures of a class, how many it finds. Precision: of those it calls so, how many are. "
            "F1 is high only when both are. In brackets: test pictures of the class."
        )
    )
    _chart(charts.per_class_figure(rows, dark=_dark(), _=_), "per-class", _("Precision, recall and F1 of every class"))


def before_and_after(facts: dict) -> None:
    """How much of each class the network recognised before and after it learned from these pictures."""
    rows = [row for row in facts["per_class"] if row.get("before_recall") is not None]
    if not rows:
        st.caption(_("This run was not measured before its training."))
        return
    st.caption(_("Share of each class that is recognised: the pretrained network as it came, and after your training."))
    rows = sorted(rows, key=lambda row: row["before_recall"] - row["recall"])
    figure = charts.before_and_after_figure(rows, dark=_dark(), _=_)
    _chart(figure, "before-after", _("Recall of every class before and after training"))


def groups(facts: dict) -> None:
    """Accuracy per group with interval and number of pictures, as bars and as a table."""
    rows = sorted(facts["groups"], key=lambda row: row["accuracy"])
    best, worst = rows[-1], rows[0]
    if best["interval"][0] > worst["interval"][1]:
        words = _("{worst} is clearly weaker than {best}: their intervals do not overlap.")
        st.warning(words.format(worst=_bold(worst["group"]), best=_bold(best["group"])), icon=":material/balance:")
    figure = charts.groups_figure(rows, dark=_dark(), _=_)
    _chart(figure, "groups", _("Accuracy of every group with its interval"))
    columns = {
        _("Group"): [row["group"] for row in rows],
        _("Accuracy"): [f"{decimal(100 * row['accuracy'])} %" for row in rows],
        _("Likely between"): [f"{100 * low:.0f}–{100 * high:.0f} %" for low, high in (row["interval"] for row in rows)],
        _("Test pictures"): [str(row["support"]) for row in rows],
    }
    if all(row.get("before_accuracy") is not None for row in rows):
        columns[_("Before training")] = [f"{decimal(100 * row['before_accuracy'])} %" for row in rows]
    plain_table(columns, key="groups-table", alt=_("Accuracy of every group"))


def mistakes(folder: Path) -> None:
    """The wrong answers of which the model was most sure: often a wrong label, or something it cannot know."""
    rows = results.confident_mistakes(results.predictions(folder), limit=200)
    if not rows:
        st.caption(_("Not a single mistake on the test pictures."))
        return
    st.caption(
        _("Wrong, and sure of it. Look here first: a label may be wrong, or pictures of this kind may be missing.")
    )
    start = page_of(len(rows), key=f"mistakes-page-{folder.name}", per_page=PER_PAGE)
    gallery(tiles(rows[start : start + PER_PAGE]), key="mistakes", size=128)


def curves(folder: Path) -> None:
    """Loss and accuracy of every epoch."""
    rows = [row for row in runs.read_metrics(folder) if row["phase"] == "fine_tune"]
    if not rows:
        st.caption(_("This recipe learns in one step, so there is no curve. Balanced shows one."))
        return
    left, right = st.columns(2)
    for column, measure in ((left, "loss"), (right, "accuracy")):
        with column:
            _chart(
                charts.curve_figure(rows, measure, dark=_dark(), _=_), f"curve-{measure}", _("Curve over the epochs")
            )


def about(entry: RunView) -> None:
    """Every choice of the run, how long it took and what it ran on."""
    facts = entry.facts
    counts = facts["counts"]
    lines = {
        **({_("Owner"): owner} if (owner := owner_of(entry.run)) else {}),
        _("Started"): local_time(entry.run.created),
        _(
            "Pictures for learning / choosing / testing"
        ): f"{counts['train']} / {counts['validation']} / {counts['test']}",
        _("Model kept"): _kept_words(facts.get("chosen", "")),
        _("Time"): duration(facts["seconds"]["total"]),
        **{option_words(option): value_words(option, value) for option, value in _used(_settled(entry)).items()},
        **{name: str(version) for name, version in facts.get("versions", {}).items()},
    }
    columns = {_("What"): list(lines), _("Value"): list(lines.values())}
    plain_table(columns, key="about-run", alt=_("Settings of this run"))


def _settled(entry: RunView) -> dict:
    """Return the recipe with what "automatic" came to in this run."""
    return {**entry.recipe, **{key: entry.facts[key] for key in ("image_size", "fit") if key in entry.facts}}


def _used(recipe: dict) -> dict:
    """Return the options that the recipe acted on."""
    plan = Recipe.from_dict(recipe)
    return {option: value for option, value in recipe.items() if plan.uses(option)}


def _kept_words(chosen: str) -> str:
    if chosen == "probe":
        return _("The one in which only the last step learned")
    return _("Fine-tuned, epoch {n}").format(n=chosen.removeprefix("epoch "))


def _chart(figure, key: str, words: str) -> None:
    st.plotly_chart(figure, key=key, config=QUIET, alt=words)


def _dark() -> bool:
    return st.context.theme.type == "dark"


def _bold(name: str) -> str:
    return f"**{md_escape(name)}**"
