"""Real workers that also do what only tests ask of them."""

import os

from engine.compute.client import Compute

TAUGHT = {
    "sleep": "time:sleep",
    "make_folder": "os:mkdir",
    "refuse": "tests.support.taught_workers:refuse",
    "blocked_signals": "signal:pthread_sigmask",
}


def teach(compute: Compute) -> Compute:
    """Put the tasks of tests on the list of every worker that is there."""
    compute.client.run(learn)
    return compute


def learn() -> None:
    from engine.worker.tasks import TASKS

    TASKS.update(TAUGHT)


def refuse(name: str) -> None:
    from engine.errors import UserError

    raise UserError("The class '{name}' is empty.", name=name)


def process_of(compute: Compute, queue: str = "quick") -> int:
    """Return the number of the process that answers in a queue."""
    return compute.client.submit(os.getpid, resources={queue: 1}, retries=0, pure=False).result(60)
