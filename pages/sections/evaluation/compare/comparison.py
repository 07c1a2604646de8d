"""Trainings side by side: what differs in their settings, what it cost, where they disagree and who is right."""

from collections.abc import Sequence

import streamlit as st

from engine.data.label_kinds.label_kind import LabelKind
from engine.data.split import SPLITS
from engine.evaluation import compare
from engine.evaluation.charts import comparison as comparison_charts
from engine.evaluation.compare import Comparison, Verdict
from engine.storage import runs
from pages.components.gallery import gallery
from pages.components.probabilities import percent as probability
from pages.components.table.table import plain_table
from pages.sections.evaluation.compare import leaderboard
from pages.sections.evaluation.mistakes import delta, fixable_gallery
from pages.session.i18n import _, number
from pages.session.safe_text import md_escape
from pages.shared import page, percentages
from pages.shared.dataset import classes, label_kinds
from pages.shared.figures import chart, is_dark
from pages.shared.runs import compare_versions, run_list
from pages.shared.runs.run_list import RunView, duration, name_of
from pages.shared.runs.run_table import option_words, setting_words

MOST, PER_PAGE = 4, 24


def view(entry: RunView, entries: list[RunView]) -> None:
    """Show the leaderboard; then let up to three other trainings stand beside this one."""
    leaderboard.view(entry, entries)
    alike = [one for one in entries if one.facts["task"] == entry.facts["task"]]  # another task is another measure
    others = {one.run.id: one for one in alike if one.run.id != entry.run.id}
    if not others:
        st.caption(_("Train once more, with another network or other settings, and compare the two here."))
        return

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(entry.folder)
        with page.errors_in_words():
            st.markdown(f"#### {_('Side by side')}")
            labels = run_list.distinct({run_id: _label(one) for run_id, one in others.items()})
            chosen = st.multiselect(
                _("Compare {name} with").format(name=md_escape(name_of(entry))),
                list(others),
                default=next(iter(others)),
                format_func=lambda run_id: labels.get(run_id, run_id),
                max_selections=MOST - 1,
                key=f"compare-with-{entry.run.id}",
            )
            if chosen:
                _show([entry, *(others[run_id] for run_id in chosen)])

    part()


def _label(entry: RunView) -> str:
    return f"{name_of(entry)} · {run_list.accuracy_words(entry.facts)} · {run_list.local_time(entry.run.created)}"


def _show(entries: list[RunView]) -> None:
    folders, names = [one.folder for one in entries], [name_of(one) for one in entries]
    found = compare.compare(folders)
    _what_differs(entries, found, names)
    _settings(entries, found)
    if found.pictures:
        for place in range(1, len(entries)):
            _pair(found, names, place)
        st.markdown(f"#### {_('Class by class')}")
        st.caption(_("How much of each class is recognised, of the test pictures they share."))
        rows = sorted(found.per_class(), key=lambda row: min(row["recall"]) - max(row["recall"]))
        figure = comparison_charts.recalls_figure(rows, names, dark=is_dark())
        chart(figure, "compare-classes", _("Recall of every class, one mark a training"))
    _curves(entries, names)
    if found.pictures:
        _disagreements(found, names)


def _what_differs(entries: list[RunView], found: Comparison, names: Sequence[str]) -> None:
    """Never compare different pictures silently."""
    if compare.same_test([one.folder for one in entries]):
        st.caption(f":material/balance: {_('Measured on the same test pictures: their numbers can be compared.')}")
        return
    words = _(
        "Their test pictures, or the classes of some, are not the same. Only pictures they share are compared here."
    )
    if not found.pictures:
        words = _("They share no test picture: nothing of what they reached can be compared.")
    st.warning(f"{words} {delta.basis_words(found, names)}", icon=":material/warning:")
    for one in entries[1:]:
        older, newer = sorted((entries[0], one), key=lambda entry: entry.run.created)
        answer = compare_versions.difference(one.run.dataset_id, older, newer)
        changes = compare_versions.in_words(answer.result(timeout=30))
        named = {"old": md_escape(name_of(older)), "new": md_escape(name_of(newer))}
        st.caption(_("From {old} to {new}: {changes}.").format(**named, changes=changes))


