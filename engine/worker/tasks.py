"""What a worker is asked to do. Called by name ("engine.worker.tasks:train"), so that the server never imports it."""

import threading
from pathlib import Path

from engine.compute.quiet_stderr import quiet_stderr
from engine.errors import ComputeError
from engine.storage import runs
from engine.storage.status_file import STATUS, StatusFile
from engine.storage.workspace import Workspace, read_json, write_json


def _open(workspace_root: str) -> Workspace:
    """Return the workspace a task works in; networks of one's own are found in it from then on."""
    from engine.backbones import custom

    return custom.look_in(Workspace(Path(workspace_root)))


def look(source: str, workspace_root: str, job_dir: str, options: dict) -> None:
    """Look at the names of what arrived; write arrival.json into `job_dir`. `options`: title."""
    from engine.data.importing.preview import look as look_at

    folder, status = Path(job_dir), StatusFile(Path(job_dir) / STATUS)
    seen = look_at(
        Path(source),
        folder,
        title=options.get("title", ""),
        progress=lambda files: status.tell(0.0, "Looking at what arrived: {n} so far.", n=files),
    )
    write_json(folder / "arrival.json", seen)


def ingest(source: str, workspace_root: str, job_dir: str, options: dict) -> None:
    """Bring `source` in; write the account into `job_dir`, and progress into status.json on the way.

    `options`: layout, label, loose, several_classes. Raises DataError when nothing in the source can be read.
    """
    from engine.data.importing.ingest import ingest as bring_in
    from engine.data.importing.ingest import write_account

    folder, status = Path(job_dir), StatusFile(Path(job_dir) / STATUS)
    existing = {tuple(pair) for pair in read_json(folder / "existing.json", [])}
    account = bring_in(
        source,
        _open(workspace_root),
        layout=options.get("layout", "auto"),
        label=options.get("label"),
        loose=options.get("loose", False),
        several_classes=options.get("several_classes"),
        existing=existing,
        progress=lambda **count: _tell_of_reading(status, **count),
        job_dir=folder,
    )
    write_account(folder, account)


def _tell_of_reading(status: StatusFile, done: int, total: int | None, refused: int) -> None:
    """Say that `done` files are read; `total` is None where only reading tells."""
    values = {"done": done, "total": total, "refused": refused}
    if total:
        status.tell(min(1.0, done / total), "Files read: {done} of {total}", **values)
    else:
        status.tell(0.0, "Files read: {done}", **values)


_warming = threading.Lock()


def warm_up(workspace_root: str) -> dict:
    """Load what a training or a prediction needs; return and keep (caches/device.json) what this machine is."""
    with _warming:  # one worker may be warmed for several queues at once
        with quiet_stderr():  # frameworks greet at length
            import engine.worker.training_run  # noqa: F401  brings in everything a run uses
        from engine.backbones import catalogue, device, forward

        workspace = _open(workspace_root)
        facts = device.device()
        write_json(workspace.caches / "device.json", facts)
        forward.open_backbone(workspace, "sprout", catalogue.info("sprout").image_sizes[0])
        return facts


def train(run_dir: str, workspace_root: str, attempt: str = "") -> None:
    """Carry out a run (see engine.worker.training_run); every result is a file in `run_dir`.

    attempt: as `runs.note_attempt` called it. One that is out of date is left alone; one that a worker died of is not
    begun again (ComputeError), whatever the scheduler thinks of it: a person decides.
    """
    from engine.worker.training_run import train as carry_out

    folder = Path(run_dir)
    if not runs.may_begin(folder, attempt):
        return
    if runs.was_begun(folder):
        raise ComputeError(runs.INTERRUPTED)
    carry_out(folder, _open(workspace_root), attempt)


def trial(folder: str, workspace_root: str, step: int, share: float, epochs: int, target: float | None = None) -> None:
    """Carry out one step of one trial of a search (see engine.worker.trial)."""
    from engine.worker.trial import carry_out

    carry_out(Path(folder), _open(workspace_root), step, share, epochs, target)


