"""What the command line says about networks to start from: which there are, and which one is meant."""

import json
from dataclasses import asdict
from pathlib import Path

from engine import settings
from engine.backbones import catalogue, custom
from engine.backbones.catalogue import CATALOGUE, FROM_NOTHING
from engine.errors import BackboneError
from engine.graft import Graft
from engine.services.custom_backbones import CustomBackbones
from engine.storage import runs
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace

MODEL_FILES = (".keras", ".h5", ".hdf5")


def named(options) -> str:
    """Return the key that --backbone names; that of Sprout in the place of a file, which is looked at later.

    Raises UserError for a run or a file that is not there, and for --pixels where there is no file.
    """
    text = options.backbone
    if text.startswith("run:"):
        text = custom.key_of_run(_run_here(text.removeprefix("run:")).name)
    is_file = _is_file(options.backbone)
    if is_file and not Path(text).is_file():
        raise BackboneError("There is no file '{file}'.", file=text)
    if options.pixels and not is_file:
        raise BackboneError("--pixels is for a model file only. Leave it out, or give --backbone FILE.keras.")
    key = "sprout" if is_file else text
    if getattr(options, "pooling", "average") == "average":
        return key
    if is_file or custom.is_own(key):
        raise BackboneError(catalogue.OWN_END)
    return catalogue.flattened(key)


def kept(graft: Graft, options) -> str:
    """Return the key of the network to start from; a file is looked at and kept first."""
    if not _is_file(options.backbone):
        return named(options)
    path = Path(options.backbone).resolve()
    return graft.custom_backbones.keep(path, path.stem, options.pixels)


def _is_file(text: str) -> bool:
    return text.lower().endswith(MODEL_FILES)


def _run_here(text: str) -> Path:
    run_dir, folder = runs.find_run(text), settings.current().workspace / "runs"
    if run_dir.parent != folder:
        raise BackboneError(
            "The run {run} lies outside of this workspace. Give the file {model} itself, or another --workspace.",
            run=str(run_dir),
            model=str(run_dir / runs.MODEL),
        )
    return run_dir


def backbones(options) -> None:
    """List the catalogue and the networks of one's own."""
    config = settings.current()
    workspace = Workspace(config.workspace).create()
    networks = CustomBackbones(workspace, Registry(config.database_url))
    infos = [*CATALOGUE.values(), FROM_NOTHING, *networks.uploaded(), *(info for _run, info in networks.of_runs())]
    if options.json:
        print(json.dumps({"backbones": [asdict(info) for info in infos]}, ensure_ascii=False), flush=True)
        return
    for info in infos:
        top1 = f"{info.top1:.1f}%" if info.top1 else "-"
        words = info.sentence if info.origin in ("catalogue", "nothing") else f"{info.title}: {info.sentence}"
        print(f"{info.key:27} {info.parameters / 1e6:6.1f} M parameters  ImageNet {top1:>6}  {words}")
