"""Networks of one's own that a training can start from: earlier runs and uploaded models. Light: loads no framework.

A key names one wherever a network is named: `run-` and the id of a run, or `own-` and a hash of an uploaded file. What
a key means lies in a workspace, so a process is told which workspaces it works in (`look_in`) before it is asked.
Keys are unique: one of another workspace is never taken for it (docs/decisions/0012).
"""

import functools
import json
import re
import zipfile
from pathlib import Path

from engine import settings
from engine.backbones.facts import BackboneInfo
from engine.errors import BackboneError, UserError
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json

RUN, UPLOAD = "run-", "own-"
FACTS, MODEL = "network.json", "network.keras"
# The layers of engine.training.fine_tuning.classifier that follow the features; what comes before is the network
# without its head.
HEAD = ("standardise", "dropout", "hidden", "logits", "probabilities")
RUN_SENTENCE = "An earlier training of your own: its network without the last step."
UPLOAD_SENTENCE = "A model file of your own: its network without the last step."

_places: list[Workspace] = []


def look_in(workspace: Workspace) -> Workspace:
    """Note that this process works in a workspace, whose networks it may be asked for; return the workspace."""
    if _places[:1] != [workspace]:
        _places[:] = [workspace, *(place for place in _places if place != workspace)]
    return workspace


def is_own(key: str) -> bool:
    """Tell whether a key names a network of one's own rather than one of the catalogue."""
    return re.fullmatch(r"(run|own)-[\w-]+", str(key)) is not None


def key_of_run(run_id: str) -> str:
    return RUN + run_id


def folder(workspace: Workspace, key: str) -> Path:
    """Return where the workspace keeps an uploaded network, or that of a run which was deleted."""
    return workspace.networks / key


def find(key: str) -> Path | None:
    """Return the .keras file of a network of one's own, None where there is none in any workspace looked in."""
    for workspace in [*_places, Workspace(settings.current().workspace)]:
        kept = folder(workspace, key) / MODEL
        of_run = workspace.run_dir(key.removeprefix(RUN)) / runs.MODEL
        found = next((path for path in (kept, of_run) if path.is_file()), None)
        if found is not None:
            return found
    return None


def path_of(key: str) -> Path:
    """Return the .keras file of a network of one's own. Raises BackboneError, with what to do, when it is gone."""
    path = find(key)
    if path is not None:
        return path
    if key.startswith(RUN):
        raise BackboneError(
            "The run {run}, whose network this training starts from, has no model in this workspace: it was deleted, "
            "or it never finished. Choose another network, or train it again.",
            run=key.removeprefix(RUN),
        )
    raise BackboneError(
        "The uploaded network {key} is no longer in this workspace. Add its file again, or choose another network.",
        key=key,
    )


def info(key: str) -> BackboneInfo:
    """Return the facts of a network of one's own. Raises BackboneError when it is gone or its file is damaged."""
    path = path_of(key)
    noted = facts(path, key)
    if key.startswith(UPLOAD):
        return _uploaded(key, noted)
    size, features, parameters = _inside(path, path.stat().st_mtime_ns)
    title = noted.get("title") or key.removeprefix(RUN)
    return BackboneInfo(
        key, title, RUN_SENTENCE, (size, size, size), features, parameters, None, "", "inside", origin="run"
    )


def facts(path: Path, key: str) -> dict:
    """Return what was noted of the network `key` when it was kept, or first used; `path` is what path_of returns."""
    return read_json(folder(Workspace(path.parents[2]), key) / FACTS, {})


def _uploaded(key: str, noted: dict) -> BackboneInfo:
    return BackboneInfo(
        key,
        noted["title"],
        UPLOAD_SENTENCE,
        tuple(noted["image_sizes"]),
        noted["features"],
        noted["parameters"],
        None,
        "",
        "inside",
        origin="upload",
    )


@functools.lru_cache(maxsize=256)
def _inside(path: Path, _written: int) -> tuple[int, int, int]:
    """Return (picture side, number of features, about how many parameters) of a run's model, read from its plan."""
    try:
        with zipfile.ZipFile(path) as file:
            layers = json.loads(file.read("config.json"))["config"]["layers"]
            parameters = file.getinfo("model.weights.h5").file_size // 4
        [head, *_rest] = (layer for layer in layers if layer["name"] in ("hidden", "logits"))
        return layers[0]["config"]["batch_shape"][1], head["build_config"]["input_shape"][-1], parameters
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise BackboneError(
            "The model {file} is damaged and cannot be read. Train that run again, or choose another network.",
            file=str(path),
        ) from error


def uploaded(workspace: Workspace) -> list[BackboneInfo]:
    """Return the uploaded networks that a workspace offers, newest first."""
    look_in(workspace)
    kept = [path.parent for path in workspace.networks.glob(f"{UPLOAD}*/{MODEL}")]
    listed = [(read_json(path / FACTS, {}), path.name) for path in kept]
    listed = [(noted["added"], key) for noted, key in listed if noted.get("offered")]
    return [info(key) for _added, key in sorted(listed, reverse=True)]


def runs_from(workspace: Workspace, key: str) -> list[str]:
    """Return the ids of the runs that started from a network."""
    recipes = ((path.parent.name, read_json(path, {})) for path in workspace.runs.glob(f"*/{runs.RECIPE}"))
    return sorted(run_id for run_id, recipe in recipes if recipe.get("backbone") == key)


def title_of(key: str) -> str:
    """Return the title of a network, or its key where it is gone."""
    try:
        return info(key).title
    except UserError:
        return key
