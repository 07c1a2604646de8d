"""Copies of test pictures among what is learned from: kept from learning, or said; never "it never saw"."""

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from engine.curation import aligned_look, split_copies
from engine.curation.split_copies import Copies
from engine.evaluation import evaluators, results
from engine.evaluation.evaluators import lines
from engine.training.inputs.pixels import Pixels
from engine.training.snapshot import LEFT_OUT, Snapshot
from tests.support.drawn_sets import fixed_scene, grainy, png

LABELS = ("red", "blue")


def drawn(label: str, number: int):
    """Return a scene of its own: soft patches, as unlike any other as two photos are."""
    patches = np.random.default_rng((LABELS.index(label), number)).integers(0, 255, (6, 6, 3), np.uint8)
    return Image.fromarray(patches).resize((96, 96), Image.Resampling.BICUBIC)


def changed(picture, number: int):
    if number % 3 == 0:
        return ImageOps.mirror(picture)
    return picture.crop((3, 3, 93, 93)) if number % 3 == 1 else ImageEnhance.Brightness(picture).enhance(0.8)


def snapshot_of(workspace, rows: list[tuple[str, str, Image.Image]]) -> Snapshot:
    """Return a snapshot of (label, part, picture), the pictures kept in the workspace."""
    keys = []
    for _label, _split, picture in rows:
        content = png(picture)
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
        "boxes": np.array([None] * len(rows), object),
    }
    return Snapshot(**columns, class_names=LABELS)


@pytest.fixture
def frozen(workspace):
    """Return what makes a snapshot of 60 training and 30 test pictures, so many of which copy a training picture."""

    def make(copies: int) -> Snapshot:
        rows = [(label, "train", drawn(label, n)) for label in LABELS for n in range(30)]
        rows += [(label, "validation", drawn(label, 200 + n)) for label in LABELS for n in range(3)]
        for n in range(30):
            label = LABELS[n % 2]
            picture = changed(rows[30 * (n % 2) + n][2], n // 2) if n < copies else drawn(label, 100 + n)
            rows.append((label, "test", picture))
        return snapshot_of(workspace, rows)

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


def disc(number: int) -> Image.Image:
    """Return a disc on white: each is another one, cropped, if one does not look closely."""
    rng = np.random.default_rng(number)
    radius, (x, y) = rng.integers(8, 20), rng.integers(20, 44, 2)
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=LABELS[number % 2])
    return image


def dial(number: int) -> Image.Image:
    """Return what a camera before a dial sees, the hand elsewhere each time."""
    angle = np.random.default_rng(number).uniform(0, 1.4) + 1.6 * (number % 2)
    image = fixed_scene(2, (96, 96))
    ImageDraw.Draw(image).line((48, 48, 48 + 30 * np.cos(angle), 48 + 30 * np.sin(angle)), fill=(0, 0, 0), width=3)
    return grainy(image, number, sigma=3, brightness=number % 5 - 2)


@pytest.mark.parametrize("draw", [disc, dial])
def test_drawings_and_pictures_of_one_camera_are_no_copies_of_each_other(workspace, draw):
    parts = ["train"] * 60 + ["validation"] * 8 + ["test"] * 22
    snapshot = snapshot_of(workspace, [(LABELS[n % 2], part, draw(n)) for n, part in enumerate(parts)])
    same, found = keep_apart(workspace, snapshot)
    assert same is snapshot and found == Copies()


def test_photos_that_differ_in_one_place_are_no_copies():
    photo = np.asarray(drawn("red", 1))
    relit, marked = (0.8 * photo + 10).astype(np.uint8), photo.copy()
    marked[40:44, 60:64] = 255 - marked[40:44, 60:64]
    assert aligned_look.same(photo, relit, mirrored=False) and aligned_look.same(photo, photo[:, ::-1], mirrored=True)
    assert not aligned_look.same(photo, marked, mirrored=False)
