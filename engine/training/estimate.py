"""How long a training will take on this machine: measured speeds, remembered in caches/speed.json."""

import time
from pathlib import Path

import numpy as np

from engine.backbones import catalogue, device, forward
from engine.training.recipe import Recipe
from engine.workspace import Workspace, read_json, write_json

# Seconds to decode and shrink one ordinary photo on one core.
DECODE_SECONDS = 0.004
# Before anything was measured: pictures a second of Sprout at 96 px on one ordinary core.
GUESS = 600.0
PROBE_NUMBERS_PER_SECOND = 4e6
# A speed measured on fewer pictures says more about the start than about the pace.
ENOUGH = 64


def speed_path(workspace: Workspace) -> Path:
    return workspace.caches / "speed.json"


def known_speed(workspace: Workspace, key: str, image_size: int) -> float | None:
    """Return the pictures a second this machine reached with a network at a size, or None when it never ran."""
    return read_json(speed_path(workspace), {}).get(_entry(key, image_size))


def remember(workspace: Workspace, recipe: Recipe, pictures: int, seconds: float) -> None:
    """Keep the measured speed of embedding, decoding included."""
    if pictures < ENOUGH or seconds <= 0:
        return
    store(workspace, _entry(recipe.backbone, recipe.size), pictures / seconds)


def store(workspace: Workspace, entry: str, value: float) -> None:
    """Keep one measured number."""
    speeds = read_json(speed_path(workspace), {})
    write_json(speed_path(workspace), {**speeds, entry: round(value, 2)})


def measure_speed(workspace: Workspace, key: str) -> float:
    """Return pictures a second of a network at its default size on this machine; measured once, then remembered.

    Raises BackboneError when its weights are not here.
    """
    image_size = catalogue.info(key).image_sizes[0]
    known = known_speed(workspace, key, image_size)
    if known is not None:
        return known
    run = forward.open_backbone(workspace, key, image_size)
    pixels = np.random.default_rng(0).integers(0, 256, (forward.batch_size(), image_size, image_size, 3), np.uint8)
    run(pixels)
    began, batches = time.perf_counter(), 0
    while time.perf_counter() - began < 1.0:
        run(pixels)
        batches += 1
    speed = batches * len(pixels) / (time.perf_counter() - began)
    store(workspace, _entry(key, image_size), speed)
    return speed


def phases(
    workspace: Workspace, recipe: Recipe, counts: dict[str, int], to_embed: int | None = None
) -> dict[str, float]:
    """Return the seconds each phase is expected to take."""
    total = sum(counts.values())
    speed = known_speed(workspace, recipe.backbone, recipe.size) or _guess(recipe)
    numbers = counts["train"] * catalogue.info(recipe.backbone).features
    return {
        "features": (total if to_embed is None else to_embed) / speed + 0.2,
        "probe": 0.2 + numbers / PROBE_NUMBERS_PER_SECOND,
        "fine_tune": 0.0,
        "evaluate": 0.1,
    }


def _guess(recipe: Recipe) -> float:
    """Scale Sprout's usual speed by parameters and picture area: rough, and replaced by the first measurement."""
    sprout = catalogue.info("sprout")
    size = catalogue.info(recipe.backbone).parameters / sprout.parameters
    area = (recipe.size / sprout.image_sizes[0]) ** 2
    return GUESS * device.cores() / max(0.2, size) / area


def _entry(key: str, image_size: int) -> str:
    return f"{key}-{image_size}"
