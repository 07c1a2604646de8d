"""Which workers of a cluster train, and what each of them is at: asked of the scheduler, by a server or by a worker."""

import importlib
import secrets
from dataclasses import dataclass

from distributed import Client

TRAIN = "train"
TRAINING, TRIAL = "train", "trial"
DOOR = "engine.worker.door"


@dataclass(frozen=True)
class Place:
    """A worker that trains: for how many runs or trials at a time it has room, and the keys of those it was given."""

    address: str
    room: int
    keys: frozenset[str]


def call(task: str, args: tuple):
    """Let the door of this worker answer; here by name, since the server never imports what only workers need."""
    return importlib.import_module(DOOR).answer(task, *args)


def new_name(task: str, key: str) -> str:
    """Return a name for one try at a task: Dask would answer a known name with how it ended before."""
    return f"{task}/{key}/{secrets.token_hex(4)}"


def places(client: Client) -> dict[str, Place]:
    """Return the workers that train, by address; none while the scheduler does not answer."""
    try:
        given = client.processing()
        workers = client.sync(client.scheduler.identity, n_workers=-1)["workers"]
    except (OSError, TimeoutError, ValueError, RuntimeError):
        return {}
    found = {}
    for address in sorted(given.keys() & workers.keys()):
        facts = workers[address]
        room = int(facts.get("resources", {}).get(TRAIN, 0)) if facts.get("status") == "running" else 0
        if room:
            found[address] = Place(address, room, _keys(given[address]))
    return found


def workers(client: Client) -> set[str] | None:
    """Return the addresses of all workers, or None while the scheduler does not answer."""
    try:
        return set(client.processing())
    except (OSError, TimeoutError, ValueError, RuntimeError):
        return None


def _keys(names) -> frozenset[str]:
    parts = (str(name).split("/") for name in names)
    return frozenset(part[1] for part in parts if len(part) == 3 and part[0] in (TRAINING, TRIAL))