def _settings(entries: list[RunView], found: Comparison) -> None:
    """A column a training: what it reached on the shared pictures, what it cost, and the settings that differ."""
    recipes = [{**one.recipe, **delta.settled(one)} for one in entries]
    costs = [compare.cost(one.folder) for one in entries]
    lines = {}
    if found.pictures:
        shared = enumerate(zip(found.accuracies(), entries, strict=True))
        lines[_("Accuracy on the shared pictures")] = [_share(found, place, share) for place, (share, _one) in shared]
    lines[_("Pictures for learning / choosing / testing")] = [
        " / ".join(number(one.facts["counts"][split]) for split in SPLITS) for one in entries
    ]
    for option in run_list.differing_options(recipes):
        lines[option_words(option)] = [setting_words(recipe, option) for recipe in recipes]
    lines[_("Time")] = [duration(cost["seconds"]) for cost in costs]
    lines[_("Size of the model")] = [leaderboard.megabytes(cost["model_mb"]) for cost in costs]
    lines[_("Pictures per second")] = [_speed(cost["images_per_second"]) for cost in costs]
    columns = {_("What"): list(lines)}
    for place, one in enumerate(entries):
        title = name_of(one)
        columns[title if title not in columns else f"{title} ({place + 1})"] = [row[place] for row in lines.values()]
    plain_table(columns, key="compare-settings", alt=_("What the trainings reached, what they cost and what differs"))


def _share(found: Comparison, place: int, share: float) -> str:
    return percentages.with_interval(share, found.interval(place))


def _speed(rate: float | None) -> str:
    return "–" if not rate else number(round(rate))


def _pair(found: Comparison, names: Sequence[str], place: int) -> None:
    """Say in words whether this training is better than another one by more than chance."""
    ours, theirs = len(found.turned_right(place, 0)), len(found.turned_wrong(place, 0))
    if not ours and not theirs:
        words = _("{name} and {other} get the very same pictures right.")
        st.markdown(words.format(name=md_escape(names[0]), other=md_escape(names[place])))
        return
    words = _("Right only with {name}: {ours}. Right only with {other}: {theirs}.").format(
        ours=number(ours), name=md_escape(names[0]), theirs=number(theirs), other=md_escape(names[place])
    )
    st.markdown(f"{words} {delta.chance_words(found.chance(place, 0), by_groups=found.by_groups)}")


def _curves(entries: list[RunView], names: Sequence[str]) -> None:
    """Curves over each other; a recipe that learns in one step has none."""
    curves = [
        (name, [row for row in runs.read_metrics(one.folder) if row["phase"] == "fine_tune"])
        for name, one in zip(names, entries, strict=True)
    ]
    if not any(rows for _name, rows in curves):
        return
    st.markdown(f"#### {_('Curves')}")
    left, right = st.columns(2)
    for column, measure in ((left, "loss"), (right, "accuracy")):
        with column:
            figure = comparison_charts.curves_figure(curves, measure, dark=is_dark(), _=_)
            chart(figure, f"compare-{measure}", _("Curve over the rounds"))
    st.caption(_("On the validation pictures. A training that learns in one step has no curve."))


def _disagreements(found: Comparison, names: Sequence[str]) -> None:
    """The pictures that the trainings answer differently, by who is right."""
    st.markdown(f"#### {_('Where they disagree')}")
    rows = found.disagreements()
    kinds = {"all": (_("All"), rows)}
    for place, name in enumerate(names):
        only = [one for one in rows if one.right[place] and sum(one.right) == 1]
        kinds[str(place)] = (_("Only {name} is right").format(name=md_escape(name)), only)
    kinds["none"] = (_("Nobody is right"), [one for one in rows if not any(one.right)])
    titles = {kind: f"{title} ({number(len(own))})" for kind, (title, own) in kinds.items() if own}
    if not titles:
        st.caption(_("They give every picture the same answer."))
        return
    # Other offers are another control: a remembered choice that is gone would be an error.
    kind = page.choice(_("Who is right"), titles, key=f"compare-who-{'-'.join(titles)}")
    chosen = kinds[kind][1]
    start = gallery.page_of(len(chosen), key=f"compare-page-{kind}", per_page=PER_PAGE)
    shown = chosen[start : start + PER_PAGE]
    tiles = [_tile(one, found.label_kind) for one in shown]
    fixable_gallery.gallery_to_fix(shown, tiles, key="compare-gallery", size=170)


def _tile(one: Verdict, label_kind: LabelKind) -> gallery.Tile:
    pairs = zip(one.answers, one.probabilities, strict=True)
    said = (f"{classes.in_words(answer, label_kind)} {probability(p)}" for answer, p in pairs)
    return gallery.Tile(
        one.item,
        gallery.thumbnail_url(one.sha256),
        " / ".join(said),
        label_kinds.of_task(label_kind.TASK).note(one.label),
        "good" if one.right[0] else "bad",
    )
