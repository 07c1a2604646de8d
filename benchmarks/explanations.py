"""Do explanations point at what decides? Drawn pictures in which only the colour of a square tells the classes apart.

python -m benchmarks.explanations [--pictures 60] [--recipes instant+balanced] [--backbone sprout] [--train 40]

Squares stand anywhere on crops of two photographs in grey (or on coloured noise with --ground noise), so that an
explanation has something else to look at. The pointing game (Zhang et al. 2016): an explanation hits when its hottest
place lies in the square or within a sixteenth of the picture beside it; "heat" is the mean share of the hottest
twentieth of the picture that lies there. "chance" is how often a random place would hit. "random network" is the rank
correlation with the heat of the same network with random weights (Adebayo et al. 2018).

A square need not be what the model goes by: a class that it assumes where it sees none of the others needs none. Last
comes in how many pictures the square decides (to paint it over costs the class more than any cover beside it), and how
often each way points at it there. `--set other` draws other colours, and sides from an eighth to a third of the width.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import arguments, bring_in, row, workspace_in

COLOURS = {"blue": (40, 80, 210), "green": (40, 160, 70), "red": (205, 45, 40), "yellow": (225, 200, 45)}
OTHER_COLOURS = {"cyan": (40, 190, 200), "orange": (235, 130, 30), "pink": (235, 120, 170), "purple": (130, 50, 170)}
SIDE = 128  # of a picture, in pixels
PER_CLASS = {"train": 40, "validation": 10, "test": 25}
MARGIN = SIDE // 16


def main() -> None:
    options = arguments(
        __doc__,
        pictures=60,
        recipes="instant+balanced",
        backbone="sprout",
        ground="photos",
        train=40,
        seed=0,
        set="usual",
    )
    with tempfile.TemporaryDirectory() as temporary:
        workspace = workspace_in(Path(temporary) / "workspace")
        other = {"colours": OTHER_COLOURS, "sides": (SIDE // 8, SIDE // 3)} if options.set == "other" else {}
        boxes = draw_set(
            Path(temporary) / "squares",
            {**PER_CLASS, "train": options.train},
            ground=options.ground,
            seed=options.seed,
            **other,
        )
        items = bring_in(str(Path(temporary) / "squares"), workspace)
        figures = "points at the square", "heat", "chance", "random network", "seconds"
        row("recipe", "accuracy", "way", *figures, "square decides", "points at it there")
        row(*["---"] * 10)
        for name in options.recipes.split("+"):
            _measure(workspace, items, boxes, name, options)


def draw_set(
    folder: Path,
    per_class: dict[str, int],
    *,
    ground: str = "photos",
    seed: int = 0,
    colours: dict[str, tuple] = COLOURS,
    sides: tuple[int, int] = (SIDE // 6, SIDE // 4),
) -> dict[str, tuple]:
    """Fill folder/split/class with pictures; return (left, top, right, bottom) of the square by name of the file."""
    rng = np.random.default_rng(seed)
    photos, boxes = photographs() if ground == "photos" else [], {}
    for split, count in per_class.items():
        for label, colour in colours.items():
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                name = f"{label}-{split}-{number:03}.png"
                image, boxes[name] = draw(colour, photos, rng, sides=sides)
                image.save(folder / split / label / name)
    return boxes


def draw(
    colour: tuple[int, int, int],
    photos: list[Image.Image],
    rng,
    at: tuple[int, int] | None = None,
    sides: tuple[int, int] = (SIDE // 6, SIDE // 4),
) -> tuple[Image.Image, tuple[int, ...]]:
    """Return a picture with a square of about this colour somewhere, or `at` (left, top), and where it is."""
    image = _crop(photos[rng.integers(len(photos))], rng) if photos else _noise(rng)
    side = int(rng.integers(*sides))
    left, top = at or (int(rng.integers(0, SIDE - side)) for _axis in range(2))
    shade = tuple(int(np.clip(part + rng.integers(-15, 16), 0, 255)) for part in colour)
    image.paste(shade, (left, top, left + side, top + side))
    return image, (left, top, left + side, top + side)


def photographs() -> list[Image.Image]:
    """Return what squares are put on: scikit-learn's two sample photographs, in grey."""
    from sklearn.datasets import load_sample_images

    # In grey: in colour, petals and tiles are squares of colour too, and the square would not decide alone.
    return [Image.fromarray(picture).convert("L").convert("RGB") for picture in load_sample_images().images]


