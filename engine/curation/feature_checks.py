"""What the features of a network tell about a dataset, beyond what its rows say: layer two of the report.

A report is {"version", "backbone", "pictures", "findings", "leakage" (None where there is nothing to measure),
"seconds" {phase: seconds}}. Findings have the shape of engine.curation.row_checks, with these kinds besides or more of:

    kind           about                                                      fixes
    label_error    "questions" [{item, file, given, suggested, confidence}]   none: they are answered
    outlier        "questions" [{item, file, given, distance}], farthest first
    inseparable    two classes confused nearly as often as not, a finding each merge (two), collect
    look_alikes    "families" [[id]] the network found: cropped, lightened,    keep_one
                   mirrored; a family holds two pictures and more
    conflict, across_splits    as in layer one, for families only the network found
    blank, blurred, ...        for pictures that were brought in before these were measured
    leakage        the result with copies or groups on both sides, measured; the same numbers in report["leakage"]:
                   {"reason" ("copies", "groups" or "both"), "apart" and "mixed" {accuracy, interval, correct, count},
                    "within_chance", "message", "values"}

label_error and outlier are questions: "items" are their items, in the order of "questions", and nothing is changed
before a person says so. A relabel is change_each(dataset, {item: {"label": suggested}}, summary).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.backbones import catalogue
from engine.curation import class_overlap, label_issues, leakage, near_duplicates, neighbours, out_of_sample, outliers
from engine.data import copies, file_name_groups, quality
from engine.data import finding as shapes
from engine.data.modalities import registry as modalities
from engine.data.modalities.image_facts import image_facts
from engine.data.split import duplicate_clusters
from engine.errors import DataError
from engine.storage.registry import Item
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training.features import embed
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.recipe import Recipe

LOOKING = "Looking at the pictures with {network}."
COMPARING = "Comparing every picture with those it resembles."
JUDGING = "Asking a model what it would call pictures it has not learned from."
LEAKING = "Measuring what copies or groups on both sides would have pretended."
MOST_QUESTIONS = 500

Tell = Callable[..., None]


@dataclass
class _Look:
    """What the steps of an inspection share; a row is an item that can be looked at, `x` its features."""

    items: list[Item]
    x: np.ndarray
    clusters: list[int]
    similar: np.ndarray
    alone: np.ndarray  # rows that are looked at for neighbours: one of each family of copies

    @property
    def labelled(self) -> np.ndarray:
        return np.array([row for row, item in enumerate(self.items) if item.label is not None], np.int64)


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Write the report that job.json asks for: {"version", "backbone", "items", "report": where it goes}.

    status.json beside the job tells how far it is.
    """
    job = read_json(job_path)
    found = inspect(workspace, job["items"], job["backbone"], StatusFile.beside(job_path).tell)
    write_json(Path(job["report"]), {"version": job["version"], **found})


def inspect(workspace: Workspace, rows: Sequence[dict], backbone: str, tell: Tell) -> dict:
    """Return the report for items as plain data, without its version; `tell(progress, message, **values)` on the way.

    Only features that are missing are computed, and kept for trainings. Raises BackboneError for a network that cannot
    be had. Pictures whose original is gone are left out.
    """
    seconds: dict[str, float] = {}
    items = [Item(**row) for row in rows]
    items = [item for item in items if workspace.blob_path(item.sha256).exists()]
    if len(items) < 3:
        return {"backbone": backbone, "pictures": len(items), "findings": [], "leakage": None, "seconds": seconds}
    with _timed(seconds, "features"):
        pixels, x = _embed(workspace, items, backbone, tell)
    with _timed(seconds, "neighbours"):
        tell(0.5, COMPARING)
        look, seen = _compare(items, x, pixels, tell)
    with _timed(seconds, "quality"):
        found = [*_measured_now(workspace, items), *seen]
    with _timed(seconds, "labels"):
        tell(0.7, JUDGING)
        recipe, judged = _judge(look, tell)
        found += [*judged, *_outliers(look)]
    with _timed(seconds, "leakage"):
        tell(0.9, LEAKING)
        leaked = _leakage(look, recipe)
    found += [_leakage_finding(leaked)] if leaked else []
    return {
        "backbone": backbone,
        "pictures": len(items),
        "findings": shapes.worst_first(found),
        "leakage": leaked,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }


@contextmanager
def _timed(seconds: dict[str, float], name: str):
    began = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - began


