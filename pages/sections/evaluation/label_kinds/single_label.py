"""What pages show of a run whose pictures show one class each."""

from functools import partial

from engine.evaluation.honest_number import HonestNumber
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation import groups, learning_curve, run_details
from pages.sections.evaluation.compare import comparison, delta
from pages.sections.evaluation.confusions import galleries, prediction_map
from pages.sections.evaluation.confusions.confusion import show_confusion
from pages.sections.evaluation.explain import mean_heat_map
from pages.sections.evaluation.headline import honest_number
from pages.sections.evaluation.headline.honest_number import headline as headline
from pages.sections.evaluation.reliability import abstention, calibration, class_threshold, robustness
from pages.sections.evaluation.reliability.decision_rule import note as note
from pages.sections.evaluation.tabs import Tab
from pages.sections.try_it.single_label_answer import heard as heard
from pages.sections.try_it.single_label_answer import say as say
from pages.sections.try_it.single_label_answer import tried_note as tried_note
from pages.session.i18n import _
from pages.shared.runs.run_list import RunView


def claim(facts: Evaluation, figures: HonestNumber, *, known: bool = False) -> str:
    return honest_number.claim(figures, known=known)


def tabs(entry: RunView, entries: list[RunView]) -> list[Tab]:
    """Return the tabs, that of what changed first where the run repeats another one."""
    facts, folder, before = entry.facts, entry.folder, delta.earlier(entry)
    changed = [Tab("changed", _("What changed"), partial(delta.view, entry, before))] if before else []
    by_group = [Tab("groups", _("Groups"), lambda: groups.view(facts, folder))]
    return [
        *changed,
        Tab("confusions", _("Confusions"), lambda: show_confusion(facts, folder)),
        Tab("pictures", _("Pictures"), lambda: galleries.view(facts, folder)),
        Tab("map", _("Map"), lambda: prediction_map.view(entry)),
        Tab("classes", _("Classes"), lambda: _classes(entry)),
        *(by_group if facts["groups"] else []),
        Tab("sure", _("How sure"), lambda: calibration.view(facts, folder)),
        Tab("unknown", _("“I don’t know”"), lambda: abstention.view(facts, folder)),
        Tab("robustness", _("Robustness"), lambda: robustness.view(folder)),
        Tab("looks", _("Where it looks"), lambda: mean_heat_map.view(entry)),
        Tab("compare", _("Compare"), lambda: comparison.view(entry, entries)),
        Tab("curves", _("Curves"), lambda: run_details.curves(folder)),
        Tab("more", _("More pictures?"), lambda: learning_curve.view(entry)),
        Tab("about", _("About this run"), lambda: run_details.about(entry)),
    ]


def not_here() -> None:
    """There is nothing that only others have."""


def _classes(entry: RunView) -> None:
    """Numbers per class, before and after, and one class against the rest."""
    run_details.per_class(entry.facts)
    class_threshold.view(entry.facts, entry.folder)
    run_details.before_and_after(entry.facts)
