"""Dask does the work: a local cluster by default, a team's cluster by setting. The server only asks and listens."""

import contextlib
import functools
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import resource_tracker, spawn
from typing import Self

import dask
import distributed
from distributed import Client, Nanny, Scheduler, Security, SpecCluster

from engine.compute import tls
from engine.compute import workers as workers_module
from engine.errors import ComputeError

# One training at a time per worker; quick questions (predict, explain), imports, and long looks at a whole dataset
# (map, suggestions, checks) beside it: four resources.
QUEUES = ("train", "quick", "ingest", "study")
# A study lives in the process of the quick questions, which has Keras loaded, and in a thread of its own there.
BESIDE_TRAINING = (("quick", "study"), ("ingest",))
# A second person's import begins while the first one's is still read: one that takes long, or means harm.
IMPORTS = 2
START_SECONDS = 60

_DASK_CONFIG = {
    # A worker that dies takes its training with it: shown as interrupted, never silently started again.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.daemon": True,
    "distributed.admin.tick.limit": "30s",
    # Dask watches itself fifty times a second; idle, that took an eighth of a processor in all. Now it is a hundredth.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.profile.enabled": False,
    "distributed.comm.timeouts.connect": "20s",
    # Figures over http, for anybody on this machine: nobody here asks for them.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
_WORKER_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


OnDone = Callable[[Exception | None], None]


@dataclass(frozen=True)
class _Given:
    """A task on its way: its future, whom to tell of its end, and the worker it was meant for (None: any)."""

    future: distributed.Future
    on_done: OnDone
    worker: str | None


@dataclass
class Compute:
    """A Dask client, and the local cluster behind it when there is no other. Close it, or use it as a context."""

    client: Client
    cluster: SpecCluster | None
    _given: dict[str, _Given] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)  # addresses of workers that were ended for one of their questions
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(cls, scheduler: str | None = None, *, shared_worker: bool = False, train_workers: int = 1) -> "Compute":
        """Connect to `scheduler`, or start a local cluster: a process per queue, or one for all (`shared_worker`).

        train_workers: how many processes of a local cluster train, each one run at a time.
        Raises ComputeError when the scheduler does not answer.
        """
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        _keep_main_out_of_workers()
        with dask.config.set(_DASK_CONFIG):
            if scheduler:
                return cls(_connect(scheduler, tls.of_team(scheduler)), None)
            cluster = _local_cluster(shared_worker, train_workers)
            return cls(Client(cluster, set_as_default=False), cluster)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the workers; a local cluster ends with it."""
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()

    def submit(self, task: str, *args, queue: str, key: str, on_done: OnDone, worker: str | None = None) -> None:
        """Queue a task of engine.worker.tasks under `key`. `on_done(error or None)` is called from another thread.

        worker: the address of the only one that may do it, as `room` named it.
        """
        future = self.client.submit(
            workers_module.call,
            task,
            args,
            key=workers_module.new_name(task, key),
            resources={self._offered(queue): 1},
            workers=[worker] if worker else None,
            retries=0,
            pure=False,
            fifo_timeout=0,
        )
        with self._lock:
            self._given[key] = _Given(future, on_done, worker)
        future.add_done_callback(functools.partial(self._finish, key))

    def cancel(self, key: str) -> None:
        """Take a task that has not begun out of the queue; one that runs must be stopped through its stop file."""
        with self._lock:
            given = self._given.pop(key, None)
        if given is not None:
            given.future.cancel()

    def room(self, busy: Mapping[str, set[str]]) -> list[str]:
        """Return the addresses of workers with room for another run, each as often as it has room, emptiest first.

        busy: {address: keys of runs known to be there}, for those that the scheduler has forgotten (their server died).
        """
        with self._lock:
            own = [(key, given.worker) for key, given in self._given.items()]
        free = []
        for place in workers_module.places(self.client).values():
            there = place.keys | busy.get(place.address, set())
            there |= {key for key, worker in own if worker == place.address}
            free += [(taken, place.address) for taken in range(len(there), place.room)]
        return [address for _taken, address in sorted(free)]

    def give_up_strays(self) -> None:
        """End the tasks whose only worker is gone with a ComputeError: a scheduler would wait for it for ever."""
        with self._lock:
            meant = {key: given for key, given in self._given.items() if given.worker}
        alive = workers_module.workers(self.client) if meant else None
        for key, given in meant.items():
            if alive is not None and given.worker not in alive and not given.future.done():
                self.cancel(key)
                given.on_done(worker_error(RuntimeError("gone")))

    def ask(self, task: str, *args, timeout: float = 120.0, queue: str = "quick"):
        """Let a worker do a short task of engine.worker.tasks and return its answer.

        UserErrors of the task are raised here; ComputeError when the worker died, or does not know the task.
        """
        try:
            return self._answered(task, args, timeout, queue)
        except (TimeoutError, distributed.TimeoutError, distributed.KilledWorker, distributed.CancelledError) as error:
            raise worker_error(error) from error

    def _answered(self, task: str, args: tuple, timeout: float, queue: str, *, again: bool = True):
        """Return the answer to a question; one that waited behind another that had to be ended is asked again."""
        future = self.client.submit(workers_module.call, task, args, resources={queue: 1}, retries=0, pure=False)
        try:
            return future.result(timeout)
        except (TimeoutError, distributed.TimeoutError):
            threading.Thread(target=self._end_worker_at, args=(future,), name="end-worker", daemon=True).start()
            raise
        except distributed.KilledWorker as error:
            if not again or getattr(error.last_worker, "address", "") not in self._ended:
                raise
        return self._answered(task, args, timeout, queue, again=False)

    def _end_worker_at(self, future: distributed.Future) -> None:
        """End the worker that is still at a question whose time is over, so that the next person's is answered.

        A worker that only has the question waiting, or that trains as well, goes on.
        """
        with contextlib.suppress(OSError, TimeoutError, ValueError, RuntimeError):
            at_it = self.client.call_stack(keys=[future.key])
            training = {place.address for place in workers_module.places(self.client).values()}
            future.cancel()
            if ending := [address for address in at_it if address not in training]:
                self._ended.update(ending)
                self.client.restart_workers(ending, timeout=START_SECONDS, raise_for_error=False)

    def _offered(self, queue: str) -> str:
        """Return `queue`, or "quick" where a team's workers do not offer a place for studies."""
        if queue != "study" or self.cluster is not None:
            return queue
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return queue if any(queue in worker.get("resources", {}) for worker in workers) else "quick"

    def _finish(self, key: str, future: distributed.Future) -> None:
        with self._lock:
            given = self._given.get(key)
            if given is None or given.future is not future:
                return  # cancelled by us, or given up
            del self._given[key]
        given.on_done(None if future.status == "finished" else _error_of(future))


