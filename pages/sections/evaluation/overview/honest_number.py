"""The one sentence a manager understands, the figures behind it, and a warning where it rests on too little."""

from collections.abc import Iterable, Sequence

import streamlit as st

from engine.evaluation import results
from engine.evaluation.honest_number import HonestNumber, honest_number
from engine.evaluation.verdict import Verdict, judge
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation.overview import caveats, verdict, weakest_class
from pages.sections.evaluation.trust import abstention
from pages.session import modality
from pages.session.i18n import _, decimal, plural
from pages.session.i18n import number as in_words
from pages.session.safe_text import set_off
from pages.shared import percentages
from pages.shared.percentages import percent
from pages.shared.runs.run_list import RunView

# Label, value, what stands under it (arguments of st.metric), and one sentence that explains it.
Card = tuple[str, str, dict, str]


def headline(entry: RunView, others: int = 0) -> None:
    """Show the sentence, the verdict, two figures and what to be careful about; behind "How do we know?" the rest.

    others: how many other runs were measured on the same test pictures.
    """
    figures = honest_number(entry.facts)
    head(entry, claim(figures, known=caveats.may_be_known(entry)), _("Accuracy"), others, _as_used(entry))
    show_more(entry, beside(figures), [*_cards(entry, figures), *_more(entry)])


def head(entry: RunView, sentence: str, measure: str, others: int, also: str = "") -> None:
    """Write the sentence of a run, the verdict, its two figures, and what to be careful about.

    measure: what the first figure is called. also: what stands below the sentence.
    """
    figures = honest_number(entry.facts)
    found = judge(figures, entry.facts["per_class"])
    st.subheader(sentence, anchor=False)
    if also:
        st.markdown(also)
    verdict.show(found, figures)
    _two_figures(entry, figures, found, measure)
    caveats.note(entry, others)
    caveats.did_harm(entry)
    if figures.is_wide or figures.groups == 1:
        st.warning(small(figures), icon=":material/straighten:")


def _as_used(entry: RunView) -> str:
    """Return what *Try it* does with the rules in use, where it keeps answers to itself: that is another number."""
    if not len(results.scores(entry.folder)[0]) or not abstention.in_use(entry.facts, entry.folder).withheld:
        return ""
    answer = abstention.answer(entry.facts, entry.folder)
    return _("In use it may say “I don’t know”: {answer}").format(answer=answer)


def _two_figures(entry: RunView, figures: HonestNumber, found: Verdict, measure: str) -> None:
    """Show how often it is right, and how often it finds the class that it is weakest at."""
    weakest = _("Weakest class")
    if found.weakest is not None:
        weakest = _("Weakest class: {name}").format(name=set_off(found.weakest["class"]))
    with st.grid(2, min_column_width=150, key="number-cards") as grid:
        _fill(
            grid,
            [
                (measure, percent(figures.accuracy), caveats.gained(entry, figures), _("Share of the test pictures.")),
                (weakest, weakest_class.figure(found.weakest), {}, _("How much of this class it finds.")),
            ],
        )


def show_more(entry: RunView, compared: str, cards: Sequence[Card]) -> None:
    """Show what the number is to be compared with and the figures that papers ask for, folded away."""
    figures = honest_number(entry.facts)
    with st.expander(_("How do we know?"), icon=":material/functions:"):
        st.markdown(compared)
        caveats.did_it_help(entry)
        caveats.it_helped(entry)
        if figures.groups > 1 and not figures.is_wide:
            st.caption(f":material/straighten: {of_groups(figures)}")
        with st.grid(5, min_column_width=150, key="more-number-cards") as grid:
            _fill(grid, cards)


def _fill(grid, cards: Iterable[Card]) -> None:
    for label, value, under, explanation in cards:
        grid.metric(label, value, help=explanation, border=True, height="stretch", **under)


def beside(figures: HonestNumber) -> str:
    """Return what the honest number is to be compared with, in words."""
    always = _("Giving every picture the answer {name} would be right {share} times in 100.")
    if not figures.largest:
        always = _("Giving every picture the same answer would be right {share} times in 100.")
    words = [always.format(name=set_off(figures.largest), share=percentages.per_hundred(figures.majority))]
    if figures.before is not None:
        before = _("Untrained, the network is right {share} times in 100.")
        words.append(before.format(share=percentages.per_hundred(figures.before)))
    return " ".join(words)


