"""How fast each network embeds on this processor, against Keras' own `predict` on the same pictures.

python -m benchmarks.embedding [--networks mobilenet_v2,mobilenet_v3_large] [--pictures 32]

Random weights at the network's default size: the time does not depend on them. Both ways run once before they are
timed; then they take turns, and the quickest try of each counts. Graft's way is whichever
`engine.backbones.fastest_runtime`
chose, asked anew here.
"""

import tempfile

import numpy as np

from benchmarks.common import Watch, arguments, row, verdict, workspace_in
from engine.backbones import catalogue, forward, litert
from engine.backbones.build import architecture

TARGET, NEVER = 4, 0.97  # where Keras is chosen both ways are the same calls, which never take quite the same time
MOBILE = "mobilenet"


def main() -> None:
    options = arguments(__doc__, networks=",".join(catalogue.CATALOGUE), pictures=32, rounds=3)
    row("network", "size", "ms a picture", "predict", "times as fast", "by processor time", "Graft's way")
    row(*["---"] * 7)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_in(folder)
        for key in options.networks.split(","):
            found[key] = _compare(workspace, key, options)
    mobile = {key: ratio for key, ratio in found.items() if key.startswith(MOBILE)}
    if mobile:
        slowest = min(mobile.values())
        verdict(
            "Embedding, MobileNets, times as fast as predict, least", f"at least {TARGET}", slowest, slowest >= TARGET
        )
    least = min(found.values())
    verdict("Embedding, any network, times as fast as predict, least", "never slower", least, least >= NEVER)


def _compare(workspace, key: str, options) -> float:
    """Print a row and return how many times as fast as `predict` Graft's way is, by the clock."""
    size = catalogue.info(key).image_sizes[0]
    model = architecture(key, size)
    pixels = np.random.default_rng(0).integers(0, 256, (options.pictures, size, size, 3)).astype(np.float32)
    run = forward.open_model(workspace, f"{key}-random-{size}", lambda: model)

    def ours() -> np.ndarray:
        return forward.run(run, pixels)

    def theirs() -> np.ndarray:
        return model.predict(pixels, batch_size=32, verbose=0)

    ours(), theirs()  # both are compiled and warm
    times = np.array([(_spent(ours), _spent(theirs)) for _round in range(options.rounds)])
    own, other = times.min(axis=0)
    ratio, of_a_processor = other / own
    way = "LiteRT" if isinstance(run, litert.LiteRTModel) else "Keras"
    told = (f"{1000 * seconds / len(pixels):.1f}" for seconds in (own[0], other[0]))
    row(key, size, *told, f"{ratio:.1f}", f"{of_a_processor:.1f}", way)
    return float(ratio)


def _spent(work) -> tuple[float, float]:
    watch = Watch()
    work()
    return watch.spent()


if __name__ == "__main__":
    main()