def worker_error(error: Exception) -> ComputeError:
    """Return the sentence for a worker that died or did not answer."""
    if isinstance(error, TimeoutError | distributed.TimeoutError):
        return ComputeError("No answer came in time: the machine may be busy with a training. Try again in a moment.")
    return ComputeError(
        "The worker process died, perhaps because the machine ran out of memory. A new one has been started: try again."
    )


def _error_of(future: distributed.Future) -> Exception:
    if future.status == "lost" or future.cancelled():
        return ComputeError("The connection to the worker was lost before the work was done.")
    error = future.exception(timeout=10)
    return worker_error(error) if isinstance(error, distributed.KilledWorker) else error


def _connect(scheduler: str, security: Security | None) -> Client:
    try:
        return Client(scheduler, timeout=START_SECONDS / 4, set_as_default=False, security=security)
    except (OSError, TimeoutError, ValueError) as error:
        raise ComputeError(
            "No Dask scheduler answers at {address}. Start one with 'dask scheduler', or leave GRAFT_SCHEDULER empty "
            "to work on this machine alone.",
            address=scheduler,
        ) from error


def _keep_main_out_of_workers() -> None:
    """Let a new process of this one begin without running its main script again.

    Python does so for functions defined in it. Workers call tasks by name, and in the server the main script is at any
    moment whatever page runs: a worker started after another one died would draw that page.
    """
    if hasattr(spawn.get_preparation_data, "__wrapped__"):
        return
    prepare = spawn.get_preparation_data

    @functools.wraps(prepare)
    def without_main(name: str) -> dict:
        return {key: value for key, value in prepare(name).items() if not key.startswith("init_main_from")}

    spawn.get_preparation_data = without_main


def _local_cluster(shared_worker: bool, train_workers: int) -> SpecCluster:
    groups = [QUEUES, *[("train",)] * (train_workers - 1)]
    if not shared_worker:
        groups = [*[("train",)] * train_workers, *BESIDE_TRAINING]
    # Whoever may speak to a scheduler runs code in it: keys that live in these processes only, made anew at each start.
    guarded = {"protocol": "tls://", "security": Security.temporary()}
    scheduler = {
        "cls": Scheduler,
        "options": {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": "127.0.0.1:0", **guarded},
    }
    workers = {f"{'-'.join(queues)}-{number}": _worker(queues, guarded) for number, queues in enumerate(groups)}
    with _no_interrupts_for_children():
        return SpecCluster(workers=workers, scheduler=scheduler, silence_logs=False, security=guarded["security"])


@contextlib.contextmanager
def _no_interrupts_for_children() -> Iterator[None]:
    """Let processes and threads that begin meanwhile not hear of Ctrl-C.

    A terminal sends it to everybody in the group. The command line answers it and still needs its workers: to keep the
    best so far, for instance. A thread hands on what it blocks to the threads and processes it starts.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # else it starts with the first child, and takes the block away again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _worker(queues: tuple[str, ...], guarded: dict) -> dict:
    at_once = {queue: IMPORTS if queue == "ingest" else 1 for queue in queues}
    options = {
        **guarded,
        "host": "127.0.0.1",
        "nthreads": sum(at_once.values()),
        "resources": at_once,
        "memory_limit": 0,
        "dashboard": False,
        "dashboard_address": "127.0.0.1:0",
        "silence_logs": logging.CRITICAL,
        "env": {key: os.environ.get(key, value) for key, value in _WORKER_ENVIRONMENT.items()},
    }
    return {"cls": Nanny, "options": options}