def _embed(workspace: Workspace, items: list[Item], backbone: str, tell: Tell) -> tuple[Pixels, np.ndarray]:
    keys = [item.sha256 for item in items]
    info = catalogue.info(backbone)
    pixels = Pixels(workspace, info.image_sizes[0], choose_fit(workspace, "auto", keys))

    def advance(done: int, total: int) -> None:
        tell(0.5 * done / max(1, total), LOOKING, network=info.title)

    cache = embed.embed(workspace, backbone, pixels, list(dict.fromkeys(keys)), advance)
    return pixels, cache.read(keys).astype(np.float32)


def _compare(items: list[Item], x: np.ndarray, pixels: Pixels, tell: Tell) -> tuple[_Look, list[dict]]:
    """Return what the other steps need, and findings about pictures that only look alike."""
    clusters = duplicate_clusters(items)
    alone = np.unique(clusters)  # one of each family of copies: the others would be its nearest neighbours
    near, similar = neighbours.nearest(
        neighbours.directions(x[alone]),
        outliers.NEIGHBOURS,
        lambda done, total: tell(0.5 + 0.1 * done / total, COMPARING),
    )
    shown = [items[row] for row in alone]
    known = [image_facts(item) for item in shown]
    sizes = np.array([(max(1, facts.width), max(1, facts.height)) for facts in known])
    grey = near_duplicates.read_grey(pixels, [item.sha256 for item in shown])
    pairs = near_duplicates.find(grey, near, sizes, lambda done, total: tell(0.6 + 0.1 * done / total, COMPARING))
    joined = _joined(clusters, [(int(alone[pair.left]), int(alone[pair.right])) for pair in pairs])
    look = _Look(items, x, joined, similar, alone)
    return look, _look_alikes(items, clusters, joined)


