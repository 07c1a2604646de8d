"""Four sets with fixed splits, read from the archives as they are published, for judging a backbone.

clothing and cifar10-sample come with their split. digit-scripts is split picture by picture (70 % for training) within
each script and digit. In omniglot-alphabets whole characters are kept apart: the alphabet of a character must be told
that was never shown. The order behind both is numpy's default_rng(0).
"""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from engine.storage.registry import Item
from engine.storage.workspace import Workspace, write_atomic

NAMES = ("clothing", "cifar10-sample", "digit-scripts", "omniglot-alphabets")
TRAIN_SHARE = 0.7
# Fine-tuning needs a validation part; where a set has none, this share of its training part becomes one.
VALIDATION_SHARE = 0.15


@dataclass(frozen=True)
class Picture:
    """One picture of a set. `unit` is what must not be divided between training and test."""

    sha256: str
    name: str
    label: str
    split: str
    unit: str


def read(name: str, data: Path, workspace: Workspace) -> list[Picture]:
    """Return the pictures of a set in a fixed order; their bytes are put into the workspace."""
    with zipfile.ZipFile(data / f"{name}.zip") as archive:
        members = sorted(member for member in archive.namelist() if not member.endswith("/"))
        described = [_describe(name, member) for member in members]
        splits = _splits(described)
        hashes = [_keep(archive.read(member), workspace) for member in members]
    rows = zip(hashes, members, described, splits, strict=True)
    return [Picture(sha256, member, label, split, unit) for sha256, member, (label, unit, _, _), split in rows]


def with_validation(pictures: list[Picture]) -> list[Item]:
    """Return the pictures as a run takes them, with a validation part cut from training where there is none."""
    units = sorted({picture.unit for picture in pictures if picture.split == "train"})
    order = np.random.default_rng(1).permutation(len(units))
    chosen = {units[row] for row in order[: round(VALIDATION_SHARE * len(units))]}
    if any(picture.split == "validation" for picture in pictures):
        chosen = set()
    items = []
    for number, picture in enumerate(pictures, start=1):
        held_out = picture.split == "train" and picture.unit in chosen
        split = "validation" if held_out else picture.split
        items.append(Item(picture.sha256, picture.name, picture.label, None, split, id=number))
    return items


def _describe(name: str, member: str) -> tuple[str, str, str | None, str]:
    """Return (label, unit, given split, the stratum within which units are split)."""
    parts = PurePosixPath(member).parts
    if name in ("clothing", "cifar10-sample"):
        return parts[-2], member, parts[-3], ""
    if name == "digit-scripts":
        return parts[-2], member, None, "/".join(parts[-3:-1])
    return parts[-3], "/".join(parts[-3:-1]), None, parts[-3]


def _splits(described: list[tuple]) -> list[str]:
    units: dict[str, set[str]] = {}
    for _label, unit, given, stratum in described:
        if given is None:
            units.setdefault(stratum, set()).add(unit)
    training = set()
    for own in map(sorted, units.values()):
        order = np.random.default_rng(0).permutation(len(own))
        training |= {own[row] for row in order[: int(TRAIN_SHARE * len(own))]}
    return [given or ("train" if unit in training else "test") for _label, unit, given, _stratum in described]


def _keep(content: bytes, workspace: Workspace) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    path = workspace.blob_path(sha256)
    if not path.exists():
        write_atomic(path, content)
    return sha256
