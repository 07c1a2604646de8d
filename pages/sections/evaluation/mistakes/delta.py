"""What a training on corrected pictures changed: which pictures turned right and wrong, and is it more than chance."""

from collections.abc import Sequence

import streamlit as st

from engine import graft
from engine.data.label_kinds.label_kind import LabelKind
from engine.evaluation import compare
from engine.evaluation.charts import comparison as comparison_charts
from engine.evaluation.compare import Comparison, Verdict
from engine.evaluation.reliability import selective
from engine.storage import runs
from pages.components.gallery import gallery
from pages.components.probabilities import percent
from pages.sections.evaluation.mistakes import fixable_gallery
from pages.session import worker_answers
from pages.session.i18n import _, number, plural
from pages.session.safe_text import md_escape, set_off
from pages.shared import page, percentages
from pages.shared.dataset import classes, label_kinds
from pages.shared.figures import chart, is_dark
from pages.shared.runs import compare_versions, run_list
from pages.shared.runs.run_list import RunView, name_of
from pages.shared.runs.run_table import option_words, setting_words

PER_PAGE = 24


def earlier(entry: RunView) -> RunView | None:
    """Return the run that this one repeats on corrected pictures, None where there is none (any more)."""
    run_id = runs.earlier(entry.folder)
    run = graft.current().registry.run(run_id) if run_id else None
    found = run_list.view(run) if run is not None and run.project_id == entry.run.project_id else None
    if found is None or found.evaluation is None or found.recipe.get("task", "one") != entry.recipe.get("task", "one"):
        return None
    return found


def view(entry: RunView, before: RunView) -> None:
    """Say what changed in one sentence, then show the pictures behind it."""

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(entry.folder)
        with page.errors_in_words():
            found = compare.compare([before.folder, entry.folder])
            if not found.pictures:
                st.caption(_("The two trainings share no test picture, so they cannot be compared."))
                return
            st.markdown(f"#### {headline(found)}")
            st.markdown(turned_words(found))
            st.caption(basis_words(found, [name_of(before), name_of(entry)]))
            _corrections(before, entry)
            _other_settings(before, entry)
            _answers_alike(before, entry)
            _pictures(found, entry)
            _classes(found, [name_of(before), name_of(entry)])

    part()


def _corrections(before: RunView, entry: RunView) -> None:
    """Say what was changed in the pictures between the two."""
    found = compare_versions.difference(entry.run.dataset_id, before, entry)
    words = _("Between the two: {changes}.")

    def show(answer) -> None:
        changed = answer.result()
        told = words.format(changes=compare_versions.in_words(changed)) if changed else _("The pictures are the same.")
        st.caption(f":material/edit: {told}")
        if changed and not changed.touches("train") and not changed.touches("validation"):
            st.caption(_("Only test pictures changed: the model has learned from the same pictures as before."))

    worker_answers.when_ready(found, show, waiting=st.empty, key="delta-corrections")


def _other_settings(before: RunView, entry: RunView) -> None:
    """Say what else is different: then it is not the pictures alone that made the difference."""
    recipes = [{**one.recipe, **settled(one)} for one in (before, entry)]
    parts = [
        f"{option_words(option)}: {' → '.join(md_escape(setting_words(one, option)) for one in recipes)}"
        for option in run_list.differing_options(recipes)
    ]
    parts += [
        _("{name} was stopped early").format(name=md_escape(name_of(one)))
        for one in (before, entry)
        if one.state == "stopped"
    ]
    if parts:
        words = _("The settings are not the same: {settings}. What is said here is the effect of all of it together.")
        st.warning(words.format(settings="; ".join(parts)), icon=":material/tune:")


def settled(entry: RunView) -> dict:
    """Return what "automatic" came to in a run."""
    return {key: entry.facts[key] for key in ("image_size", "fit") if key in entry.facts}


def _answers_alike(before: RunView, entry: RunView) -> None:
    """Say that what somebody chose about the answers came along."""
    told = selective.read(entry.folder)
    if told != selective.Answering() and told == selective.read(before.folder):
        words = _("It answers as the training before it was told to: what mistakes cost was taken over.")
        st.caption(f":material/tune: {words}")


def headline(found: Comparison) -> str:
    """Return "By the classes of today, it is right 92 times in 100; before, it was 88."."""
    before, after = (percentages.per_hundred(share) for share in found.accuracies())
    words = _("By the classes of today, it is right {after} times in 100; before, it was {before}.")
    return words.format(after=after, before=before)


def turned_words(found: Comparison, old: int = 0, new: int = 1) -> str:
    """Return how many pictures turned right and wrong, and whether that is more than chance."""
    right, wrong = len(found.turned_right(old, new)), len(found.turned_wrong(old, new))
    if not right and not wrong:
        return _("Not one picture turned right or wrong.")
    turned = _("{right} turned right, {wrong} turned wrong.").format(right=number(right), wrong=number(wrong))
    return f"{turned} {chance_words(found.chance(old, new), by_groups=found.by_groups)}"


