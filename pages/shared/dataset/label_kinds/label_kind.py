"""The questions that pages ask about pictures of either label kind."""

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.storage.registry import Item, Project


class LabelKind(Protocol):
    """A module of this package.

    SECTIONS are those of the Data page, each with the name of its view; WAYS those in which pictures are added.
    """

    SECTIONS: dict[str, str]
    WAYS: tuple[str, ...]

    def title(self) -> str:
        """Return what the menu is called in which the label kind is changed."""
        ...

    def choice(self) -> str:
        """Return this kind as one of the choices of that menu."""
        ...

    def note(self, label: str) -> str:
        """Return what a picture is, or shows, below its tile; plain text."""
        ...

    def what_counts_as_right(self) -> str:
        """Return what is to be said about the accuracy of these runs; "" for nothing."""
        ...

    def edit(self, project: Project, chosen: Sequence[Item], *, key: str, selected: bool = True) -> None:
        """Offer what can be done with chosen pictures.

        selected: whether they were chosen from others, so that there is a selection to let go.
        """
        ...

    def names_for_keys(self, project: Project) -> list[str]:
        """Return the classes that a gallery moves pictures to by keys."""
        ...

    def on_keys(self, project: Project) -> Callable[[list[dict]], None] | None:
        """Return what a gallery calls with what was asked by keys, None where keys would say too little."""
        ...
