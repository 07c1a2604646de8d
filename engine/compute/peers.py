"""The other workers, as a task on a worker sees them: who has room, and pieces of its work that they do meanwhile."""

import distributed

from engine.compute import workers

# Pieces of another run go behind a run of their own that waits at a worker.
BEHIND_RUNS = -10


def own_address() -> str | None:
    """Return the address of the worker that this task runs on, or None outside a worker."""
    try:
        return distributed.get_worker().address
    except ValueError:
        return None


class Peers:
    """The workers of the cluster but this one."""

    def __init__(self, address: str):
        self._own = address
        self._client = distributed.get_client()

    @classmethod
    def here(cls) -> "Peers | None":
        """Return the peers of this task, or None outside a worker."""
        address = own_address()
        return None if address is None else cls(address)

    def free(self) -> list[str]:
        """Return the addresses of others that train and have no run at the moment."""
        found = workers.places(self._client).values()
        return [place.address for place in found if place.address != self._own and len(place.keys) < place.room]

    def alive(self) -> set[str] | None:
        """Return the addresses of all workers, or None while the scheduler does not answer."""
        return workers.workers(self._client)

    def give(self, address: str, task: str, *args) -> distributed.Future:
        """Let one of the others do `task` as soon as it has a moment."""
        return self._client.submit(
            workers.call,
            task,
            args,
            key=workers.new_name(task, "piece"),
            workers=[address],
            resources={workers.TRAIN: 1},
            priority=BEHIND_RUNS,
            retries=0,
            pure=False,
        )
