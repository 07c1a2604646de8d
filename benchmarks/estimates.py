"""How true the estimate before a training is: told first, then carried out, on the benchmark sets.

python -m benchmarks.estimates --data DIR [--sets clothing,digits,signs,cifar10-sample] [--recipes instant,balanced]

Each estimate is asked for as the Model page asks, right before its training, so that both meet the same machine. The
first estimate of a network measures it; the second set finds it measured. Memory is this process's private memory at
most while it trains, disk what the workspace grew by.
"""

import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.common import Watch, arguments, bring_in, row, train, verdict, workspace_in
from benchmarks.scale import Memory
from engine.training.recipe import Recipe
from engine.worker import door

OFF = 0.4
FROM_EXAMPLES = ("digits", "signs")


def main() -> None:
    options = arguments(
        __doc__, data=".", sets="clothing,digits,signs,cifar10-sample", recipes="instant,balanced", backbone="sprout"
    )
    from engine.worker import training_run  # noqa: F401  brings in everything a run uses

    row(
        "set",
        "recipe",
        "told, s",
        "took, s",
        "took / told",
        "features",
        "probe",
        "fine-tuning",
        "MB told",
        "MB",
        "disk",
    )
    row(*["---"] * 11)
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_in(folder)
        for name in options.sets.split(","):
            source = f"example:{name}" if name in FROM_EXAMPLES else str(Path(options.data) / f"{name}.zip")
            items = bring_in(source, workspace)
            ratios += [_compare(workspace, name, items, recipe, options) for recipe in options.recipes.split(",")]
    off = max(max(ratio, 1 / ratio) for ratio in ratios)
    within = all(1 - OFF <= ratio <= 1 + OFF for ratio in ratios)
    verdict("Estimate: the ratio furthest from 1, took / told", "0.6 to 1.4", off, within)


def _compare(workspace, name: str, items: list, recipe: str, options) -> float:
    plan = {"name": recipe, "backbone": options.backbone}
    counts = Counter(item.split for item in items)
    told = door.answer("estimate", workspace, Recipe.from_dict(plan), dict(counts), [item.sha256 for item in items])
    before, memory, watch = _bytes(workspace), Memory(), Watch()
    with memory:
        evaluation = train(workspace, items, **plan)
    seconds, _processor = watch.spent()
    phases = (
        f"{told['phases'][phase]:.1f} / {evaluation['seconds'][phase]:.1f}"
        for phase in ("features", "probe", "fine_tune")
    )
    disk = f"{told['disk_mb']:.0f} / {(_bytes(workspace) - before) / 1e6:.0f}"
    ratio = seconds / told["seconds"]
    row(name, recipe, told["seconds"], seconds, ratio, *phases, told["memory_mb"], f"{memory.all_of_it:.0f}", disk)
    return ratio


def _bytes(workspace) -> int:
    return sum(path.stat().st_size for path in workspace.root.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
