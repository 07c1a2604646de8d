"""What curating a large dataset costs: seconds until the map is arranged, milliseconds of a rerun with 20,000 pictures.

python -m benchmarks.curating [--features FILE.npy]
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from benchmarks.common import row
from engine import graft
from engine.data.modalities.image_facts import ImageFacts
from engine.services import label_suggestions, maps
from engine.storage.registry import UNLABELLED, ItemRecord
from engine.storage.workspace import write_json
from tests.browser.conftest import ROOT
from tests.conftest import use_workspace
from tests.support.run_files import SPLITS, idle_graft

SIZES, CLASSES, WIDTH, ROUNDS = (5_000, 20_000), 10, 512, 9
BARE = 2_000  # of the pictures have no class, when the Label section is measured


def main() -> None:
    """Print a table: arranging, putting into the most useful order, and reruns of the Data page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, help="features (N, D) of real pictures, shuffled; else drawn clusters")
    parser.add_argument("--reruns", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.reruns is not None:
        measure_reruns(given.reruns)
        return
    features = drawn() if given.features is None else np.load(given.features)
    row("what", "value")
    row("---", "---")
    for size in SIZES:
        for name, seconds in arranging(features[:size]).items():
            row(f"{size:,} pictures: {name}", seconds)
    row(f"{SIZES[-1]:,} unlabelled pictures: the most useful order", ordering(features[: SIZES[-1]]))
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        # In a process of its own that never loads Keras, like the server.
        subprocess.run([sys.executable, "-m", "benchmarks.curating", "--reruns", folder], check=True)


def drawn() -> np.ndarray:
    """Return clusters as wide as features of the embedded network."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 1, (CLASSES, WIDTH))
    return (rng.normal(0, 1, (SIZES[-1], WIDTH)) + centres[rng.integers(CLASSES, size=SIZES[-1])]).astype(np.float32)


def arranging(features: np.ndarray) -> dict[str, str]:
    """Return how long PCA and t-SNE take: by the clock, and of all cores together."""
    from engine.curation import projection

    began, used = time.perf_counter(), time.process_time()
    points = projection.principal(features)
    first = projection.flat(points)
    at_once = time.perf_counter() - began
    projection.arranged(points, first, lambda *_progress: None)
    whole, cores = time.perf_counter() - began, time.process_time() - used
    return {"PCA": f"{at_once:.1f} s", "t-SNE": f"{whole:.0f} s ({cores:.0f} s of processor time)"}


def ordering(features: np.ndarray) -> str:
    from engine.curation import label_suggestions as suggestions

    began = time.perf_counter()
    probabilities = np.random.default_rng(0).dirichlet(np.full(CLASSES, 0.3), len(features)).astype(np.float32)
    suggestions.useful(probabilities, features)
    return f"{time.perf_counter() - began:.1f} s"


def prepare(folder: Path) -> None:
    """Fill a workspace as imports and workers would."""
    graft._current = here = idle_graft(use_workspace(folder))
    project = here.registry.create_project("Large")
    here.registry.add_import(project.dataset_id, "import", "drawn", records(), [])
    keep_map(here, project)
    keep_suggestions(here, project)
    here.registry.close()


def measure_reruns(folder: Path) -> None:
    """Print the median time of a rerun of the Data page with each section open, by the clock and of the processor."""
    graft._current = idle_graft(use_workspace(folder))
    for section in ("pictures", "map", "label"):
        row(f"Data page, {section}, {SIZES[-1]:,} pictures: rerun, median of {ROUNDS}", rerun(section))


def records() -> list[ItemRecord]:
    return [
        ItemRecord(
            sha256=hashlib.sha256(str(number).encode()).hexdigest(),
            name=f"class {number % CLASSES}/{number}.jpg",
            label=None if number < BARE else f"class {number % CLASSES}",
            split=None if number < BARE else SPLITS[number % len(SPLITS)],
            facts=ImageFacts(64, 64, str(number), hashlib.sha256(str(number).encode()).hexdigest()[:16]).text(),
        )
        for number in range(SIZES[-1])
    ]


def keep_map(here, project) -> None:
    from engine.curation import projection

    keys = sorted(sha256 for sha256, _label in here.registry.content(project.dataset_id))
    positions = np.random.default_rng(0).normal(size=(len(keys), 2)).astype(np.float32)
    projection.write(
        here.background_jobs.folder(maps.KIND, project.dataset_id), projection.Map(np.array(keys), positions, "tsne")
    )
    began = time.perf_counter()
    size = len(here.maps.packed(project.dataset_id))
    row(f"{SIZES[-1]:,} points for the browser", f"{size / 1e6:.1f} MB, packed in {time.perf_counter() - began:.1f} s")


def keep_suggestions(here, project) -> None:
    ids = [item.id for item in here.registry.items(project.dataset_id, label=UNLABELLED)]
    names = [f"class {number}" for number in range(CLASSES)]
    rows = [[item, list(range(9)), [0.5] + [0.06] * 8] for item in ids]
    answer = {"of": [SIZES[-1] - BARE, BARE], "source": "probe", "class_names": names, "items": rows, "checked": [9, 9]}
    write_json(
        here.background_jobs.folder(label_suggestions.KIND, project.dataset_id) / label_suggestions.ANSWER, answer
    )


def rerun(section: str) -> str:
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=120)
    app.query_params["section"] = section
    app.run().switch_page("data_upload.py")
    times, used = [], []
    for _round in range(ROUNDS + 1):
        began, cores = time.perf_counter(), time.process_time()
        app.run()
        times.append(1000 * (time.perf_counter() - began))
        used.append(1000 * (time.process_time() - cores))
    assert not app.exception
    return f"{statistics.median(times[1:]):.0f} ms ({statistics.median(used[1:]):.0f} ms of processor time)"


if __name__ == "__main__":
    main()
