"""How a person wants what arrived to be read, where it can be read in more than one way; and the question about it.

A question is {"option", "about" (a template), "values", "answer", "others"}: `answer` is what was taken and `others`
what it might be instead, each as the command line's option of that name would take it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.data import split_names
from engine.data.importing import code_pages
from engine.data.modalities import registry as modalities
from engine.errors import DataError

NONE = "none"
BLANK = "blank"  # how a blank between two classes is typed
SEPARATORS = {"|": "|", ";": ";", ",": ",", "/": "/", "+": "+", "&": "&", BLANK: " ", NONE: ""}


@dataclass(frozen=True)
class Choices:
    """Answers given so far; None where Graft decides. `split_column` and `label_separator` may be "none"."""

    encoding: str | None = None
    file_column: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    split_values: Mapping[str, str | None] = field(default_factory=dict)
    class_columns: tuple[str, ...] | None = None
    label_separator: str | None = None
    pixel_scale: str | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, str | None]) -> "Choices":
        """Return what was typed or chosen, as {option: text}. Raises DataError for what makes no sense."""
        given: dict[str, Any] = {key: value for key, value in options.items() if value}
        if unknown := given.keys() - cls.__dataclass_fields__.keys():
            raise DataError("There is no option {option} for reading files.", option=", ".join(sorted(unknown)))
        if "encoding" in given:
            given["encoding"] = code_pages.checked(given["encoding"])
        if "class_columns" in given:
            given["class_columns"] = tuple(name.strip() for name in given["class_columns"].split(",") if name.strip())
        if given.get("label_separator", NONE) not in SEPARATORS:
            raise DataError(
                "'{typed}' is no mark between two classes. Choose one of: {known}.",
                typed=given["label_separator"],
                known="  ".join(SEPARATORS),
            )
        if "pixel_scale" in given:
            modalities.check_scale(given["pixel_scale"])
        return cls(**{**given, "split_values": _split_values(given.get("split_values", ""))})

    def said(self, option: str) -> bool:
        """Tell whether this was answered."""
        return bool(getattr(self, option))


def _split_values(text: str) -> dict[str, str | None]:
    try:
        return split_names.typed(text)
    except ValueError as error:
        raise DataError(
            "'{pair}' does not say which split a value means. Write it as VALUE=train, VALUE=validation, VALUE=test or "
            "VALUE=none, with commas between.",
            pair=str(error),
        ) from error


OPTIONS = tuple(Choices.__dataclass_fields__)


def question(option: str, about: str, answer: str, others: Sequence[str], **values) -> dict:
    """Return a question in plain data."""
    rivals = [other for other in dict.fromkeys(others) if other != answer]
    return {"option": option, "about": about, "values": values, "answer": answer, "others": rivals}


def flag(option: str) -> str:
    """Return how the command line spells an option."""
    return "--" + option.replace("_", "-")
