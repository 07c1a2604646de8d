"""The honest number stays honest: on pictures that nothing before has learned from, beside a fair comparison."""

from dataclasses import replace

import keras
import pyarrow
import pyarrow.parquet
import pytest
from streamlit.proto.Metric_pb2 import Metric

from engine.backbones import custom, learned_from
from engine.cli import parser
from engine.data import versions
from engine.errors import TrainingError
from engine.evaluation import compare, evaluators
from engine.storage import runs
from engine.training import snapshot
from tests.support.app_pages import open_page, words
from tests.support.model_files import picture_network
from tests.support.run_files import add_run, fill_project, finish_run

SUMMARY = {"template": "x", "values": {}}


@pytest.fixture
def project(graft):
    return fill_project(graft, classes=("apple", "pear"), per_class=40)


@pytest.fixture
def base(graft, project):
    """A finished run whose network was adapted; its model is a real one."""
    run_id = add_run(graft, project, "Base")
    finish_run(graft, run_id)
    folder = graft.workspace.run_dir(run_id)
    network = picture_network()
    keras.Model(network.inputs[0], network.outputs[0]).save(folder / runs.MODEL)
    change_facts(folder, chosen="epoch 3")
    return run_id


def change_facts(folder, **facts):
    runs.write_json(folder / runs.EVALUATION, {**runs.read_evaluation(folder), **facts})


def divide_again(graft, project, learned: int):
    """Let the test part hold so many pictures of either class that were learned from, and two of either as before."""
    for label in ("apple", "pear"):
        items = graft.registry.items(project.dataset_id, label=label)
        tested, trained = ([i.id for i in items if i.split == part] for part in ("test", "train"))
        moved = {item: {"split": "train"} for item in tested[2:]} | {
            item: {"split": "test"} for item in trained[:learned]
        }
        graft.registry.change_each(project.dataset_id, moved, SUMMARY)
    return {i.id for i in graft.registry.items(project.dataset_id) if i.split == "test"}


def said_before_the_start(base: str) -> str:
    """Return what the Model page says with the network of this run chosen, once it has looked at the pictures."""
    at = open_page("model_selection", backbone=custom.key_of_run(base))
    for _attempt in range(20):
        if "will not count" in words(at):
            break
        at.run()
    return words(at)


def test_what_the_network_it_starts_from_has_learned_from_does_not_measure_it(graft, project, base, capsys):
    before = versions.test_items(graft.workspace.run_dir(base))
    tested = divide_again(graft, project, learned=4)
    assert len(tested) == 12 and len(tested & before) == 4
    assert "8 test pictures will not count: this network has learned from them" in said_before_the_start(base)
    again = graft.start_run(project.id, {"backbone": custom.key_of_run(base)})
    folder = graft.workspace.run_dir(again)
    assert versions.test_items(folder) == tested & before
    frozen = snapshot.read(folder)
    assert set(frozen.items[frozen.rows("test")].tolist()) == tested & before
    assert not set(frozen.items[frozen.rows("train")].tolist()) & tested, "nor is it learned from"
    other = graft.workspace.run_dir(graft.start_run(project.id, {"backbone": "sprout"}))
    assert versions.test_items(other) == tested
    assert not compare.same_test([folder, other]), "they are measured on different pictures, and tables say so"

    finish_run(graft, again)
    change_facts(folder, base={"left_out": 8, "unknown": False})
    said = words(open_page("evaluation", current_run=again))
    assert "8 more test pictures do not count here: the network that this training started from had learned" in said
    assert "You changed" not in said, "leaving them out is no change of the pictures"
    assert parser.main(["evaluate", again]) == 0
    told = "12 test pictures it never saw (8 more that the network it started from had learned from do not count)"
    assert told in capsys.readouterr().out


def test_the_winner_of_a_search_leaves_them_out_too(graft, project, base):
    before = versions.test_items(graft.workspace.run_dir(base))
    tested = divide_again(graft, project, learned=4)
    winner = graft.workspace.run_dir(add_run(graft, project))  # as a search hands it over: a snapshot and a recipe
    graft.searches._leave_out(winner, custom.key_of_run(base))
    assert versions.test_items(winner) == tested & before
    assert (
        versions.facts(winner)["test_fingerprint"] != versions.facts(graft.workspace.run_dir(base))["test_fingerprint"]
    )


def test_a_network_on_a_network_knows_what_both_have_learned_and_outlives_its_run(graft, project, base):
    key = custom.key_of_run(base)
    middle = graft.start_run(project.id, {"backbone": key})
    finish_run(graft, middle)
    learned = learned_from.of_run(graft.workspace.run_dir(base)).pictures
    assert len(learned) == 68 and learned_from.of_run(graft.workspace.run_dir(middle)) == learned_from.by(key)
    graft.delete_run(base)
    assert learned_from.by(key).pictures == learned and not learned_from.by(key).unknown
    assert learned_from.by("sprout") == learned_from.LearnedFrom() and learned_from.by("own-123").unknown


