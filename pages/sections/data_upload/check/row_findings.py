"""What the rows of a dataset tell at once: its items, what is to be said about them, and what keeps a training away.

Small datasets are looked through while the page is drawn, large ones (a second for 20,000 pictures) in a thread: until
that is done the page shows what was true before, with the pictures of its findings as they are now.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

import streamlit as st

from engine import graft
from engine.curation import row_checks
from engine.data import readiness
from engine.data.importing.ingest import ALREADY
from engine.data.label_kinds.label_kind import LabelKind
from engine.errors import UserError
from engine.storage.registry import Item, Project
from pages.session import worker_answers
from pages.shared.dataset import classes

AT_ONCE = 3000  # pictures that are looked through while the page is drawn: a fifth of a second
KEPT = 4  # datasets
LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True)
class FirstLayer:
    """`problem` is why a training cannot start, None when it can. Everything is to be read only."""

    version: str
    items: dict[int, Item]
    findings: list[dict]
    problem: UserError | None = None
    fresh: bool = True


_kept: OrderedDict[tuple[str, str], FirstLayer] = OrderedDict()
_lock = threading.Lock()


def look(project: Project) -> FirstLayer | None:
    """Return what is known now; `fresh` tells whether it is of this version. None before there is anything."""
    here = graft.current()
    dataset_id, version = project.dataset_id, here.registry.version(project.dataset_id)
    place = (str(here.workspace.root), dataset_id)
    kept = _kept.get(place)
    if kept is not None and kept.version == version:
        return kept
    if (len(kept.items) if kept else _pictures(dataset_id)) <= AT_ONCE:
        return _keep(place, _compute(dataset_id, version))
    question = ("first layer", dataset_id, version)
    answer = worker_answers.ask(question, lambda: _compute(dataset_id, version))
    if not answer.done():
        return kept and _as_they_are_now(kept)
    worker_answers.forget(question)
    return _keep(place, answer.result())


def redraw_when_fresh(project: Project) -> None:
    """Draw the page anew as soon as the first layer of this version is there."""

    @st.fragment(run_every=LOOK_AGAIN_SECONDS, key="first_layer")
    def part() -> None:
        layer = look(project)
        if layer is not None and layer.fresh:
            st.rerun()

    part()


def _pictures(dataset_id: str) -> int:
    registry = graft.current().registry
    return sum(sum(parts.values()) for parts in registry.counts(dataset_id).values()) + registry.unlabelled(dataset_id)


def _compute(dataset_id: str, version: str) -> FirstLayer:
    registry = graft.current().registry
    # What nobody can tell is in no training, so nothing about it is to be decided.
    items = [item for item in registry.items(dataset_id) if not item.ambiguous]
    accounts = registry.imports(dataset_id)
    # What came twice is in the account of its import; there is nothing to do about it.
    refused = [entry for account in accounts for entry in account["refused"] if entry["reason"] != ALREADY]
    label_kind = classes.kind_of(dataset_id)
    found = row_checks.findings(items, refused, label_kind=label_kind)
    return FirstLayer(version, {item.id: item for item in items}, found, _problem(items, label_kind))


def _problem(items: list[Item], label_kind: LabelKind) -> UserError | None:
    try:
        readiness.check(items, label_kind=label_kind)
    except UserError as error:
        return error
    return None


def _as_they_are_now(kept: FirstLayer) -> FirstLayer:
    """Read the pictures that findings are about anew: those that were put right since are left out at once."""
    asked = sorted({item for finding in kept.findings for item in finding["items"]})
    now = graft.current().registry.items_by_id(asked)
    gone = {item for item in asked if item not in now or now[item].removed or now[item].ambiguous}
    items = {item_id: now.get(item_id, item) for item_id, item in kept.items.items() if item_id not in gone}
    return replace(kept, items=items, fresh=False)


def _keep(place: tuple[str, str], layer: FirstLayer) -> FirstLayer:
    with _lock:
        _kept[place] = layer
        _kept.move_to_end(place)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return layer
