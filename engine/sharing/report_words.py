"""What a report says, in any of the languages: figures become sentences, cards and rows of tables."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from engine.evaluation import evaluators, honest_number
from engine.evaluation.honest_number import HonestNumber
from engine.storage.evaluation import Evaluation
from engine.translation import Speech


@dataclass(frozen=True)
class Words:
    """The sentences of a report in one language."""

    language: str

    @property
    def speech(self) -> Speech:
        return Speech(self.language)

    def number(self, n: int) -> str:
        return self.speech.number(n)

    def percent(self, share: float | None) -> str:
        """Return "83.6 %"; all but one picture is 99.9, and a dash where nothing was measured."""
        if share is None:
            return "–"
        points = 100.0 * share if share in (0, 1) else min(99.9, max(0.1, round(100 * share, 1)))
        return f"{self.speech.decimal(points)} %"

    def per_hundred(self, share: float) -> str:
        return self.speech.decimal(float(honest_number.per_hundred(share)), "g")

    def made_on(self, when: datetime.datetime) -> str:
        return self.speech("Report of {day}").format(day=when.strftime("%Y-%m-%d"))

    def claim(self, figures: HonestNumber, *, known: bool, exactly: bool) -> str:
        """Return the honest number in a sentence, never without its interval."""
        _ = self.speech
        words = _("On {n} pictures it never saw, it is right {share} times in 100 (between {low} and {high}).")
        if known or figures.copied:
            words = _("On {n} test pictures, it is right {share} times in 100 (between {low} and {high}).")
        if exactly:
            words = _(
                "On {n} test pictures, it names exactly the right classes {share} times in 100 (between {low} and "
                "{high})."
            )
        shares = {name: self.per_hundred(getattr(figures, name)) for name in ("low", "high")}
        return words.format(n=self.number(figures.pictures), share=self.per_hundred(figures.accuracy), **shares)

    def beside(self, figures: HonestNumber) -> list[str]:
        """Return what the honest number is to be compared with."""
        _ = self.speech
        always = _("Giving every picture the answer {name} would be right {share} times in 100.")
        if not figures.largest:
            always = _("Giving every picture the same answer would be right {share} times in 100.")
        words = [always.format(name=f"“{figures.largest}”", share=self.per_hundred(figures.majority))]
        if figures.before is not None:
            before = _("Untrained, the network is right {share} times in 100.")
            words.append(before.format(share=self.per_hundred(figures.before)))
        return words

    def caution(self, figures: HonestNumber) -> str:
        """Return what the number rests on where that is little, else nothing."""
        _ = self.speech
        if figures.copied:
            words = _(
                "{n} of its test pictures are copies of pictures it learned from, cropped, mirrored or relit. It knows "
                "them by heart, and that flatters this number."
            )
            return words.format(n=self.number(figures.copied))
        if not figures.is_wide:
            return ""
        words = _(
            "This rests on {n} test pictures only: with others of the same kind the number could as well be {low} or "
            "{high}. About {more} more test pictures would narrow it to 3 in 100 on either side."
        )
        ends = {"low": self.per_hundred(figures.low), "high": self.per_hundred(figures.high)}
        return words.format(n=self.number(figures.pictures), more=self.number(figures.more_needed), **ends)

    def cards(self, facts: Evaluation, figures: HonestNumber) -> list[tuple[str, str]]:
        """Return (name, value) of the figures at the top."""
        _ = self.speech
        return [
            (_("Accuracy"), self.percent(figures.accuracy)),
            (_("Before training"), self.percent(figures.before)),
            (_("Macro F1"), self.percent(facts.get("macro_f1"))),
            (_("Calibration error"), self.percent(facts.get("calibration_error"))),
        ]

    def classes(self, facts: Evaluation) -> list[dict]:
        """Return a row a class: its name, pictures, recall and precision with intervals, and F1 in [0, 100]."""
        rows = evaluators.of(facts["task"]).per_class(facts)
        return [
            {
                "name": row["class"],
                "support": self.number(row["support"]),
                "recall": self._with_interval(row, "recall"),
                "precision": self._with_interval(row, "precision"),
                "f1": self.percent(row["f1"]) if row["support"] else "–",
                "bar": round(100 * row["f1"]) if row["support"] else 0,
            }
            for row in rows
        ]

    def groups(self, facts: Evaluation) -> list[dict]:
        """Return a row a group: its name, pictures and accuracy with its interval."""
        return [
            {
                "name": row["group"],
                "support": self.number(row["support"]),
                "accuracy": f"{self.percent(row['accuracy'])} ({self._ends(row['interval'])})",
                "bar": round(100 * row["accuracy"]),
            }
            for row in facts["groups"]
        ]

    def calibration(self, facts: Evaluation) -> str:
        _ = self.speech
        words = _("Its probabilities are off by {error} on average. A dot on the line is a probability at its word.")
        return words.format(error=self.percent(facts.get("calibration_error")))

    def how(self, facts: Evaluation, recipe: dict, title: str) -> list[tuple[str, str]]:
        """Return (name, value) of how the model was made."""
        _, counts = self.speech, facts["counts"]
        divided = _("{train} train, {validation} validate, {test} test")
        rows = [
            (_("Recipe and network"), title),
            (_("Pictures"), divided.format(**{name: self.number(n) for name, n in counts.items()})),
            (_("Classes"), self.number(len(facts["class_names"]))),
            (
                _("Picture size"),
                f"{facts['image_size']} × {facts['image_size']} px" if facts.get("image_size") else "–",
            ),
            (_("Seed"), str(recipe.get("seed", "–"))),
            (_("Seconds to train"), self.speech.decimal(facts["seconds"]["total"]) if "seconds" in facts else "–"),
            (_("Made with"), ", ".join(f"{name} {version}" for name, version in facts.get("versions", {}).items())),
        ]
        return [(name, value) for name, value in rows if value]

    def headings(self) -> dict[str, str]:
        """Return the fixed words of the page."""
        _ = self.speech
        return {
            "results": _("Results"),
            "matrix": _("What is taken for what"),
            "matrix_how": _("Rows are the true classes, columns the answers. Press a number to see its pictures."),
            "taken": _("{true}, taken for {answer}"),
            "right_cell": _("{true}, recognised"),
            "more": _("and {n} more"),
            "close": _("Close"),
            "pairs": _("Most often confused"),
            "classes": _("Class by class"),
            "class": _("Class"),
            "pictures": _("Test pictures"),
            "recall": _("Found (recall)"),
            "precision": _("Right when named (precision)"),
            "groups": _("Groups"),
            "group": _("Group"),
            "accuracy": _("Accuracy"),
            "sure": _("How sure it is"),
            "said": _("Probability it gives"),
            "was": _("How often it is right"),
            "wrong": _("Its surest mistakes"),
            "right": _("What it finds easiest"),
            "is": _("is {label}"),
            "how": _("How it was made"),
            "made_by": _("Made with Graft. The number comes from pictures that were used for nothing else."),
        }

    def _with_interval(self, row: Mapping, name: str) -> str:
        if not row["support"]:
            return "–"
        ends = row.get(f"{name}_interval")
        return self.percent(row[name]) + (f" ({self._ends(ends)})" if ends else "")

    def _ends(self, ends) -> str:
        return "–".join(self.per_hundred(end) for end in ends)
