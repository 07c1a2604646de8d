"""*The* model of a project: the run that its owner chose, kept with the project, marked with a star everywhere."""

import streamlit as st

from engine import graft
from engine.storage.registry import Run
from pages.session.i18n import _

OPTION = "model"


def of_project(run: Run) -> str | None:
    """Return the id of the run that was chosen in this run's project, if one was and is still there."""
    here = graft.current().registry
    chosen = here.dataset_options(run.dataset_id).get(OPTION)
    return chosen if chosen and here.run(chosen) is not None else None


def is_chosen(run: Run) -> bool:
    return of_project(run) == run.id


def choose(run: Run, *, chosen: bool = True) -> None:
    """Make this the model of its project, or let it be none."""
    graft.current().registry.set_dataset_options(run.dataset_id, **{OPTION: run.id if chosen else None})


def star(run: Run, *, key: str = "star") -> None:
    """Show the button that makes a run *the* model, or takes that back."""
    chosen = is_chosen(run)
    st.button(
        _("Remove the star") if chosen else _("Make it the model"),
        key=key,
        icon=":material/star:" if chosen else ":material/star_border:",
        type="tertiary",
        help=_("The model of this project: “Try it” opens with it, and it has a star wherever trainings are listed."),
        on_click=choose,
        args=(run,),
        kwargs={"chosen": not chosen},
    )