def points_at(heat: np.ndarray, box: tuple[int, ...], margin: int = MARGIN) -> bool:
    """Tell whether the hottest place of `heat` (SIDE, SIDE) lies in the box or near it."""
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    left, top, right, bottom = box
    return left - margin <= x < right + margin and top - margin <= y < bottom + margin


def share_in(heat: np.ndarray, box: tuple[int, ...], margin: int = MARGIN) -> float:
    """Return the share of the hottest twentieth of the picture that lies in the box or near it."""
    hottest = heat >= np.sort(heat, axis=None)[-heat.size // 20]
    left, top, right, bottom = box
    return float(hottest[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin].sum()) / (
        hottest.sum() or 1
    )


def _measure(workspace, items, boxes: dict[str, tuple], name: str, options) -> None:
    from engine.data.modalities import image as image_files
    from engine.evaluation.explain import explain, sanity
    from engine.storage import runs
    from engine.training.recipe import Recipe
    from engine.worker import door

    recipe = Recipe.from_dict({"name": name, "backbone": options.backbone, "seed": options.seed})
    run_dir = workspace.run_dir(runs.new_run(workspace, recipe.to_dict(), items))
    door.answer("train", run_dir, workspace)
    evaluation = runs.read_evaluation(run_dir)
    accuracy, name = evaluation["accuracy"], f"{name}, kept: {evaluation['chosen']}"
    subject = explain.subject(run_dir)
    test = [item for item in items if item.split == "test"][:: max(1, PER_CLASS["test"] * 4 // options.pictures)]
    decides = np.array([_decides(subject, workspace, item, boxes[Path(item.name).name]) for item in test])
    for way in explain.WAYS:
        hits, shares, areas, alike, seconds = [], [], [], [], []
        for item in test:
            pixels = image_files.load_pixels(workspace.blob_path(item.sha256), subject.image_size, subject.fit)
            target = subject.class_names.index(item.label)
            box = boxes[Path(item.name).name]
            started = time.perf_counter()
            heat = explain.heat(subject, way, pixels, target)
            seconds.append(time.perf_counter() - started)
            alike.append(sanity.likeness(heat, explain.untaught(subject, way, pixels, target)))
            large = np.asarray(Image.fromarray(heat).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
            hits.append(points_at(large, box))
            shares.append(share_in(large, box))
            areas.append(share_in(np.zeros((SIDE, SIDE)), box))
        numbers = (np.mean(hits), np.mean(shares), np.mean(areas), np.nanmean(alike), np.median(seconds))
        there = float(np.mean(np.array(hits)[decides])) if decides.any() else float("nan")
        row(name, accuracy, way, *map(float, numbers), float(decides.mean()), there)


def _decides(subject, workspace, item, box: tuple[int, ...]) -> bool:
    """Tell whether painting the square over costs its class more than each cover that does not touch it."""
    from engine.data.modalities import image as image_files
    from engine.evaluation import predict
    from engine.evaluation.explain import class_score, occlusion

    pixels = image_files.load_pixels(workspace.blob_path(item.sha256), subject.image_size, subject.fit)
    left, top, right, bottom = (round(edge * len(pixels) / SIDE) for edge in box)
    beside = [
        cover
        for cover in occlusion.covers(len(pixels))
        if cover[0] > bottom + 1 or cover[2] < top - 1 or cover[1] > right + 1 or cover[3] < left - 1
    ]
    # The square itself becomes what most of the picture is: its own colour is in the mean.
    painted = [(max(0, top - 1), max(0, left - 1), bottom + 1, right + 1), *beside]
    pictures = np.repeat(pixels[None], len(painted), axis=0)
    pictures[0, painted[0][0] : painted[0][2], painted[0][1] : painted[0][3]] = np.median(pixels, axis=(0, 1))
    for picture, (upper, start, lower, end) in zip(pictures[1:], beside, strict=True):
        picture[upper:lower, start:end] = pixels.mean(axis=(0, 1))
    target = subject.class_names.index(item.label)
    left_over = class_score.log_odds(predict.predict_pixels(subject.model, pictures), target)
    return bool(left_over[0] < left_over[1:].min(initial=np.inf))


def _crop(photo: Image.Image, rng) -> Image.Image:
    side = int(rng.integers(SIDE, 3 * SIDE))
    left, top = (int(rng.integers(0, length - side)) for length in photo.size)
    return photo.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _noise(rng) -> Image.Image:
    return Image.fromarray(rng.integers(60, 190, (SIDE, SIDE, 3), dtype=np.uint8))


if __name__ == "__main__":
    main()