def test_a_copy_of_what_was_learned_is_left_out_too_and_a_head_alone_has_learned_nothing(graft, project, base):
    key, items = custom.key_of_run(base), graft.registry.items(project.dataset_id)
    trained = next(item for item in items if item.split == "train")
    copy = next(item for item in items if item.split == "test")
    saved_anew = [replace(item, facts=trained.facts) if item is copy else item for item in items]
    assert learned_from.left_out(key, items)["items"] == []
    assert learned_from.left_out(key, saved_anew)["items"] == [copy.id]
    speakers = [
        replace(item, group=f"speaker {number % 2}" if item.split == "test" else item.split)
        for number, item in enumerate(saved_anew)
    ]
    own_group = [item.id for item in speakers if item.group == next(i.group for i in speakers if i.id == copy.id)]
    assert learned_from.left_out(key, speakers)["items"] == own_group and len(own_group) > 1, (
        "groups are kept apart here"
    )
    change_facts(graft.workspace.run_dir(base), chosen="probe")
    assert learned_from.left_out(key, saved_anew)["items"] == []


def test_a_training_that_nothing_could_measure_is_refused(graft, project, base):
    for label in ("apple", "pear"):
        items = graft.registry.items(project.dataset_id, label=label)
        parts = {item.id: {"split": {"test": "train", "train": "test"}.get(item.split, item.split)} for item in items}
        graft.registry.change_each(project.dataset_id, parts, SUMMARY)
    with pytest.raises(
        TrainingError, match="has learned from all 56 test pictures, so nothing is left to measure it on"
    ):
        graft.start_run(project.id, {"backbone": custom.key_of_run(base)})


def test_a_network_from_a_file_gets_no_lock(graft, project, base):
    runs.write_json(graft.workspace.run_dir(base) / runs.RECIPE, {"name": "instant", "backbone": "own-123"})
    change_facts(graft.workspace.run_dir(base), base={"left_out": 0, "unknown": True})
    said = words(open_page("evaluation"))
    assert "On 12 test pictures, it is right" in said and "never saw" not in said
    assert "had learned from before is not known here" in said and ":material/lock:" not in said


def test_guessing_is_the_best_single_answer_by_name(graft, project):
    items = graft.registry.items(project.dataset_id)
    apples = [item.id for item in items if item.label == "apple" and item.split == "test"]
    graft.registry.change_items(project.dataset_id, apples[:2], SUMMARY, label="pear")
    pears = [item.id for item in items if item.label == "pear" and item.split == "train"]
    graft.registry.change_items(project.dataset_id, pears[:9], SUMMARY, label="apple")
    run_id = add_run(graft, project)  # apple is the largest class to learn from, and not among the test pictures
    finish_run(graft, run_id)
    facts = runs.read_evaluation(graft.workspace.run_dir(run_id))
    assert evaluators.of("one").constant_answer(facts) == ("pear", 8 / 12)
    assert "Giving every picture the answer pear would be right 67 times" in words(open_page("evaluation"))
    for row in facts["per_class"]:
        row["support"] = 6
    assert evaluators.of("one").constant_answer(facts) == ("", 0.5), "neither of two equals is the largest"


def before(folder, *, spoilt: int, better: int):
    """Let the network as it came give the model's answers, but for so many right ones and so many wrong ones."""
    table = pyarrow.parquet.read_table(folder / runs.PREDICTIONS)
    rows = table.to_pylist()
    tested = [row for row in rows if row["split"] == "test"]
    right = [row for row in tested if row["predicted"] == row["label"]]
    wrong = [row for row in tested if row["predicted"] != row["label"]]
    for row in right[:spoilt]:
        row["predicted"] = "pear" if row["label"] == "apple" else "apple"
    for row in wrong[:better]:
        row["predicted"] = row["label"]
    assert len(right) >= spoilt and len(wrong) >= better
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, table.schema), folder / runs.BEFORE)


@pytest.mark.parametrize(
    ("spoilt", "better", "said"),
    [
        (6, 0, "**Training helped.** Right only after training: 6."),
        (0, 6, "**This training did harm:** the network as it came does better."),
        (0, 1, "**These pictures are too few to tell whether training helped.**"),
        (0, 0, "The network as it came gets the very same pictures right"),
    ],
)
def test_whether_training_helped_is_judged_by_more_than_one_picture(graft, project, spoilt, better, said):
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.5, seed=12)
    before(graft.workspace.run_dir(run_id), spoilt=spoilt, better=better)
    assert compare.against_before(graft.workspace.run_dir(run_id)) == (spoilt, better)
    at = open_page("evaluation")
    shown = words(at)
    assert said in shown and ("did harm" in shown) == (better == 6)
    [card] = [metric for metric in at.metric if metric.label == "Accuracy"]
    grey = card.proto.color == Metric.MetricColor.GRAY
    assert grey == (better in (0, 1) and not spoilt), "no green arrow for what may be chance"
