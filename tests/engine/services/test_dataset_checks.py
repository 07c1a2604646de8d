"""The long look at a dataset: what only a network sees, asked as questions, kept for each version, never stuck."""

import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import ImageEnhance, ImageOps

from engine.curation import class_overlap, label_issues, leakage, out_of_sample, outliers, row_checks
from engine.curation.feature_checks import inspect
from engine.data.importing import ingest
from engine.errors import ComputeError
from engine.services.dataset_checks import KIND
from engine.storage.registry import Item
from engine.training.recipe import Recipe
from tests.support.pictures import COLOURS, draw_picture
from tests.support.run_files import fill_project, idle_graft


def stored(source, workspace) -> list[Item]:
    return [Item(**vars(record), id=number) for number, record in enumerate(ingest.ingest(source, workspace).used, 1)]


def report_of(workspace, items: list[Item]) -> dict:
    return inspect(workspace, [vars(item) for item in items], "sprout", lambda *_told, **_values: None)


def mislabelled(items: list[Item], share: float, seed: int = 0) -> tuple[list[Item], set[int]]:
    """Return the items with a share of their labels replaced by random other classes, and the ids of those."""
    rng = np.random.default_rng(seed)
    names = sorted({item.label for item in items})
    chosen = set(rng.permutation(len(items))[: int(share * len(items))].tolist())
    wrong = {
        row: names[(names.index(items[row].label) + int(rng.integers(1, len(names)))) % len(names)] for row in chosen
    }
    return [replace(i, label=wrong.get(row, i.label)) for row, i in enumerate(items)], {items[row].id for row in chosen}


def found_early(report: dict, planted: set[int]) -> float:
    """Return the share of planted errors among the first two suggestions for each."""
    (finding,) = [finding for finding in report["findings"] if finding["kind"] == "label_error"]
    asked = [question["item"] for question in finding["questions"][: 2 * len(planted)]]
    return len(planted & set(asked)) / len(planted)


@pytest.mark.slow
def test_planted_label_errors_in_the_digits_come_first_and_are_only_questions(workspace):
    items, planted = mislabelled(stored("example:digits", workspace), 0.05)
    report = report_of(workspace, items)
    assert found_early(report, planted) >= 0.7
    (finding,) = [finding for finding in report["findings"] if finding["kind"] == "label_error"]
    assert (finding["severity"], finding["fixes"]) == ("question", [])
    confidences = [question["confidence"] for question in finding["questions"][:20]]
    assert min(confidences) > 0.5
    assert "inseparable" not in [finding["kind"] for finding in report["findings"]]


@pytest.mark.shared_data
@pytest.mark.slow
def test_planted_label_errors_in_photos_come_first(workspace, shared_data):
    items, planted = mislabelled(stored(shared_data / "clothing.zip", workspace)[::6], 0.05)
    assert found_early(report_of(workspace, items), planted) >= 0.7


def changed(number: int, label: str):
    """Return a picture of the set, changed in a way no fingerprint survives."""
    picture = draw_picture(COLOURS[label], 1000 * ("red", "blue").index(label) + number, (96, 96))
    ways = (
        lambda: ImageOps.mirror(picture),
        lambda: picture.crop((3, 3, 93, 93)),
        lambda: ImageEnhance.Brightness(picture).enhance(1.4),
    )
    return ways[number % 3]()


def test_cropped_lightened_and_mirrored_copies_are_found_and_nothing_else(tmp_path, workspace):
    for position, label in enumerate(("red", "blue")):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(24):
            picture = draw_picture(COLOURS[label], 1000 * position + number, (96, 96))
            picture.save(tmp_path / "set" / label / f"{number}.png")
    for number in range(6):
        changed(number, "red").save(tmp_path / "set" / "red" / f"copy-{number}.png")
    changed(7, "red").save(tmp_path / "set" / "blue" / "elsewhere.png")
    items = [replace(i, split="test" if "copy" in i.name else "train") for i in stored(tmp_path / "set", workspace)]
    names = {item.id: item.name.rsplit("/", 1)[1][:-4] for item in items}
    by_fingerprint = {finding["kind"]: finding for finding in row_checks.findings(items)}
    found = {finding["kind"]: finding for finding in report_of(workspace, items)["findings"]}
    seen = found["look_alikes"]["families"]
    families = {tuple(sorted(names[i] for i in family)) for family in seen}
    assert families == {*((str(n), f"copy-{n}") for n in range(6)), ("7", "elsewhere")}
    assert found["alike"]["values"]["labels"] == "blue, red"
    assert not {"near_duplicates", "across_splits"} & by_fingerprint.keys()  # none of these was only saved anew
    assert found["across_splits"]["values"]["count"] == 6
    moves = found["across_splits"]["fixes"][0]["changes"]
    assert all(change == {"split": "test"} for change in moves.values())
    assert "copies" in found["leakage"]["message"].lower()


