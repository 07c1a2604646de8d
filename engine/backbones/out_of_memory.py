"""When the memory of a device does not hold a batch: recognised in every backend's spelling, answered, and told.

Half of the batch is tried next, so a run goes on where it was; only a batch of one that is too large ends it.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from engine.errors import TrainingError, UserError

NO_MEMORY = (
    "The machine ran out of memory. Choose a smaller picture size, a smaller batch size or a smaller network, and "
    "start again."
)
# What TensorFlow, JAX and the libraries of a graphics card say, in lower case.
_SIGNS = (
    "resource_exhausted",
    "out of memory",
    "out_of_memory",
    "failed to allocate",
    "alloc_failed",
    "dst tensor is not initialized",  # TensorFlow, when a batch cannot even be copied to the card
)
Told = Callable[[int, int], None]
_told: ContextVar[Told | None] = ContextVar("told", default=None)


def is_short(error: BaseException) -> bool:
    """Tell whether an error says that there was not enough memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    text = str(error).lower()
    return not isinstance(error, UserError) and any(sign in text for sign in _SIGNS)


def half(batch: int, error: Exception) -> int:
    """Return half of a batch that did not fit, and tell so. Raises `error` when it says something else.

    Raises TrainingError when a batch of one did not fit.
    """
    if not is_short(error):
        raise error
    if batch <= 1:
        raise TrainingError(NO_MEMORY) from error
    smaller = (batch + 1) // 2
    if (told := _told.get()) is not None:
        told(batch, smaller)
    return smaller


@contextlib.contextmanager
def telling(told: Told) -> Iterator[None]:
    """Let `told(batch, smaller)` be called, in this thread, when half of a batch is tried."""
    token = _told.set(told)
    try:
        yield
    finally:
        _told.reset(token)