def embed_piece(keys: list[str], workspace_root: str, *where) -> None:
    """Embed a few pictures for a run that another worker is at (see distributed_embed.embed_piece)."""
    from engine.training.features.distributed_embed import embed_piece as carry_out

    _open(workspace_root)
    carry_out(keys, workspace_root, *where)


def predict(run_dir: str, workspace_root: str, sources: list) -> list[dict]:
    """Return {"probabilities": [...] in class order, "unknown", "nearest"} for each path or bytes of a picture.

    "unknown" tells how unlike the training pictures it is, "nearest" which of them it is most like (see `familiar`).
    """
    from engine.evaluation.predict import predict as ask
    from engine.evaluation.reliability import nearest_examples

    rows = ask(Path(run_dir), sources)
    seen = nearest_examples.look(Path(run_dir), _open(workspace_root), sources)
    return [{"probabilities": row.tolist(), **found} for row, found in zip(rows, seen, strict=True)]


def warm_model(run_dir: str, workspace_root: str) -> None:
    """Make the run's model ready to answer at once."""
    from engine.evaluation.predict import warm_up as ready
    from engine.evaluation.reliability import nearest_examples

    ready(Path(run_dir))
    nearest_examples.look(Path(run_dir), _open(workspace_root), [])


def warm_explanations(run_dir: str, workspace_root: str) -> None:
    """Make the run's model ready to say why it answers as it does."""
    from engine.evaluation.explain import explain as explaining

    explaining.warm_up(Path(run_dir))


def explain(run_dir: str, workspace_root: str, source, way: str, class_name: str, progress: str = "") -> dict:
    """Return what a picture (path or bytes) has that speaks for a class (see engine.evaluation.explain.explain).

    `progress` is a file that tells how far it is: {"progress"}.
    """
    from engine.evaluation.explain import explain as explaining

    return explaining.explain(Path(run_dir), source, way, class_name, StatusFile(progress).advance)


def check_explanation(
    run_dir: str, workspace_root: str, source, way: str, class_name: str, progress: str = ""
) -> float:
    """Return how like an explanation is to that of the same network with random weights, from -1 to 1."""
    from engine.evaluation.explain import explain as explaining

    return explaining.check(Path(run_dir), source, way, class_name, StatusFile(progress).advance)


def looks(run_dir: str, workspace_root: str, progress: str = "") -> dict:
    """Return and keep where a model looks in test pictures of every class (see explain.mean_heat_map)."""
    from engine.evaluation.explain import mean_heat_map as looking

    return looking.measure(Path(run_dir), _open(workspace_root), StatusFile(progress).advance)


def robustness(run_dir: str, workspace_root: str, progress: str = "") -> dict:
    """Return and keep how right a run's model is on test pictures made worse (see reliability.robustness)."""
    from engine.evaluation.reliability.robustness import measure_all

    return measure_all(Path(run_dir), _open(workspace_root), StatusFile(progress).advance)


def checkup(job_path: str, workspace_root: str) -> None:
    """Measure what job.json asks: {"task": looks, learning_curve or robustness, "run_dir"}; the run keeps it.

    status.json beside the job tells how far it is; a file `stop` there ends it with Stopped.
    """
    measures = {"looks": looks, "learning_curve": learning_curve, "robustness": robustness}
    job, status = read_json(Path(job_path)), StatusFile.beside(job_path)
    status.tell(0.0)
    measures[job["task"]](job["run_dir"], workspace_root, str(status.path))


def look_at_network(workspace_root: str, path: str) -> dict:
    """Return what an uploaded model file holds (see model_import.import_model). Raises BackboneError."""
    from engine.backbones.model_import import import_model

    return import_model.look(Path(path))


def keep_network(workspace_root: str, path: str, title: str, preparation: str) -> str:
    """Keep the network of an uploaded model file in the workspace and return its key. Raises BackboneError."""
    from engine.backbones.model_import import import_model

    return import_model.keep(_open(workspace_root), Path(path), title, preparation)


def learning_curve(run_dir: str, workspace_root: str, progress: str = "") -> dict:
    """Return and keep how a run's network learns from more and more pictures (see engine.evaluation.learning_curve)."""
    from engine.evaluation.learning_curve import measure

    return measure(Path(run_dir), _open(workspace_root), StatusFile(progress).advance)


