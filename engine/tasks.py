"""What a worker is asked to do. Called by name ("engine.tasks:train"), so that the server never imports this module."""

from pathlib import Path

from engine.workspace import Workspace, read_json, write_json


def ingest(source: str, workspace_root: str, job_dir: str, options: dict) -> None:
    """Bring `source` in; write account.json into `job_dir`, and progress into status.json on the way.

    `options`: layout, label, display name. Raises DataError when nothing in the source can be used.
    """
    from engine.data.ingest import ingest as bring_in

    folder = Path(job_dir)
    existing = {tuple(pair) for pair in read_json(folder / "existing.json", [])}
    account = bring_in(
        source,
        Workspace(Path(workspace_root)),
        layout=options.get("layout", "auto"),
        label=options.get("label"),
        existing=existing,
        progress=lambda **status: write_json(folder / "status.json", status),
    )
    write_json(folder / "account.json", account.to_dict())