def blobs(per_class: int, centres: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(centres), per_class)
    return (rng.normal(0, 1, (len(y), 16)) + 4 * np.eye(centres, 16)[y]).astype(np.float32), y


def test_speakers_on_both_sides_flatter_the_result_and_the_difference_is_measured():
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(40), 10)
    y = speakers % 2  # each speaker says one word, and is recognised by the voice alone
    x = (rng.normal(0, 3, (40, 32))[speakers] + rng.normal(0, 0.3, (400, 32))).astype(np.float32)
    told = leakage.measure(x, y, speakers, "groups", Recipe(l2=0.01))
    assert told["mixed"]["accuracy"] > 0.8 > 0.7 > told["apart"]["accuracy"]
    assert not told["within_chance"]
    low, high = told["apart"]["interval"]
    assert low < told["apart"]["accuracy"] < high
    assert told["message"].format(**told["values"]).startswith("With groups on both sides")


def test_where_copies_make_no_difference_that_is_what_is_said():
    x, y = blobs(60, 3)
    told = leakage.measure(x, y, np.arange(len(y)) // 2, "copies", Recipe(l2=0.01))
    assert told["within_chance"]
    assert "no difference that can be told from chance" in told["message"]


def test_folds_keep_copies_together_and_classes_even():
    y = np.repeat([0, 1], 50)
    units = [row // 2 for row in range(100)]
    folds = out_of_sample.folds_of(y, units)
    assert all(folds[row] == folds[row + 1] for row in range(0, 100, 2))
    assert np.bincount(folds).tolist() == [20] * 5


def test_two_names_for_one_thing_cannot_be_told_apart_and_true_classes_can():
    x, y = blobs(60, 3)
    both = np.flatnonzero(y == 2)
    y[both[::2]] = 3  # every second picture of one thing has another name
    probabilities = out_of_sample.probabilities(x, y, out_of_sample.folds_of(y, range(len(y))), Recipe(l2=0.05))
    assert [(blur.first, blur.second) for blur in class_overlap.find(probabilities, y)] == [(2, 3)]


def test_a_stray_picture_is_an_outlier_and_an_ordinary_set_has_hardly_any():
    rng = np.random.default_rng(0)
    ordinary = np.sort(rng.beta(20, 10, (400, 10)))[:, ::-1].astype(np.float32)
    assert len(outliers.find(ordinary)) <= 4
    ordinary[7] = 0.02
    assert outliers.find(ordinary)[0][0] == 7


def test_labels_of_a_clean_set_are_not_doubted():
    _x, y = blobs(40, 3)
    sure = np.full((120, 3), 0.02, np.float32)
    sure[np.arange(120), y] = 0.96
    assert label_issues.find(sure, y) == []


def wait(graft, dataset_id: str) -> dict:
    while (state := graft.dataset_checks.status(dataset_id))["state"] == "running":
        time.sleep(0.05)
    return state


@pytest.mark.slow
def test_a_report_is_kept_for_its_version_and_called_stale_after_a_change(warm_graft, class_folder):
    graft = warm_graft
    dataset_id = graft.registry.create_project("Checked").dataset_id
    graft.wait_for_import(graft.start_import(dataset_id, class_folder))
    assert graft.dataset_checks.status(dataset_id)["state"] == "none"
    graft.dataset_checks.start(dataset_id)
    state = wait(graft, dataset_id)
    assert (state["state"], state["stale"], state["report"]["pictures"]) == ("done", False, 24)
    [item] = graft.registry.items(dataset_id, limit=1)
    graft.registry.change_items(dataset_id, [item.id], {"template": "moved", "values": {}}, label="blue")
    state = wait(graft, dataset_id)
    assert (state["state"], state["stale"]) == ("done", True)
    graft.dataset_checks.start(dataset_id)
    assert not wait(graft, dataset_id)["stale"]


def test_an_inspection_whose_worker_dies_has_failed_and_can_be_started_again(workspace):
    graft = idle_graft(workspace)
    dataset_id = fill_project(graft).dataset_id
    ends = []
    graft.compute.submit = lambda *_task, on_done, **_options: ends.append(on_done)
    for attempt in (1, 2):
        graft.dataset_checks.start(dataset_id)
        while len(ends) < attempt:
            time.sleep(0.01)
        assert graft.dataset_checks.status(dataset_id)["state"] == "running"
        ends[-1](ComputeError("The connection to the worker was lost before the work was done."))
        state = graft.dataset_checks.status(dataset_id)
        assert (state["state"], state["report"]) == ("failed", None)
        assert "connection to the worker" in state["message"]
    after_a_restart = idle_graft(workspace)
    assert after_a_restart.dataset_checks.status(dataset_id)["state"] == "none"
    assert graft.background_jobs.folder(KIND, dataset_id).exists()
