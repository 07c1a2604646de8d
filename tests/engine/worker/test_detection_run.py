"""A run that finds objects: from drawn scenes to an evaluation, a model and answers, as a worker carries it out."""

import json

import numpy as np
import pytest

from engine.data import label_kinds
from engine.data.boxes.geometry import Box, to_text
from engine.data.examples import scenes
from engine.data.label_kinds import detection
from engine.evaluation import detect, detection_results, evaluators
from engine.storage import runs
from engine.storage.workspace import Workspace, write_json
from engine.training.detection import learn
from engine.worker import detection_run
from tests.support import tiny_runs

pytestmark = pytest.mark.slow
PICTURES = 15
ACCOUNT = {"boxes": {"received": 50, "used": 48, "clipped": 1, "refused": 2}}
SPLITS = {"train": "train", "valid": "validation", "test": "test"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("detection")).create()


@pytest.fixture(scope="module")
def run(workspace):
    """A short run on a few scenes."""
    items = []
    for number, (split, picture, objects) in enumerate(scenes.scenes(PICTURES, seed=1)):
        boxes = [Box(kind, *place) for kind, *place in objects]
        label = detection.joined(box.label for box in boxes)
        more = {"split": SPLITS[split], "group": None, "boxes": to_text(boxes)}
        items.append(tiny_runs.add_picture(workspace, picture, label, number, **more))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detection_run, "EFFORT", {"instant": (2, 2, 2)})
        patch.setattr(learn, "LEAST_STEPS", 8)
        run_dir = workspace.run_dir(runs.new_run(workspace, {"task": "detection", "backbone": "sprout"}, items))
        write_json(run_dir / runs.LABELS, ACCOUNT)
        return tiny_runs.carry_out(workspace, run_dir)


def test_a_run_tells_every_number_with_its_interval_and_every_box(run):
    told = runs.read_evaluation(run)
    assert runs.read_status(run)["state"] == "finished"
    assert (told["task"], told["label_kind"]) == ("detection", "detection")
    for name in ("map50", "map50_95", "precision", "recall", "f1_at_centre", "count_error"):
        low, high = told[f"{name}_interval"]
        assert low - 1e-9 <= told[name] <= high + 1e-9
    assert told["boxes"] == ACCOUNT["boxes"]
    assert [row["class"] for row in told["per_class"]] == sorted(scenes.KINDS)
    assert sum(told["errors"].values()) >= told["objects"]
    assert told["counts"] == {"train": 9, "validation": 3, "test": 3}
    lines = evaluators.of("detection").lines(told)
    assert lines[0].startswith("Of 100 objects it finds")


def test_the_model_that_is_kept_finds_what_the_run_found(run, workspace):
    """Its own file, from pixels on, beside the answers that came from cached maps in half precision."""
    for looked in detection_results.pictures(run)[:2]:
        [answer] = detect.answers(run, workspace, [str(workspace.blob_path(looked.sha256))])
        assert answer["size"] == list(scenes.SIZE)
        found = np.array(answer["found"]).reshape(-1, 6)
        number = min(3, len(found), len(looked.found))
        assert found[:number, 4] == pytest.approx(looked.found[:number, 4], abs=0.02)


def test_a_prediction_has_boxes_and_counts_and_is_said_in_words(run, workspace):
    evaluation = runs.read_evaluation(run)
    answer = {"found": [[1, 2, 11, 22, 0.99, 0], [5, 5, 9, 9, 0.011, 1]], "size": [240, 180]}
    told = evaluators.of("detection").prediction(run, evaluation, answer)
    assert told["boxes"] == [{"class": "disc", "box": [1.0, 2.0, 10.0, 20.0], "confidence": 0.99}]
    assert told["counts"] == {"disc": 1, "square": 0, "triangle": 0}
    assert evaluators.of("detection").prediction_in_words(told) == "1 disc"
    json.dumps(told)


def test_thresholds_follow_what_mistakes_cost_and_can_be_taken_back(run):
    evaluation = runs.read_evaluation(run)
    chosen = detection_results.choose(run, miss=10, alarm=1)
    assert detection_results.thresholds(run, evaluation) == chosen
    detection_results.forget_choice(run)
    assert detection_results.thresholds(run, evaluation) == evaluation["thresholds"]


def test_one_class_of_objects_is_enough():
    assert label_kinds.of_task("detection").problems({"cell": {1, 2, 3}}, 3) == []


def test_the_example_draws_the_same_scenes_every_time():
    first, again = (list(scenes.scenes(6, seed=7)) for _time in range(2))
    for (_split, picture, objects), (_same, other, boxes) in zip(first, again, strict=True):
        assert objects == boxes
        assert picture.tobytes() == other.tobytes()
    assert {kind for _split, _picture, objects in first for kind, *_box in objects} == set(scenes.KINDS)
