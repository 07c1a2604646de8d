"""Read a file that means harm in a process of its own, and say what became of it: its words, seconds, peak memory.

One small process forks for every file, so that a reader that goes wrong takes nothing else with it and starts at once.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_ADDRESSES = 8 * 2**30  # a reader that wants more dies before the machine does
PATIENCE_SECONDS = 40
MOST_SECONDS, MOST_MB = 10, 1500  # what a file that means harm may cost


@dataclass(frozen=True)
class Outcome:
    """`words` is what a person is told: the error, or the first reason why a file was refused; None: nothing."""

    words: str | None
    used: int
    seconds: float  # of a processor: another test beside this one changes nothing
    peak_mb: float


class Readers:
    """The process that forks. Use it as a context."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.measured"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Readers":
        return self

    def __exit__(self, *_exception) -> None:
        self._process.stdin.close()
        self._process.wait()

    def ingest(self, path: Path) -> Outcome:
        """Bring a file in, as an import does."""
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


def _forked(path: Path) -> dict:
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.close(read_end)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE_SECONDS, PATIENCE_SECONDS))
        os.write(write_end, json.dumps(_ingested(path)).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        said = answer.read()
    _pid, status, used = os.wait4(child, 0)
    told = json.loads(said) if said else {"words": f"the reader died ({status})", "used": 0}
    return {**told, "seconds": round(used.ru_utime + used.ru_stime, 2), "peak_mb": used.ru_maxrss / 1024}


def _ingested(path: Path) -> dict:
    from engine.data.importing.ingest import ingest
    from engine.errors import DataError, UserError
    from engine.storage.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder:
        try:
            account = ingest(path, Workspace(Path(folder)).create())
        except UserError as error:
            return {"words": str(error), "used": 0}
        except BaseException as error:
            return {"words": f"no sentence: {error!r}", "used": 0}
    first = next((str(DataError(entry["reason"], **entry["values"])) for entry in account.refused), None)
    return {"words": first, "used": len(account.used)}


def main() -> None:
    import engine.data.importing.ingest  # noqa: F401  once, for all that follow
    from engine.data.modalities.image import _register_heif

    _register_heif()
    for line in sys.stdin:
        print(json.dumps(_forked(Path(line.rstrip("\n")))), flush=True)


if __name__ == "__main__":
    main()