def claim(figures: HonestNumber, *, known: bool = False) -> str:
    """Return the honest number in words, never without its interval.

    known: whether the network it started from may have learned from these pictures.
    """
    words = _(modality.current().words.unseen)
    if known or figures.copied:
        words = _("On {n} test pictures, it is right {share} times in 100 (between {low} and {high}).")
    return words.format(
        n=in_words(figures.pictures),
        share=percentages.per_hundred(figures.accuracy),
        low=percentages.per_hundred(figures.low),
        high=percentages.per_hundred(figures.high),
    )


def small(figures: HonestNumber) -> str:
    """Say how little the number rests on, and what would make it firmer."""
    if figures.groups:
        return of_groups(figures)
    words = _(
        "This rests on {n} test pictures only: with others of the same kind the number could as well be {low} or "
        "{high}. About {more} more test pictures would narrow it to 3 in 100 on either side."
    )
    return words.format(
        n=in_words(figures.pictures),
        low=percentages.per_hundred(figures.low),
        high=percentages.per_hundred(figures.high),
        more=in_words(figures.more_needed),
    )


def of_groups(figures: HonestNumber) -> str:
    """Say that the pictures stand for groups it has not learned from, and that the interval is about such groups."""
    return plural(
        "Its test pictures all come from {n} group that it did not learn from: how well it does on another one is not "
        "known. Test pictures of more groups would tell.",
        "Its test pictures come from {n} groups that it did not learn from, and the numbers in brackets allow for how "
        "much these differ. More groups would narrow them, more pictures of the same ones hardly.",
        figures.groups,
    )


def _cards(entry: RunView, figures: HonestNumber) -> list[Card]:
    facts = entry.facts
    return [
        (
            _("Before training"),
            percent(figures.before),
            {},
            _("The network as it came, giving each picture the class whose average it is nearest to."),
        ),
        (
            _("Balanced accuracy"),
            percent(facts["balanced_accuracy"]),
            {},
            _("The average over the classes: a large class cannot hide a small one that fails."),
        ),
        (
            _("Macro F1"),
            percent(facts["macro_f1"]),
            {},
            _("Counts misses and false alarms of every class alike; 100 % is perfect."),
        ),
        (
            _("Calibration error"),
            percent(facts.get("calibration_error")),
            _within_chance(facts),
            _(
                "How far its probabilities are off on average: with 5 %, answers it gives with 90 % are right "
                "about 85 to 95 times in 100."
            ),
        ),
    ]


def _within_chance(facts: Evaluation) -> dict:
    """Return what keeps a calibration error from being read as a flaw where chance alone explains it."""
    chance = facts.get("calibration", {}).get("after", {}).get("by_chance")
    if chance is None or facts.get("calibration_error") is None or facts["calibration_error"] > chance["high"]:
        return {}
    return {"delta": _("within chance"), "delta_color": "off", "delta_arrow": "off"}


def _more(entry: RunView) -> list[Card]:
    """Return the numbers that papers ask for; older runs hold fewer of them."""
    facts = entry.facts
    top = facts.get("top_k", {})
    cards = (
        (
            _("Weighted F1"),
            facts.get("weighted_f1"),
            percent,
            _("F1 of each class, averaged by its number of pictures: large classes count more."),
        ),
        *(
            (
                _("Top {k}").format(k=k),
                share,
                percent,
                _("How often the right class is among its {k} likeliest.").format(k=k),
            )
            for k, share in top.items()
        ),
        (
            _("Cohen's kappa"),
            facts.get("cohens_kappa"),
            _plain,
            _("Agreement with the labels beyond chance: 1 is perfect, 0 is no better than guessing by frequency."),
        ),
        (
            _("Log loss"),
            facts.get("log_loss"),
            _plain,
            _("How surprised it is by the truth, in nats: 0 is perfect; being sure and wrong costs most."),
        ),
    )
    return [(label, form(value), {}, words) for label, value, form, words in cards if value is not None]


def _plain(value: float) -> str:
    return decimal(value, ".3f")
