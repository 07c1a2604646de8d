"""How fast each network embeds on this processor, against Keras' own `predict` on the same pictures.

python -m benchmarks.embedding [--networks mobilenet_v2,mobilenet_v3_large] [--pictures 64]

Random weights at the network's default size: the time does not depend on them. Both ways run once before they are
timed; then they take turns, and the median ratio counts. Graft's way is whichever `engine.backbones.forward` chose.
"""

import statistics
import tempfile
import time

import numpy as np

from benchmarks.common import arguments, row, workspace_in
from engine.backbones import catalogue, forward, litert
from engine.backbones.build import architecture


def main() -> None:
    options = arguments(__doc__, networks=",".join(catalogue.CATALOGUE), pictures=64, rounds=3)
    row("network", "size", "Graft, pictures a second", "predict", "times as fast", "Graft's way")
    row(*["---"] * 6)
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_in(folder)
        for key in options.networks.split(","):
            row(*_compare(workspace, key, options))


def _compare(workspace, key: str, options) -> tuple:
    size = catalogue.info(key).image_sizes[0]
    model = architecture(key, size)
    pixels = np.random.default_rng(0).integers(0, 256, (options.pictures, size, size, 3)).astype(np.float32)
    run = forward.open_model(workspace, f"{key}-random-{size}", lambda: model)

    def ours() -> np.ndarray:
        return forward.run(run, pixels)

    def theirs() -> np.ndarray:
        return model.predict(pixels, batch_size=32, verbose=0)

    ours(), theirs()  # both are compiled and warm
    times = [(_seconds(ours), _seconds(theirs)) for _ in range(options.rounds)]
    own, other = (len(pixels) / statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(slow / quick for quick, slow in times)
    way = "LiteRT" if isinstance(run, litert.LiteRTModel) else "Keras"
    return key, size, f"{own:.0f}", f"{other:.0f}", f"{ratio:.1f}", way


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
