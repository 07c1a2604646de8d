"""Copies of test pictures among what is learned from: kept from learning, or said; never "it never saw"."""

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from engine.curation import split_copies
from engine.curation.split_copies import Copies
from engine.evaluation import evaluators, results
from engine.evaluation.evaluators import lines
from engine.training.inputs.pixels import Pixels
from engine.training.snapshot import LEFT_OUT, Snapshot

LABELS = ("red", "blue")


def drawn(label: str, number: int):
    """Return a scene of its own: soft patches, as unlike any other as two photos are."""
    patches = np.random.default_rng((LABELS.index(label), number)).integers(0, 255, (6, 6, 3), np.uint8)
    return Image.fromarray(patches).resize((96, 96), Image.Resampling.BICUBIC)


def changed(picture, number: int):
    if number % 3 == 0:
        return ImageOps.mirror(picture)
    return picture.crop((3, 3, 93, 93)) if number % 3 == 1 else ImageEnhance.Brightness(picture).enhance(0.8)


@pytest.fixture
def frozen(workspace, tmp_path):
    """Return what makes a snapshot of 60 training and 30 test pictures, so many of which copy a training picture."""

    def make(copies: int) -> Snapshot:
        rows = [(label, "train", drawn(label, n)) for label in LABELS for n in range(30)]
        rows += [(label, "validation", drawn(label, 200 + n)) for label in LABELS for n in range(3)]
        for n in range(30):
            label = LABELS[n % 2]
            picture = changed(rows[30 * (n % 2) + n][2], n // 2) if n < copies else drawn(label, 100 + n)
            rows.append((label, "test", picture))
        keys = []
        for _label, _split, picture in rows:
            picture.save(tmp_path / "one.png")
            content = (tmp_path / "one.png").read_bytes()
            keys.append(hashlib.sha256(content).hexdigest())
            workspace.blob_path(keys[-1]).parent.mkdir(parents=True, exist_ok=True)
            workspace.blob_path(keys[-1]).write_bytes(content)
        labels = [label for label, _split, _picture in rows]
        columns = {
            "items": np.arange(1, len(rows) + 1),
            "sha256": np.array(keys, object),
            "names": np.array([f"{number}.png" for number in range(len(rows))], object),
            "groups": np.array([None] * len(rows), object),
            "splits": np.array([split for _label, split, _picture in rows], object),
            "labels": np.array(labels, object),
            "y": np.array([LABELS.index(label) for label in labels]),
        }
        columns["boxes"] = np.array([None] * len(rows), object)
        return Snapshot(**columns, class_names=LABELS)

    return make


def keep_apart(workspace, snapshot: Snapshot) -> tuple[Snapshot, Copies]:
    def features(keys: list[str]) -> np.ndarray:
        """Stand in for a network, which hardly minds a mirror."""
        small = (Image.open(workspace.blob_path(key)).convert("RGB").resize((12, 12)) for key in keys)
        return np.stack([(np.asarray(one, float) + np.asarray(ImageOps.mirror(one), float)).ravel() for one in small])

    return split_copies.keep_apart(workspace, snapshot, Pixels(workspace, 96, "letterbox"), features, "one")


def test_a_few_copies_of_test_pictures_are_not_learned_from(workspace, frozen):
    snapshot = frozen(copies=6)
    apart, found = keep_apart(workspace, snapshot)
    assert found == Copies(tuple(range(67, 73)), (1, 3, 5, 32, 34, 36), left_out=True)
    assert set(apart.items[apart.splits == LEFT_OUT]) == set(found.learned)
    assert len(apart.rows("test")) == 30 and len(apart.rows("train")) == 54


def test_where_too_much_would_be_left_out_all_is_learned_and_the_run_says_so(workspace, frozen):
    snapshot = frozen(copies=20)
    same, found = keep_apart(workspace, snapshot)
    assert same is snapshot and not found.left_out and len(found.test) == 20
    facts = {**found.facts(), "counts": {"test": 30}, "task": "one"}
    assert results.copied(facts) == 20 and evaluators.of("one")
    assert lines.unseen(facts) == ", 20 of them copies of pictures it learned from,"


def test_without_copies_nothing_is_said(workspace, frozen):
    snapshot = frozen(copies=0)
    same, found = keep_apart(workspace, snapshot)
    assert same is snapshot and found == Copies()
    assert Copies().facts() == {} and lines.unseen({}) == " it never saw"
