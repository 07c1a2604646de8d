"""An import as a worker carries it out: first the names, where somebody is to be asked, then the pictures."""

from pathlib import Path

from engine.data.importing import ingest, preview
from engine.data.importing.copy_search import Print
from engine.storage.status_file import STATUS, StatusFile
from engine.storage.workspace import Workspace, read_json, write_json

# Of what arrived, by names alone; and what the dataset holds already, as [sha256, label].
ARRIVAL, EXISTING = "arrival.json", "existing.json"
KNOWN = "known.json"  # fingerprints of what it holds, among which copies are looked for
LOOKING = "Looking at what arrived: {n} so far."
READ, READ_OF = "Files read: {done}", "Files read: {done} of {total}"


def look(source: str, job_dir: Path, title: str) -> None:
    """Look at the names of what arrived and keep in `job_dir` what they say (see preview.look)."""
    status = StatusFile(job_dir / STATUS)
    seen = preview.look(Path(source), job_dir, title=title, progress=lambda files: status.tell(0.0, LOOKING, n=files))
    write_json(job_dir / ARRIVAL, seen)


def carry_out(source: str, workspace: Workspace, job_dir: Path, options: dict) -> None:
    """Bring `source` in and keep the account in `job_dir`; `options` as ingest.ingest has them.

    Raises DataError when nothing in the source can be read.
    """
    status = StatusFile(job_dir / STATUS)

    def tell(done: int, total: int | None, refused: int) -> None:
        words, share = (READ_OF, min(1.0, done / total)) if total else (READ, 0.0)  # without a total only reading tells
        status.tell(share, words, done=done, total=total, refused=refused)

    existing = {tuple(pair) for pair in read_json(job_dir / EXISTING, [])}
    known = [Print(*one) for one in read_json(job_dir / KNOWN, [])]
    account = ingest.ingest(
        source, workspace, existing=existing, known=known, progress=tell, job_dir=job_dir, **options
    )
    ingest.write_account(job_dir, account)
