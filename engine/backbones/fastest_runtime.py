"""LiteRT or Keras: which of the two runs a network faster on this machine, measured once and remembered."""

import functools
import importlib.metadata
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.backbones import device
from engine.backbones.litert import LiteRTModel
from engine.storage.workspace import Workspace, read_json, write_json

LITERT, KERAS = "litert", "keras"
Forward = Callable[[np.ndarray], np.ndarray]
# A network that LiteRT runs in less than this on one core (seconds a picture) was always several times faster there
# (benchmarks/RESULTS.md): asking Keras too would cost more than it could ever save.
LIGHT_SECONDS = 0.015
# The same before there is anything to measure: networks of the catalogue with fewer parameters are light.
LIGHT_PARAMETERS = 6_500_000
# Keras must need less than this share of LiteRT's time, of the processor and by the clock, to be taken.
CLEARLY = 0.97
TRIES = 3
HOPELESS = 1.1


def remembered(workspace: Workspace, name: str) -> str | None:
    """Return LITERT or KERAS for a network, or None when this machine, as it is now, was never asked."""
    found = read_json(_path(workspace), {}).get(name, {})
    return found.get("way") if found.get("machine") == _machine() else None


def choose(workspace: Workspace, name: str, converted: LiteRTModel, make: Callable[[], Forward]) -> Forward:
    """Return the faster of `converted` and Keras' own way, which `make` makes; remember which it was."""
    other = None if converted.core_seconds() < LIGHT_SECONDS else make()
    keras_wins = other is not None and wins(
        converted, other, np.full((converted.at_once, *converted.shape), 100, np.float32)
    )
    entry = {"way": KERAS if keras_wins else LITERT, "machine": _machine()}
    write_json(_path(workspace), {**read_json(_path(workspace), {}), name: entry})
    return other if other is not None and keras_wins else converted


def wins(usual: Forward, other: Forward, pixels: np.ndarray) -> bool:
    """Tell whether `other` is clearly faster than `usual`, however busy the machine is.

    Both take turns, so that a busy moment meets both, and the quickest try of each counts. The clock alone would ask
    what else is running, processor time alone how many cores stand idle: `other` must win by both.
    """
    usual(pixels), other(pixels)  # compiled and warm
    taken = []
    for _ in range(TRIES):
        taken.append((_spent(usual, pixels), _spent(other, pixels)))
        ours, theirs = np.min(taken, axis=0)
        if theirs[0] > HOPELESS * ours[0]:  # of the processor: no more tries are needed to see who loses
            return False
    return bool((theirs < CLEARLY * ours).all())


def _spent(run: Forward, pixels: np.ndarray) -> tuple[float, float]:
    """Return the seconds of the processor and by the clock."""
    began = time.process_time(), time.perf_counter()
    run(pixels)
    return time.process_time() - began[0], time.perf_counter() - began[1]


@functools.cache
def _machine() -> str:
    """Return what a choice holds for: another processor or another version may have another answer."""
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("keras", "tensorflow", "ai-edge-litert")]
    return ", ".join([f"{device.cores()} x {device.processor()}", *packages])


def _path(workspace: Workspace) -> Path:
    return workspace.caches / "forward.json"
