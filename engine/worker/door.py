"""The door of a worker: it answers what stands on the list of tasks, and nothing else."""

import importlib
import os

from engine.backbones import custom
from engine.errors import ComputeError
from engine.storage.workspace import PRIVATE, Workspace
from engine.worker.tasks import TASKS

UNKNOWN = "A worker was asked for '{task}', which it does not do. The server and its workers must be of one version."


def answer(task: str, *args):
    """Return what the function behind `task` answers. Raises ComputeError for a name that is not on the list.

    Backbones of one's own are found in every workspace that it is given.
    """
    os.umask(PRIVATE)
    if task not in TASKS:
        raise ComputeError(UNKNOWN, task=task)
    for workspace in (arg for arg in args if isinstance(arg, Workspace)):
        custom.look_in(workspace)
    module, function = TASKS[task].split(":")
    return getattr(importlib.import_module(module), function)(*args)
