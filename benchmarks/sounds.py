"""How good sounds are told apart: with every speaker on both sides, and by speakers that were never heard.

python -m benchmarks.sounds --source spoken-digits.zip [--backbone sprout] [--recipes instant+balanced] [--mixed yes|no]

The mixed split is drawn with the seed and keeps nothing apart but copies; then each group is left out once: all of it
is the test, and of the others every sixth clip chooses between versions.
"""

import tempfile
from collections import Counter
from dataclasses import asdict, replace

import numpy as np

from benchmarks.common import arguments, row, train, verdict, workspace_in
from engine.data import split
from engine.data.importing.ingest import ingest
from engine.storage.registry import Item

MIXED, LEFT_OUT = 0.95, 0.62  # what was aimed at on spoken-digits.zip
EVERY = 6


def main() -> None:
    options = arguments(
        __doc__, source="example:sounds", backbone="sprout", recipes="instant", seed=0, workspace="", mixed="yes"
    )
    with tempfile.TemporaryDirectory() as temporary:
        workspace = workspace_in(options.workspace or temporary)
        account = ingest(options.source, workspace)
        how = {"backbone": options.backbone, "seed": options.seed, "pixel_scale": account.layout["pixel_scale"]}
        print(f"{len(account.used)} clips, {how['pixel_scale']}, import {account.seconds:.1f} s")
        row("recipe", "test", "clips", "accuracy", "95 % interval", "before fine-tuning", "chosen", "seconds")
        row(*["---"] * 8)
        for name in options.recipes.split("+"):
            if options.mixed == "yes":
                parts = split.assign(account.used, groups_apart="no", seed=options.seed)
                mixed = _measured(workspace, account.used, parts, "mixed", name, how)
                verdict(f"{name}, mixed", f"at least {MIXED}", mixed, mixed >= MIXED)
            groups = sorted(Counter(record.group for record in account.used if record.group))
            accuracies = [
                _measured(workspace, account.used, _without(account.used, group), group, name, how) for group in groups
            ]
            if accuracies:
                mean = float(np.mean(accuracies))
                verdict(f"{name}, left out, mean", f"at least {LEFT_OUT}", mean, mean >= LEFT_OUT)


def _without(records, group: str) -> list[str]:
    """Return the parts where one group is the test, and every sixth of the others chooses."""
    return [
        "test" if record.group == group else "validation" if place % EVERY == 0 else "train"
        for place, record in enumerate(records)
    ]


def _measured(workspace, records, parts: list[str], test: str, name: str, how: dict) -> float:
    """Train, print a row, and return the test accuracy."""
    pairs = enumerate(zip(records, parts, strict=True), 1)
    items = [Item(**asdict(replace(record, split=part)), id=number) for number, (record, part) in pairs]
    found = train(workspace, items, name=name, **how)
    low, high = found["accuracy_interval"]
    numbers = (found["baselines"]["before_fine_tuning"], found["chosen"], found["seconds"]["total"])
    row(name, test, parts.count("test"), found["accuracy"], f"{low:.3f}-{high:.3f}", *numbers)
    return found["accuracy"]


if __name__ == "__main__":
    main()
