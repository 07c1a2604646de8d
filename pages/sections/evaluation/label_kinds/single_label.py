"""What pages show of a run whose pictures show one class each."""

from functools import partial

from engine.evaluation.honest_number import HonestNumber
from engine.services import run_measurements
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation.mistakes import class_report, class_threshold, delta, galleries, groups, prediction_map
from pages.sections.evaluation.mistakes.confusion import show_confusion
from pages.sections.evaluation.overview import honest_number, overview, weakest_class
from pages.sections.evaluation.overview.honest_number import headline as headline
from pages.sections.evaluation.tabs import Tab, View, alone, one_of
from pages.sections.evaluation.trust import abstention, calibration, cards, learning_curve, mean_heat_map, robustness
from pages.sections.evaluation.trust.cards import Card
from pages.sections.evaluation.trust.decision_rule import note as note
from pages.sections.evaluation.use_it import ways
from pages.sections.try_it.single_label_answer import heard as heard
from pages.sections.try_it.single_label_answer import say as say
from pages.sections.try_it.single_label_answer import shown as shown
from pages.sections.try_it.single_label_answer import tried_note as tried_note
from pages.session import modality
from pages.session.i18n import _
from pages.shared.runs.run_list import RunView


def claim(facts: Evaluation, figures: HonestNumber, *, known: bool = False) -> str:
    return honest_number.claim(figures, known=known)


def tabs(entry: RunView, entries: list[RunView]) -> list[Tab]:
    """Return the four tabs."""
    return [
        alone("overview", _("Overview"), lambda: overview.view(entry, entries, headline, weakest_class.show)),
        one_of("mistakes", _("Mistakes"), _mistakes(entry)),
        Tab("trust", _("Trust"), _trust(entry), lambda tab: cards.draw(tab, entry.folder)),
        alone("use", _("Use it"), lambda: ways.view(entry)),
    ]


def _mistakes(entry: RunView) -> list[View]:
    """Where it fails: the matrix first; what changed where the run repeats another one; groups where there are some."""
    facts, folder, before = entry.facts, entry.folder, delta.earlier(entry)
    changed = [View("changed", _("What changed"), partial(delta.view, entry, before))] if before else []
    by_group = [View("groups", _("Groups"), lambda: groups.view(facts, folder))]
    return [
        View("confusions", _("Confusions"), lambda: show_confusion(facts, folder)),
        View("classes", _("Classes"), lambda: _classes(entry)),
        View("pictures", _(modality.current().words.title), lambda: galleries.view(facts, folder)),
        View("map", _("Map"), lambda: prediction_map.view(entry)),
        *(by_group if facts["groups"] else []),
        *changed,
    ]


def _trust(entry: RunView) -> list[View]:
    """How far to trust it: a card a question."""
    facts, folder = entry.facts, entry.folder
    few_seconds, a_minute = _("a few seconds"), _("1 min")
    return [
        Card(
            "sure",
            _("How sure"),
            lambda: calibration.view(facts, folder),
            ":material/verified:",
            lambda: calibration.answer(folder),
        ),
        Card(
            "unknown",
            _("“I don’t know”"),
            lambda: abstention.view(facts, folder),
            ":material/contact_support:",
            lambda: abstention.answer(facts, folder),
        ),
        Card(
            "robustness",
            _("Robustness"),
            lambda: robustness.view(folder),
            ":material/blur_on:",
            lambda: robustness.answer(folder),
            run_measurements.ROBUSTNESS,
            a_minute,
        ),
        Card(
            "looks",
            _("Where it looks"),
            lambda: mean_heat_map.view(entry),
            ":material/visibility:",
            lambda: mean_heat_map.answer(entry),
            run_measurements.LOOKS,
            few_seconds,
        ),
        Card(
            "more",
            _("More pictures?"),
            lambda: learning_curve.view(entry),
            ":material/trending_up:",
            lambda: learning_curve.answer(entry),
            run_measurements.LEARNING_CURVE,
            few_seconds,
        ),
    ]


def _classes(entry: RunView) -> None:
    """Numbers per class, before and after, and one class against the rest."""
    class_report.per_class(entry)
    class_threshold.view(entry.facts, entry.folder)
    class_report.before_and_after(entry.facts)
