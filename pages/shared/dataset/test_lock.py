"""The test part is locked by the first training measured on it: changing it is allowed, but never by accident."""

from collections.abc import Collection

import streamlit as st

from engine import graft
from engine.data import versions
from engine.storage import runs
from engine.storage.registry import Project
from pages.session.i18n import plural


def trainings_on(project: Project, items: Collection[int]) -> int:
    """Return how many finished trainings were measured on one of these items or more."""
    here = graft.current()
    folders = [here.workspace.run_dir(run.id) for run in here.registry.runs(project.id)]
    measured = [folder for folder in folders if (folder / runs.EVALUATION).exists()]
    return sum(not versions.test_items(folder).isdisjoint(items) for folder in measured)


def note(project: Project, items: Collection[int]) -> None:
    """Say, before pictures are changed, that trainings were measured on some of them; nothing when none was."""
    if number := trainings_on(project, items):
        st.caption(f":material/lock: {in_words(number)}")


def in_words(number: int) -> str:
    """Return what a change of the test part does to the numbers of so many trainings."""
    return plural(
        "{n} training was measured on this test part. Its number can no longer be compared with new ones once the test "
        "pictures change.",
        "{n} trainings were measured on this test part. Their numbers can no longer be compared with new ones once the "
        "test pictures change.",
        number,
    )