def chance_words(p: float, *, by_groups: bool = False) -> str:
    """Return McNemar's exact test, or that of whole groups, in words."""
    if by_groups:
        return _groups_words(p)
    if p < compare.CHANCE:
        words = _(
            "**More than chance:** if both were equally good, so uneven a result would come up about 1 time in {n} "
            "(McNemar's exact test)."
        )
        return words.format(n=number(compare.odds(p)))
    words = _(
        "**This may be chance:** even if both were equally good, so uneven a result would come up {share} times in 100 "
        "(McNemar's exact test)."
    )
    return words.format(share=percentages.per_hundred(p))


def _groups_words(p: float) -> str:
    if p < compare.CHANCE:
        words = _(
            "**More than chance:** if both were equally good, so uneven a result would come up about 1 time in {n} "
            "(whole groups change sides, since the pictures of one stand or fall together)."
        )
        return words.format(n=number(compare.odds(p)))
    words = _(
        "**This may be chance:** even if both were equally good, so uneven a result would come up {share} times in 100 "
        "(whole groups change sides, since the pictures of one stand or fall together)."
    )
    return words.format(share=percentages.per_hundred(p))


def basis_words(found: Comparison, names: Sequence[str]) -> str:
    """Return which pictures the comparison rests on, and what is different between the test sets."""
    parts = [
        plural(
            "Compared on the {n} test picture that all were measured on.",
            "Compared on the {n} test pictures that all were measured on.",
            len(found.pictures),
        )
    ]
    for name, left_out in zip(names, found.left_out, strict=True):
        if left_out:
            pictures = plural("{n} test picture", "{n} test pictures", left_out)
            words = _("Left out, as not all were measured on them: {pictures} of {name}.")
            parts.append(words.format(pictures=pictures, name=md_escape(name)))
    if found.relabelled:
        parts.append(
            plural(
                "{n} of them has another class now; the newest class decides what is right.",
                "{n} of them have another class now; the newest class decides what is right.",
                found.relabelled,
            )
        )
    for old, new in found.renamed.items():
        parts.append(_("{old} is now called {new}.").format(old=md_escape(old), new=md_escape(new)))
    for old, parted in found.divided.items():
        words = _("{old} was divided into {classes}: where an older training says {old}, that counts as wrong now.")
        parts.append(words.format(old=set_off(old), classes=", ".join(map(set_off, parted))))
    return " ".join(parts)


def _pictures(found: Comparison, entry: RunView) -> None:
    kinds = {
        "right": (_("Turned right ({n})"), found.turned_right()),
        "wrong": (_("Turned wrong ({n})"), found.turned_wrong()),
        "still": (_("Still wrong ({n})"), found.still_wrong()),
    }
    filled = {kind: title.format(n=number(len(rows))) for kind, (title, rows) in kinds.items() if rows}
    if not filled:
        return
    kind = page.choice(_("Which pictures"), filled, key=f"delta-kind-{entry.run.id}")
    rows = kinds[kind][1]
    start = gallery.page_of(len(rows), key=f"delta-page-{kind}-{entry.run.id}", per_page=PER_PAGE)
    shown = rows[start : start + PER_PAGE]
    tiles = [_tile(one, found.label_kind) for one in shown]
    fixable_gallery.gallery_to_fix(shown, tiles, key=f"delta-{kind}", size=140)


def _tile(one: Verdict, label_kind: LabelKind) -> gallery.Tile:
    before, after = (classes.in_words(answer, label_kind) for answer in one.answers)
    answer = f"{before} → {after}" if before != after else after
    return gallery.Tile(
        one.item,
        gallery.thumbnail_url(one.sha256),
        f"{answer} ({percent(one.probabilities[1])})",
        label_kinds.of_task(label_kind.TASK).note(one.label),
        "good" if one.right[1] else "bad",
    )


def _classes(found: Comparison, names: list[str]) -> None:
    """Each class up or down; those that stayed are counted."""
    rows = found.per_class()
    moved = [row for row in rows if row["recall"][0] != row["recall"][1]]
    st.markdown(f"#### {_('Class by class')}")
    if not moved:
        st.caption(_("No class went up or down."))
        return
    up = sum(row["recall"][1] > row["recall"][0] for row in moved)
    words = [
        plural("{n} class went up", "{n} classes went up", up),
        plural("{n} went down", "{n} went down", len(moved) - up),
        plural("{n} stayed", "{n} stayed", len(rows) - len(moved)),
    ]
    st.caption(" · ".join(words) + ". " + _("How much of each class is recognised, of the test pictures both share:"))
    moved.sort(key=lambda row: row["recall"][1] - row["recall"][0])
    every = [row["class"] for row in rows]
    figure = comparison_charts.recalls_figure(moved, names, among=every, dark=is_dark())
    chart(figure, "delta-classes", _("Recall of every class before and after"))
