"""How long a picture takes each network, as a ratio to the first version measured in the same minutes.

Rounds go through all networks in turn, so that whatever else the machine does falls on all of them alike; a ratio is
taken within a round. Processor time counts, not the clock: other programs' share is left out.
"""

import time

import numpy as np

from benchmarks.backbone_rows import Row
from engine.backbones import forward
from engine.storage.workspace import Workspace, read_json, write_json

PICTURES = 256
ROUNDS = 30


def measure(rows: list[Row], workspace: Workspace) -> None:
    """Write the milliseconds of one core a picture takes, by row and round, into results.json under "speed"."""
    path = workspace.root / "results.json"
    identities = [row.identity for row in rows]
    if set(read_json(path, {}).get("speed", {})) == set(identities):
        return
    networks = [_open(row, workspace) for row in rows]
    pictures = [np.random.default_rng(0).uniform(0, 255, _shape(row)).astype(np.float32) for row in rows]
    pairs = list(zip(networks, pictures, strict=True))
    rounds = [[_milliseconds(*pair) for pair in pairs] for _ in range(ROUNDS + 1)][1:]  # the first one warms up
    times = dict(zip(identities, zip(*rounds, strict=True), strict=True))
    write_json(path, {**read_json(path, {}), "speed": times})


def ratio(times: list[float], reference: list[float], seed: int = 0) -> tuple[float, float, float]:
    """Return the median ratio over the rounds and its 95 % interval (bootstrap over rounds)."""
    ratios = np.array(times) / np.array(reference)
    drawn = np.random.default_rng(seed).choice(ratios, (2000, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    return float(np.median(ratios)), float(low), float(high)


def _open(row: Row, workspace: Workspace) -> forward.Forward:
    with row.in_place():
        return forward.open_backbone(workspace, row.key, row.image_size)


def _shape(row: Row) -> tuple[int, int, int, int]:
    return PICTURES, row.image_size, row.image_size, 3


def _milliseconds(network: forward.Forward, pixels: np.ndarray) -> float:
    began = time.process_time()
    forward.run(network, pixels)
    return 1000 * (time.process_time() - began) / len(pixels)
