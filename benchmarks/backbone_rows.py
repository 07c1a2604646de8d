"""The rows of the backbone's table: which network stands behind each, with which weights, at which size."""

import contextlib
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import keras
import numpy as np

from engine.backbones import build, catalogue, local_weights, pretrained, sprout
from engine.errors import UserError
from engine.storage.workspace import write_atomic

TEACHER = "mobilenet_v2_035"
ROOT = Path(__file__).parents[1]
# Earlier versions are no longer in the working tree; the history holds them.
EARLIER = {"first version": "sprout-v1.npz", "second version": "sprout-v2.npz"}
# What the first version's file does not say: the means of its fourth stage alone were its features.
FIRST_READOUT = {"pooled_stages": (4,), "peak_stages": ()}


@dataclass(frozen=True)
class Row:
    """A row of the table. `weights` (of any width and any pooled stages) replace Sprout's own where they are given."""

    title: str
    key: str
    image_size: int
    weights: Path | None = None

    @property
    def identity(self) -> str:
        """Names what was measured: the same title with other weights or another size is another row."""
        with self.in_place():
            return f"{self.key}-{pretrained.weights_hash(self.key)}-{self.image_size}"

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the row's weights and network stand where Sprout's do; caches know weights by their hash."""
        with contextlib.ExitStack() as stack:
            if self.weights:
                network = functools.partial(sprout.sprout, widths=_widths(self.weights), **_readout(self.weights))
                stack.enter_context(mock.patch.object(pretrained, "SPROUT_WEIGHTS", self.weights))
                stack.enter_context(mock.patch.object(local_weights, "SPROUT_WEIGHTS", self.weights))
                stack.enter_context(mock.patch.object(build, "sprout", network))
            # The engine keeps the last networks by their weights, which earlier versions read out in other ways.
            build.frozen_with.cache_clear()
            stack.callback(build.frozen_with.cache_clear)
            yield


def rows(work: Path, candidates: list[Path]) -> list[Row]:
    """Return the rows in the order of the table: random, earlier versions, candidates, the shipped one, the teacher."""
    default = catalogue.info("sprout").image_sizes[0]
    found = [Row(f"random weights, {default} px", "sprout", default, _random_weights(work))]
    found += [Row(f"{title}, 96 px", "sprout", 96, _from_history(name, work)) for title, name in EARLIER.items()]
    found += [Row(f"{path.stem}, {default} px", "sprout", default, path) for path in candidates]
    found.append(Row(f"Sprout as shipped, {default} px", "sprout", default))
    return found + [Row(f"teacher, {size} px", TEACHER, size) for size in (96, 224)]


def most_telling_first(rows: list[Row]) -> list[Row]:
    """Return the rows in the order they are measured: a benchmark that is cut short has answered what matters most."""
    telling = ("Sprout as shipped", "first version", "teacher, 224", "second version", "teacher, 96")
    ranks = {row.title: [row.title.startswith(start) for start in telling] for row in rows}
    return sorted(rows, key=lambda row: ranks[row.title].index(True) if any(ranks[row.title]) else len(telling))


def _random_weights(work: Path) -> Path:
    path = work / f"random-{catalogue.info('sprout').features}.npz"
    if not path.exists():
        keras.utils.set_random_seed(0)
        write_atomic(path, sprout.save_weights(build.architecture("sprout", 96)))
    return path


def _from_history(name: str, work: Path) -> Path:
    """Return an earlier version's weights, copied out of the repository's history. Raises UserError without one."""
    path, stored = work / name, f"engine/backbones/weights/{name}"
    if path.exists():
        return path
    commits = _git("log", "--all", "--diff-filter=AM", "--format=%H", "--", stored).split()
    if not commits:
        raise UserError(
            "{file} is not in the history of this copy. Put it into {folder}, or fetch the whole history.",
            file=name,
            folder=str(work),
        )
    write_atomic(path, _git("show", f"{commits[0].decode()}:{stored}"))
    return path


def _git(*arguments: str) -> bytes:
    answer = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    return answer.stdout if answer.returncode == 0 else b""


def _widths(path: Path) -> tuple[int, ...]:
    names = ("stem_conv", *(f"stage{stage}_block1_conv1" for stage in range(1, len(sprout.WIDTHS))))
    with np.load(path) as arrays:
        return tuple(arrays[f"{name}/kernel"].shape[-1] for name in names)


def _readout(path: Path) -> dict[str, tuple[int, ...]]:
    with np.load(path) as arrays:
        stored = {name: tuple(arrays[name].astype(int).tolist()) for name in FIRST_READOUT if name in arrays}
    return {**FIRST_READOUT, **stored}