def _joined(clusters: list[int], pairs: list[tuple[int, int]]) -> list[int]:
    """Return clusters with those joined that a pair of rows connects, each named by its first row."""
    parent = list(clusters)

    def root(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    for left, right in pairs:
        first, second = sorted((root(left), root(right)))
        parent[second] = first
    return [root(row) for row in range(len(clusters))]


def _look_alikes(items: list[Item], clusters: list[int], joined: list[int]) -> list[dict]:
    """Return findings about families that the fingerprints alone did not find."""
    families = defaultdict(list)
    for row, cluster in enumerate(joined):
        families[cluster].append(row)
    new = [[items[row] for row in rows] for rows in families.values() if len({clusters[row] for row in rows}) > 1]
    if not new:
        return []
    found = [copies.look_alikes(new)]
    torn = [members for members in new if len({item.label for item in members if item.label}) > 1]
    found += [copies.alike(members) for members in torn]
    divided = [members for members in new if len({item.split for item in members if item.split}) > 1]
    return [*found, *([copies.apart(divided)] if divided else [])]


def _measured_now(workspace: Workspace, items: list[Item]) -> list[dict]:
    """Return findings about quality where pictures came in before it was measured then."""
    old = {item.id for item in items if image_facts(item).contrast is None}
    if not old:
        return []
    return quality.findings([_measured(workspace, item) if item.id in old else item for item in items])


def _measured(workspace: Workspace, item: Item) -> Item:
    try:
        return replace(item, facts=modalities.named(item.modality).read(workspace.blob_path(item.sha256)).facts)
    except DataError:
        return item


def _judge(look: _Look, tell: Tell) -> tuple[Recipe, list[dict]]:
    """Return the recipe of the probe, and what its out-of-sample probabilities say about labels and classes."""
    rows = look.labelled
    names, y = np.unique([look.items[row].label for row in rows], return_inverse=True)
    units = np.array(look.clusters)[rows]
    known = out_of_sample.enough(y, units) if len(rows) else np.empty(0, bool)
    rows, units = rows[known], units[known]
    kept, y = np.unique(y[known], return_inverse=True)
    if len(kept) < 2:
        return Recipe(), []
    names, x = names[kept].tolist(), look.x[rows]
    recipe = out_of_sample.strength(x, y, units=units)
    probabilities = out_of_sample.probabilities(
        x, y, out_of_sample.folds_of(y, units), recipe, lambda done, total: tell(0.7 + 0.2 * done / total, JUDGING)
    )
    items = [look.items[row] for row in rows]
    return recipe, [*_label_errors(items, names, probabilities, y), *_inseparable(items, names, probabilities, y)]


def _label_errors(items: list[Item], names: list[str], probabilities: np.ndarray, y: np.ndarray) -> list[dict]:
    doubts = label_issues.find(probabilities, y)[:MOST_QUESTIONS]
    if not doubts:
        return []
    questions = [
        {
            "item": items[doubt.row].id,
            "file": items[doubt.row].name,
            "given": names[doubt.given],
            "suggested": names[doubt.suggested],
            "confidence": round(doubt.confidence, 4),
        }
        for doubt in doubts
    ]
    message = shapes.plural(
        "1 picture may be in the wrong class: a model that has not learned from it calls it something else.",
        "{count} pictures may be in the wrong class: a model that has not learned from them calls them something else.",
        len(doubts),
    )
    fix = "Look at them, the surest first. Nothing changes by itself."
    told = shapes.finding("label_error", "question", [items[d.row] for d in doubts], message, fix, count=len(doubts))
    return [{**told, "questions": questions}]


def _inseparable(items: list[Item], names: list[str], probabilities: np.ndarray, y: np.ndarray) -> list[dict]:
    found = []
    for blur in class_overlap.find(probabilities, y):
        first, second = names[blur.first], names[blur.second]
        message = (
            "{first} and {second} can hardly be told apart: of pictures of the two, {right} in 100 are given to the "
            "right one; a coin gives 50."
        )
        fix = "Merge them if the difference does not matter; otherwise add clearer pictures of both."
        mine = [item for item in items if item.label in (first, second)]
        fixes = [_merge(mine, first, second), _merge(mine, second, first)]
        fixes.append(shapes.link("collect", "Add pictures", action={"open": "add"}))
        values = {"first": first, "second": second, "right": round(100 * blur.right)}
        found.append(shapes.finding("inseparable", "question", mine[:50], message, fix, fixes=fixes, **values))
    return found


def _merge(items: list[Item], old: str, new: str) -> dict:
    changes = {item.id: {"label": new} for item in items if item.label == old}
    summary = {"template": "merged {old} into {new}", "values": {"old": old, "new": new}}
    return shapes.change("merge", "Call them all {label}", changes, summary, label=new)


def _outliers(look: _Look) -> list[dict]:
    far = outliers.find(look.similar)[:MOST_QUESTIONS]
    if not far:
        return []
    items = [look.items[look.alone[row]] for row, _distance in far]
    questions = [
        {"item": item.id, "file": item.name, "given": item.label, "distance": round(distance, 3)}
        for item, (_row, distance) in zip(items, far, strict=True)
    ]
    message = shapes.plural("1 picture is unlike all others.", "{count} pictures are unlike all others.", len(far))
    fix = "Look whether they belong here. A rare view is worth keeping; a stray file is not."
    return [{**shapes.finding("outlier", "question", items, message, fix, count=len(far)), "questions": questions}]


def _leakage(look: _Look, recipe: Recipe) -> dict | None:
    """Measure what copies or groups would have pretended; None where there are none."""
    rows = look.labelled
    items = [look.items[row] for row in rows]
    if not items:
        return None
    units = [look.clusters[row] for row in rows]
    reasons = ["copies"] if len(set(units)) < len(units) else []
    groups = [item.group for item in items]
    if not any(groups) and (found := file_name_groups.recognise(items)):
        groups = found.groups
    if len(set(filter(None, groups))) >= out_of_sample.FOLDS:
        reasons.append("groups")
        units = _joined_by_group(units, groups)
    if not reasons:
        return None
    _names, y = np.unique([item.label for item in items], return_inverse=True)
    reason = "both" if len(reasons) == 2 else reasons[0]
    return leakage.measure(look.x[rows], y, units, reason, recipe)


def _joined_by_group(units: list[int], groups: list[str | None]) -> list[int]:
    """Return units in which copies and pictures of one group are one, each named by its first position."""
    first: dict = {}
    pairs = []
    for position, (unit, group) in enumerate(zip(units, groups, strict=True)):
        keys = [("copy", unit), *([("group", group)] if group else [])]
        pairs += [(first.setdefault(key, position), position) for key in keys]
    return _joined(list(range(len(units))), pairs)


def _leakage_finding(leaked: dict) -> dict:
    fix = "Nothing needs to be done about copies, they stay in one part. Keep groups apart where there are any."
    return shapes.finding("leakage", "note", (), leaked["message"], fix, **leaked["values"])
