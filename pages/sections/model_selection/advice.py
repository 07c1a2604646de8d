"""What to begin with on these pictures and this machine, in one sentence."""

import functools
from pathlib import Path

from engine import graft
from engine.data.photo_likeness import look_like_photos
from engine.errors import UserError
from engine.storage.registry import Project
from engine.storage.workspace import Workspace, read_json
from engine.training.recommend import Recommendation, expected, recommend
from pages.session.i18n import _
from pages.shared.dataset.dataset_facts import DatasetFacts
from pages.shared.runs import run_list


def advice_for(project: Project, facts: DatasetFacts, ready: frozenset[str]) -> Recommendation:
    """Return which of the networks that are ready, and which recipe, to begin with."""
    here = graft.current()
    has_model = any(entry.evaluation is not None for entry in run_list.views(project))
    known = read_json(here.workspace.caches / "speed.json", {})
    seconds = expected(ready, facts.pictures, known, here.device() or {})
    return recommend(seconds, photos=_photos(facts), has_model=has_model)


def in_words(advice: Recommendation) -> str:
    """Return the reason of a recommendation as a sentence in the person's language."""
    times = {name: run_list.duration(max(1, seconds)) for name, seconds in advice.seconds.items()}
    return _(advice.reason).format(**advice.titles, **times)


def _photos(facts: DatasetFacts) -> bool:
    try:
        return _look(str(graft.current().workspace.root), facts.hashes)
    except UserError:  # a file is gone, which the training will say
        return True


@functools.lru_cache(maxsize=16)
def _look(workspace: str, hashes: tuple[str, ...]) -> bool:
    return look_like_photos(Workspace(Path(workspace)), hashes)