def measure_speed(backbone_key: str, workspace_root: str) -> dict:
    """Return {"images_per_second"} of a network at its default size on this machine."""
    from engine.training.fine_tuning import speed

    return {"images_per_second": speed.embedding(_open(workspace_root), backbone_key)}


def estimate(recipe: dict, counts: dict[str, int], workspace_root: str, hashes: list[str]) -> dict:
    """Return {"seconds", "phases", "memory_mb", "disk_mb", "images_to_embed"} of a training before it starts."""
    from engine.training import estimate as estimates
    from engine.training.recipe import Recipe

    workspace = _open(workspace_root)
    return estimates.estimate(workspace, Recipe.from_dict(recipe), counts, list(hashes)).to_dict()


def fits(workspace_root: str, hashes: list[str], example: str) -> dict:
    """Return {"automatic": fit, "pictures": {fit: JPEG bytes}}: what "auto" chooses, and one picture both ways."""
    from PIL import Image

    from engine.data.modalities import image
    from engine.training.inputs.pixels import choose_fit

    workspace = _open(workspace_root)
    pictures = {
        fit: image.jpeg_bytes(Image.fromarray(image.load_pixels(workspace.blob_path(example), 224, fit)))
        for fit in ("letterbox", "crop")
    }
    return {"automatic": choose_fit(workspace, "auto", hashes), "pictures": pictures}


def augment_preview(recipe: dict, workspace_root: str, hashes: list[str], views: int) -> list[list]:
    """Return, for each picture, `views` random views of it (uint8, S x S x 3) as fine-tuning would see them."""
    from engine.training.fine_tuning.preview import preview
    from engine.training.recipe import Recipe

    return preview(_open(workspace_root), Recipe.from_dict(recipe), list(hashes), views)


def inspect(job_path: str, workspace_root: str) -> None:
    """Look at the pictures of a job with a network; write the report it names, and status.json beside it on the way."""
    from engine.curation.feature_checks import inspect as look

    job = read_json(Path(job_path))
    found = look(_open(workspace_root), job["items"], job["backbone"], StatusFile.beside(job_path).tell)
    write_json(Path(job["report"]), {"version": job["version"], **found})


def pack(job_path: str, workspace_root: str) -> None:
    """Write the zip that a job names, of its items; what it holds as JSON beside it, and status.json on the way."""
    from dataclasses import asdict

    from engine.data import dataset_zip
    from engine.storage.registry import Item

    job, status = read_json(Path(job_path)), StatusFile.beside(job_path)

    def tell(done: int, total: int) -> None:
        status.advance(done, total, "{done} of {total} pictures packed")

    target = Path(job["target"])
    items = [Item(**item) for item in job["items"]]
    several = job.get("several_classes", False)
    made = dataset_zip.write(_open(workspace_root), items, target, tell, several_classes=several)
    write_json(target.with_suffix(".json"), asdict(made))


def maps(job_path: str, workspace_root: str) -> None:
    """Draw the map of the pictures that job.json names, into its folder; status.json tells how far it is."""
    from engine.curation import projection

    folder = Path(job_path).parent
    keys = read_json(Path(job_path))["keys"]
    projection.draw(_open(workspace_root), folder, keys, _studying(job_path))


def suggestions(job_path: str, workspace_root: str) -> None:
    """Suggest classes for the unlabelled pictures of job.json, into its folder; status.json tells how far it is."""
    from engine.curation import label_suggestions

    folder = Path(job_path).parent
    label_suggestions.suggest(_open(workspace_root), folder, read_json(Path(job_path)), _studying(job_path))


STUDYING = {
    "features": "Looking at the pictures: {done} of {total}",
    "arrange": "Arranging the map: {percent} %",
    "predict": "Asking the model: {done} of {total}",
}


def _studying(job_path: str):
    """Return advance(done, total, phase), which keeps status.json beside the job up to date."""
    status = StatusFile.beside(job_path)
    return lambda done, total, phase: status.advance(done, total, STUDYING[phase])
