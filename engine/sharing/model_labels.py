"""What a model cannot say itself and whoever uses it must know: `labels.json` beside it, metadata inside an ONNX file.

Names of classes, thresholds, when it says "I don't know", what pixels (or spectrograms, by their parameters) it takes,
and the honest number. No path, no host, no person.
"""

from pathlib import Path

from engine.data import label_kinds
from engine.data.modalities import bit_depth, fits
from engine.data.modalities import registry as modalities
from engine.data.modalities.fits import fit_of
from engine.errors import UserError
from engine.evaluation import beside_network, results
from engine.evaluation.reliability import multi_label_thresholds, selective
from engine.sharing.formats.format import PIXELS, PROBABILITIES
from engine.storage.evaluation import Evaluation
from engine.storage.workspace import read_json
from engine.version import version

FILE = "labels.json"
PREPARATION = "preparation.json"
NOT_YET = "The run {run} has no model to export yet. Wait until its training has ended."


def takes_pictures(run_dir: Path) -> bool:
    """Tell whether a browser or a script can make of a file what the network sees: of pictures, and of nothing else."""
    facts = results.evaluation(run_dir)
    return facts is not None and facts.get("modality", modalities.FIRST) == modalities.FIRST


def describe(run_dir: Path) -> dict:
    """Return what labels.json says of a finished run. Raises UserError while there is no model to say it of."""
    facts, preparation = results.evaluation(run_dir), read_json(run_dir / PREPARATION)
    if facts is None or preparation is None:
        raise UserError(NOT_YET, run=run_dir.name)
    if beside_network.kept(run_dir) != beside_network.NETWORK:
        raise UserError(
            "This run answers by counted letters, which no other format holds. Let the network answer to export it."
        )
    fit, scale = fits.parted(fit_of(preparation))
    size = preparation["image_size"]
    return {
        "made_with": f"Graft {version()}",
        "task": facts["task"],
        "class_names": preparation["class_names"],
        "input": {
            "name": PIXELS,
            "shape": ["N", size, size, 3],
            "type": "float32",
            "channels": "RGB",
            "range": list(scale_range(scale)),
            "fit": fit,
        },
        "modality": preparation.get("modality", modalities.FIRST),
        "scale": scale,
        "output": {"name": PROBABILITIES, **_output(results.recipe(run_dir), facts)},
        **_decisions(run_dir, facts),
        "measured": {
            "test_pictures": facts["counts"]["test"],
            "accuracy": facts["accuracy"],
            "interval": facts["accuracy_interval"],
        },
    }


def scale_range(scale: str) -> tuple[float, float]:
    """Return which pixel values are black and white: (0, 255), or those of pictures of more than 8 bits."""
    deep = bit_depth.SCALE.match(scale)
    return (float(deep[1]), float(deep[2])) if deep else (0.0, 255.0)


def _output(recipe: dict, facts: Evaluation) -> dict:
    """Return {"columns", "means"}: one column a class, or one alone, the probability of the second class."""
    classes = len(facts["class_names"])
    if recipe.get("output") == "sigmoid":
        return {"columns": 1, "means": "the probability of the second class"}
    if label_kinds.of_task(facts["task"]).EXCLUSIVE:
        return {"columns": classes, "means": "the probability of each class; they add up to 1"}
    return {"columns": classes, "means": "the probability of each class by itself"}


def _decisions(run_dir: Path, facts: Evaluation) -> dict:
    """Return {"thresholds"} where pictures may show several classes, else {"answer_from", "class_thresholds"}.

    answer_from: the least probability with which it answers; below it says "I don't know". class_thresholds: classes
    that are called from a probability of their own on, however likely another is.
    """
    if not label_kinds.of_task(facts["task"]).EXCLUSIVE:
        names = facts["class_names"]
        return {"thresholds": dict(zip(names, multi_label_thresholds.of_run(run_dir, facts), strict=True))}
    answering = selective.read(run_dir)
    own = answering.own_thresholds(facts["class_names"])
    return {
        "answer_from": answering.threshold,
        "class_thresholds": {facts["class_names"][position]: value for position, value in own.items()},
    }
