"""The pages around runs, driven through the frame as a browser would: choose, train, look at results, try."""

import hashlib
import io
import json
import time
from concurrent.futures import Future
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from engine import graft as graft_module
from engine.errors import DataError
from engine.evaluation.charts import class_order
from engine.storage import runs
from engine.training.progress import PAUSED
from pages.shared.runs import run_list
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft, set_status, write_metrics

FRAME = str(Path(__file__).parents[2] / "pages" / "frame.py")


@pytest.fixture
def graft(workspace, monkeypatch):
    """An open workspace without workers; pages find it as the current one."""
    opened = idle_graft(workspace)
    monkeypatch.setattr(graft_module, "_current", opened)
    monkeypatch.setattr(
        "pages.sections.try_it.tried_pictures.PATIENCE_SECONDS", 60
    )  # a busy machine is slow, not broken
    yield opened
    opened.close()
    monkeypatch.setattr(graft_module, "_current", None)


@pytest.fixture
def project(graft):
    return fill_project(graft)


def open_page(name: str, **session) -> AppTest:
    """Return the page as it stands after it was opened; fails on any uncaught error."""
    at = AppTest.from_file(FRAME, default_timeout=120)
    for key, value in session.items():
        at.session_state[key] = value
    at.run()
    at.switch_page(f"{name}.py").run()
    assert not at.exception, at.exception
    return at


def words(at: AppTest) -> str:
    """Return every text on the page."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info", "success", "metric", "code")
    said = "\n".join(str(element.value) for kind in kinds for element in getattr(at, kind))
    return said.replace("\N{NO-BREAK SPACE}", " ")


def table_on(at: AppTest) -> tuple[list[str], list[list[str]]]:
    """Return (titles, rows of texts) of the page's table."""
    table = component_with(at, '"sortable"')
    return [c["title"] for c in table["columns"]], [[c["text"] for c in row["cells"]] for row in table["rows"]]


def matrix_on(at: AppTest) -> dict:
    """Return what the confusion matrix of the page is given to draw."""
    return component_with(at, '"across"')


def component_with(at: AppTest, word: str) -> dict:
    found = [each.proto.json for each in at.get("bidi_component") if word in each.proto.json]
    return json.loads(found[0])[0]


def wait_for_answers() -> None:
    """Give the threads that ask the idle workers a moment."""
    time.sleep(0.2)


# where there is nothing yet


@pytest.mark.parametrize("name", ["model_selection", "training", "evaluation", "try_it"])
def test_every_page_without_a_project_says_where_to_go(graft, name):
    at = open_page(name)
    assert at.button(key="empty-button").label.startswith(("Go to", "Choose"))


@pytest.mark.parametrize(
    ("name", "label"), [("training", "Choose a network"), ("evaluation", "Go to Train"), ("try_it", "Go to Train")]
)
def test_a_project_without_runs_leads_to_the_page_before(project, name, label):
    assert open_page(name).button(key="empty-button").label == label


# choosing


def test_pictures_that_cannot_be_trained_on_lead_back_to_data_in_words(graft):
    graft.registry.create_project("Empty")
    at = open_page("model_selection")
    assert at.button(key="empty-button").label == "Go to Data"


def test_the_embedded_network_is_recommended_first_with_a_reason(project):
    at = open_page("model_selection")
    assert "Your pictures are small, which is what Sprout was made for." in words(at)
    assert at.button(key="use-sprout").disabled
    assert at.radio(key=f"recipe-{project.id}").value == "instant"


def test_after_a_first_result_the_balanced_recipe_is_recommended(graft, project):
    finish_run(graft, add_run(graft, project))
    assert open_page("model_selection").radio(key=f"recipe-{project.id}").value == "balanced"


def test_the_time_is_told_before_the_start(graft, project):
    graft.compute.answers["estimate"] = {"seconds": 75.0, "memory_mb": 640, "disk_mb": 12, "images_to_embed": 180}
    at = open_page("model_selection")
    wait_for_answers()
    at.run()
    assert "about 1 min 15 s" in words(at)
    assert "640 MB of memory" in words(at)


def test_start_training_queues_a_run_with_every_choice_and_opens_it(graft, project):
    at = open_page("model_selection")
    at.radio(key=f"recipe-{project.id}").set_value("balanced").run()
    at.slider(key="expert-epochs").set_value(3).run()
    at.select_slider(key="expert-batch_size").set_value(16).run()
    at.button(key="start-training").click().run()
    assert not at.exception
    (run,) = graft.registry.runs(project.id)
    recipe = runs.read_recipe(graft.workspace.run_dir(run.id))
    assert (recipe["name"], recipe["epochs"], recipe["batch_size"]) == ("balanced", 3, 16)
    assert at.session_state["current_run"] == run.id
    assert graft.compute.submitted[0][0] == "train"


def test_best_comes_with_its_own_choices_and_says_what_size_the_pictures_will_have(graft, project):
    graft.compute.answers["estimate"] = {"seconds": 900.0, "memory_mb": 2000, "disk_mb": 12, "image_size": 128}
    at = open_page("model_selection")
    at.radio(key=f"recipe-{project.id}").set_value("best").run()
    at.slider(key="expert-epochs-16").set_value(12).run()
    wait_for_answers()
    at.run()
    assert "about 15 min 0 s" in words(at) and "pictures of 128 pixels" in words(at)
    at.button(key="start-training").click().run()
    assert not at.exception
    (run,) = graft.registry.runs(project.id)
    recipe = runs.read_recipe(graft.workspace.run_dir(run.id))
    chosen = ("name", "epochs", "learning_rate", "early_rate", "freeze_depth", "mixing", "image_size")
    assert [recipe[option] for option in chosen] == ["best", 12, None, 0.2, 0.0, "auto", None]


def test_settings_that_the_instant_recipe_ignores_are_not_offered(project):
    at = open_page("model_selection")
    assert "expert-epochs" not in [slider.key for slider in at.slider]
    at.selectbox(key="expert-head").set_value("hidden").run()
    assert [slider.key for slider in at.slider] == ["expert-dropout"]


def test_a_run_belongs_to_whoever_gave_a_name_and_to_nobody_else(graft, project):
    at = open_page("model_selection")
    at.button(key="start-training").click().run()
    at = open_page("model_selection")
    at.text_input(key="your-name").set_value("Mia").run()
    at.button(key="start-training").click().run()
    latest, first = graft.registry.runs(project.id)
    assert (latest.owner, first.owner) == ("Mia", "")
    assert (latest.name, first.name) == ("Instant 2", "Instant")


def test_expert_settings_stay_when_the_page_is_left(project):
    at = open_page("model_selection")
    at.number_input(key="expert-seed").set_value(7).run()
    at.switch_page("training.py").run()
    at.switch_page("model_selection.py").run()
    assert at.number_input(key="expert-seed").value == 7
    at.button(key="reset-expert").click().run()
    assert at.number_input(key="expert-seed-again1").value == 0


def test_missing_weights_that_cannot_be_fetched_are_told_before_a_run_is_wasted(project, monkeypatch, tmp_path):
    from engine.backbones import local_weights

    def refuse(info):
        raise local_weights.unreachable(info, "no route to host")

    monkeypatch.setattr(local_weights, "check_reachable", refuse)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    at = open_page("model_selection", backbone="resnet50")
    wait_for_answers()
    at.run()
    assert "could not be downloaded" in words(at)
    assert at.button(key="start-training").disabled


def test_a_speed_known_from_earlier_work_is_shown_at_once(graft, project):
    runs.write_json(graft.workspace.caches / "speed.json", {"sprout-96": 812.4})
    assert "812 pictures a second here" in words(open_page("model_selection"))


def test_a_speed_is_measured_on_request(graft, project):
    graft.compute.answers["measure_speed"] = 1234.0
    at = open_page("model_selection")
    at.button(key="ask-measure-sprout").click().run()
    wait_for_answers()
    at.run()
    assert "1,234 pictures a second here" in words(at)


# training


def test_a_running_training_shows_phase_progress_and_time_left(graft, project, monkeypatch):
    run_id = add_run(graft, project)
    set_status(graft, run_id, state="running", phase="fine_tune", progress=0.42, seconds_left=80.0, message="")
    monkeypatch.setattr(runs, "_alive", lambda _folder: True)
    write_metrics(graft.workspace.run_dir(run_id), 3)
    at = open_page("training")
    bar = at.get("progress")[0].proto
    assert "Adapting the network to your pictures · 42% · about 1 min 20 s left" in bar.text
    assert len(at.get("plotly_chart")) == 2


def test_stop_asks_the_worker_to_keep_the_best_so_far(graft, project, monkeypatch):
    run_id = add_run(graft, project)
    set_status(graft, run_id, state="running", progress=0.1)
    monkeypatch.setattr(runs, "_alive", lambda _folder: True)
    at = open_page("training")
    assert "The best model so far is kept" in at.button(key="stop-run").help
    at.button(key="stop-run").click().run()
    assert (graft.workspace.run_dir(run_id) / runs.STOP).exists()
    assert at.button(key="stop-run").disabled


def test_pause_says_where_it_stands_and_the_way_on_is_the_first_thing_to_press(graft, project, monkeypatch):
    run_id = add_run(graft, project)
    set_status(graft, run_id, state="running", progress=0.3)
    monkeypatch.setattr(runs, "_alive", lambda _folder: True)
    at = open_page("training")
    at.button(key="pause-run").click().run()
    assert (graft.workspace.run_dir(run_id) / runs.PAUSE).exists()
    assert at.button(key="pause-run").disabled and at.button(key="pause-run").label == "Pausing…"
    set_status(graft, run_id, state="paused", message=PAUSED, values={"epoch": 3, "epochs": 10})
    at.run()
    assert "Paused at round 3 of 10. It will go on exactly there." in words(at)
    at.button(key="resume-run").click().run()
    assert graft.compute.submitted[-1][2] == run_id
    assert not (graft.workspace.run_dir(run_id) / runs.PAUSE).exists()


def test_the_queue_shows_position_owner_and_can_be_left(graft, project, monkeypatch):
    first, second, third = (
        add_run(graft, project, name, owner=owner) for name, owner in zip("ABC", ("ada", "bob", "cy"), strict=True)
    )
    set_status(graft, first, state="running", progress=0.5)
    monkeypatch.setattr(runs, "_alive", lambda _folder: True)
    at = open_page("training", current_run=first, current_project=project.id)
    assert "bob · Number 1 in the queue" in words(at)
    assert "cy · Number 2 in the queue" in words(at)
    at.button(key=f"cancel-{second}").click().run()
    assert runs.read_status(graft.workspace.run_dir(second))["state"] == "stopped"


def test_a_killed_training_says_interrupted_and_can_go_on(graft, project):
    run_id = add_run(graft, project)
    set_status(graft, run_id, state="running", progress=0.5)
    at = open_page("training")
    assert runs.INTERRUPTED in words(at)
    at.button(key="resume-run").click().run()
    assert not at.exception
    assert graft.compute.submitted[-1][2] == run_id


def test_a_training_that_went_astray_says_that_it_began_again_more_gently(graft, project):
    run_id = add_run(graft, project, recipe={"name": "balanced"})
    finish_run(graft, run_id)
    with open(graft.workspace.run_dir(run_id) / runs.EVENTS, "a", encoding="utf-8") as file:
        file.write('{"kind": "diverged", "restart": 1, "learning_rate": 3e-05}\n')
        file.write('{"kind": "gave_up", "tries": 4, "learning_rate": 3e-05}\n')
        file.write('{"kind": "patience", "epoch": 7, "best_epoch": 1}\n')
    at = open_page("training")
    assert "learning went astray. It began again from the first model, with a learning rate of 0.00003." in words(at)
    assert "With a learning rate of 0.00003 learning went astray too. That was the last of 4 tries" in words(at)
    assert "Ended after round 7: there had been no better one since round 1." in words(at)


def test_an_adapting_that_gave_nothing_is_told_on_train_and_results_with_all_its_turns(graft, project):
    run_id = add_run(graft, project, recipe={"name": "balanced"})
    finish_run(graft, run_id)
    folder = graft.workspace.run_dir(run_id)
    (folder / runs.METRICS).unlink()
    assert "gave nothing better" not in words(open_page("training"))  # it never came to that
    with open(folder / runs.EVENTS, "a", encoding="utf-8") as file:
        file.write('{"kind": "gave_up", "tries": 4, "learning_rate": 3e-05}\n')
    assert "Adapting the network gave nothing better" in words(open_page("training"))
    at = open_page("evaluation")
    assert "Adapting the network gave nothing better" in words(at)
    at.session_state["results-parts"] = "Curves"
    at.run()
    assert "No round of adapting the network was kept" in words(at)
    assert "That was the last of 4 tries" in words(at) and "Balanced shows one" not in words(at)


def test_a_failed_training_says_why(graft, project):
    run_id = add_run(graft, project)
    error = {"template": "The disk is full: {free} MB are left.", "values": {"free": 3}}
    set_status(graft, run_id, state="failed", error=error)
    at = open_page("training")
    assert "The disk is full: 3 MB are left." in words(at)
    assert at.button(key="resume-run").label == "Try again"


def test_a_finished_training_leads_to_its_results_and_its_model(graft, project):
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    at = open_page("training")
    assert at.button(key="see-results").label == "See the results"
    assert "times in 100 (between" in words(at)
    assert str(graft.workspace.run_dir(run_id) / runs.MODEL) in words(at)
    at.button(key="see-results").click().run()
    assert not at.exception
    assert "times in 100 (between" in words(at)


def test_the_table_of_runs_shows_only_settings_that_differ(graft, project):
    finish_run(graft, add_run(graft, project, "One"))
    finish_run(graft, add_run(graft, project, "Two", recipe={"seed": 5}), accuracy=0.9, seed=1)
    titles, rows = table_on(open_page("training"))
    assert {row[0] for row in rows} == {"One", "Two"}
    assert {row[titles.index("Seed")] for row in rows} == {"0", "5"}
    assert not {"Recipe", "Network", "Epochs"} & set(titles)


def test_choosing_a_row_opens_that_run_and_it_can_be_renamed_and_deleted(graft, project):
    old, new = add_run(graft, project, "Old"), add_run(graft, project, "New")
    for run_id in (old, new):
        finish_run(graft, run_id)
    at = open_page("training", current_run=old, current_project=project.id)
    at.text_input(key=f"new-name-{old}").set_value("Best [one](http://x)")
    at.button(key=f"save-name-{old}").click().run()
    assert graft.registry.run(old).name == "Best [one](http://x)"
    assert "[one](" not in words(at)
    at.button(key=f"confirm-delete-{old}").click().run()
    assert graft.registry.run(old) is None
    assert not graft.workspace.run_dir(old).exists()


def test_a_run_whose_files_are_gone_can_only_be_deleted(graft, project):
    run_id = add_run(graft, project)
    runs.delete_run(graft.workspace.run_dir(run_id))
    assert "are gone from the workspace" in words(open_page("training"))


# results


@pytest.fixture
def finished(graft, project):
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    return run_id


def test_the_honest_number_is_a_sentence_with_interval_and_both_baselines(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    said = words(open_page("evaluation"))
    assert f"On {facts['counts']['test']} pictures it never saw, it is right" in said
    assert "Always answering one and the same class: 33." in said
    assert "The same network without training, by likeness to each class" in said


def test_a_small_test_set_is_called_too_small(finished):
    assert "more test pictures would narrow it" in words(open_page("evaluation"))


def test_a_click_on_a_cell_opens_exactly_its_pictures(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    matrix = facts["confusion_matrix"]
    i, j = next((i, j) for i in range(3) for j in range(3) if i != j and matrix[i][j])
    at = open_page("evaluation", **{f"confusion-chosen-{finished}": (i, j)})
    names = facts["class_names"]
    assert f"**{names[i]}, taken for {names[j]}** · {matrix[i][j]} picture" in words(at)
    assert matrix_on(at)["selected"] == [i, j]


def test_a_pair_from_the_list_opens_its_pictures_too(finished):
    at = open_page("evaluation")
    pairs = at.radio(key=f"confused-pairs-{finished}")
    at = (
        pairs.set_value(pairs.options[0]).run()
        if isinstance(pairs.options[0], tuple)
        else pairs.set_value((0, 1)).run()
    )
    assert "taken for" in words(at) and not at.exception


@pytest.mark.parametrize(
    "tab", ["Pictures", "Classes", "Groups", "How sure", "“I don’t know”", "Robustness", "Curves", "About this run"]
)
def test_every_part_of_the_results_opens(finished, tab):
    at = open_page("evaluation", **{"results-parts": tab})
    at.session_state["results-parts"] = tab
    at.run()
    assert not at.exception


def test_the_matrix_has_every_number_of_the_evaluation(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    shown = matrix_on(open_page("evaluation"))
    assert shown["down"] == shown["across"] == facts["class_names"]
    assert shown["counts"] == facts["confusion_matrix"] and not shown["share"]
    assert matrix_on(open_page("evaluation", **{"confusion-view": "shares"}))["share"]


@pytest.fixture
def hundred_classes(graft):
    """A project of 100 classes, ten families of which are confused among themselves, and its run."""
    project = fill_project(graft, "Many", classes=[f"class {n:03}" for n in range(100)], per_class=20)
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.5, families=10)
    return project, run_id


def test_a_hundred_classes_are_seen_in_groups_and_a_group_opens_with_its_names(graft, hundred_classes):
    project, run_id = hundred_classes
    at = open_page("evaluation", current_project=project.id)
    parts = at.selectbox(key=f"confusion-part-{run_id}")
    assert parts.options[:2] == ["All 100, in groups", "The 20 classes with most mistakes"]
    at.session_state["confusion-view-many"] = "table"
    at.run()
    titles, rows = table_on(at)
    assert len(titles) - 1 == len(rows) == len(parts.options) - 2 <= 14
    matrix = runs.read_evaluation(graft.workspace.run_dir(run_id))["confusion_matrix"]
    assert sum(int(text) for row in rows for text in row[1:]) == sum(map(sum, matrix))
    at.selectbox(key=f"confusion-part-{run_id}").select_index(2).run()
    shown = matrix_on(at)
    assert 2 <= len(shown["down"]) <= 15 and shown["across"] == shown["down"]
    at.button(key=f"confusion-part-{run_id}-back").click().run()
    assert at.session_state[f"confusion-part-{run_id}"] == "all" and not at.exception


def test_where_two_groups_meet_rows_and_columns_differ_and_cells_open_their_pictures(graft, hundred_classes):
    project, run_id = hundred_classes
    facts = runs.read_evaluation(graft.workspace.run_dir(run_id))
    groups = class_order.similar_groups(facts["confusion_matrix"])
    at = open_page("evaluation", current_project=project.id, **{f"confusion-part-{run_id}": "0-1"})
    shown, names = matrix_on(at), facts["class_names"]
    assert shown["across"] == [names[place] for place in groups[1]]
    assert shown["down"] == [names[place] for place in groups[0]]
    at.session_state[f"confusion-chosen-{run_id}"] = (groups[0][0], groups[1][0])
    at.run()
    assert f"**{names[groups[0][0]]}, taken for {names[groups[1][0]]}** ·" in words(at)


def test_the_list_of_pairs_goes_on_to_the_last_mistake(graft, hundred_classes):
    project, run_id = hundred_classes
    at = open_page("evaluation", current_project=project.id)
    for _click in range(9):
        if any(button.key == f"pairs-more-{run_id}" for button in at.button):
            at.button(key=f"pairs-more-{run_id}").click().run()
    matrix = runs.read_evaluation(graft.workspace.run_dir(run_id))["confusion_matrix"]
    pairs = sum(bool(count) for i, row in enumerate(matrix) for j, count in enumerate(row) if i != j)
    assert len(at.radio(key=f"confused-pairs-{run_id}").options) == pairs


def test_a_few_classes_stay_by_name_and_can_be_sorted_by_confusion(finished):
    at = open_page("evaluation")
    at.session_state[f"confusion-order-{finished}"] = "similar"
    at.run()
    assert sorted(matrix_on(at)["across"]) == ["apple", "pear", "plum"] and not at.exception


def test_names_of_classes_are_shown_as_they_are(graft):
    project = fill_project(graft, "Odd", classes=["![x](http://y/z.png)", "<script>alert(1)</script>"])
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.5)
    at = open_page("evaluation", current_project=project.id)
    assert not at.exception
    pairs = at.radio(key=f"confused-pairs-{run_id}")
    assert all("![x](" not in label for label in pairs.options)


# trying


def picture() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 40, 40)).save(sink, "PNG")
    return sink.getvalue()


def test_a_dropped_picture_is_answered_and_the_upload_is_freed(graft, finished):
    graft.compute.answers["predict"] = lambda _run, _root, files: [{"probabilities": [0.1, 0.7, 0.2]} for _ in files]
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert not at.exception
    shown = bars_on(at)
    assert "pear" in shown and "70\N{NO-BREAK SPACE}%" in shown
    assert at.file_uploader(key="try-files-1").value in (None, [])


def test_a_picture_is_shown_as_being_looked_at_until_a_slow_worker_has_answered(graft, finished, monkeypatch):
    coming = Future()
    monkeypatch.setattr("pages.sections.try_it.tried_pictures.PATIENCE_SECONDS", 0.05)
    graft.compute.answers["predict"] = lambda *_asked: coming.result(timeout=20)
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert "Looking at it…" in words(at) and ">pear<" not in bars_on(at)
    asked = component_with(at, '"target"')
    assert asked == {"target": "trial-0", "asked": 1}, "it comes into view"
    coming.set_result([{"probabilities": [0.1, 0.7, 0.2]}])
    wait_for_answers()
    assert "Looking at it…" not in words(at.run()) and ">pear<" in bars_on(at)
    at.switch_page("evaluation.py").run()
    at.switch_page("try_it.py").run()
    assert ">pear<" in bars_on(at), "what was tried survives a visit to another page"
    assert component_with(at, '"target"') == asked, "and nothing scrolls when the page is opened again"


@pytest.mark.parametrize(
    ("part", "said"),
    [("train", "It learned from this very picture, as apple."), ("test", "one of its test pictures (apple)")],
)
def test_a_picture_that_the_model_knows_already_is_said_to_be_known(graft, finished, part, said):
    graft.compute.answers["predict"] = lambda _run, _root, files: [{"probabilities": [0.1, 0.7, 0.2]} for _ in files]
    folder = graft.workspace.run_dir(finished)
    rows = runs.read_snapshot(folder).to_pylist()
    rows[0] |= {"sha256": hashlib.sha256(picture()).hexdigest(), "split": part}
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / runs.SNAPSHOT)
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert said in words(at)


def bars_on(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def test_a_file_that_is_no_picture_is_refused_in_words(graft, finished):
    graft.compute.answers["predict"] = lambda _run, _root, files: []
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("notes.txt", b"hello", "text/plain").run()
    assert "notes.txt" in at.error[0].value


def test_the_model_is_warmed_when_the_page_opens(graft, finished):
    open_page("try_it")
    wait_for_answers()
    asked = (graft.workspace.run_dir(finished), graft.workspace)
    assert ("warm_model", asked) in graft.compute.asked


def test_a_worker_that_cannot_answer_is_said_beside_the_picture(graft, finished):
    def die(*_arguments):
        raise DataError("The worker process died.")

    graft.compute.answers["predict"] = die
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert not at.exception
    assert "mine" in at.error[0].value and "The worker process died." in at.error[0].value


def test_an_unready_dataset_is_told_in_the_words_of_the_check(graft, project, monkeypatch):
    from engine.curation import row_checks

    def refuse(_items, **_options):
        raise DataError("Class {label} has only {count} pictures.", label="pear", count=1)

    monkeypatch.setattr(row_checks, "ready_to_train", refuse)
    assert "Class pear has only 1 picture." in words(open_page("model_selection"))


def test_waiting_for_an_answer_never_blocks_the_page(graft, project):
    never = Future()
    graft.compute.answers["estimate"] = lambda *_arguments: never.result(timeout=20)
    assert "Working out how long it takes" in words(open_page("model_selection"))
    never.set_result({"seconds": 1.0})


def test_whoever_looks_at_the_queue_can_move_a_waiting_run(graft, project):
    first, second, third = (add_run(graft, project, name) for name in ("One", "Two", "Three"))
    at = open_page("training", current_run=first)
    assert at.button(key=f"down-{third}").disabled
    at.button(key=f"front-{third}").click().run()
    assert not at.exception
    assert graft.queue.waiting() == [third, first, second]
    assert "Number 1 in the queue" in words(open_page("training", current_run=first))


def test_badge_and_bar_of_an_active_run_say_the_same(graft, project):
    run_id = add_run(graft, project)
    set_status(graft, run_id, state="queued", phase="fine_tune")
    entry = run_list.view(graft.registry.run(run_id))
    assert run_list.doing_words(entry) == run_list.state_words(entry.state)[0] == "Waiting"


def test_an_address_of_a_training_that_was_deleted_elsewhere_says_so_until_another_is_opened(graft, project):
    old, new = add_run(graft, project, "Old"), add_run(graft, project, "New")
    for run_id in (old, new):
        finish_run(graft, run_id)
    at = open_page("evaluation", current_run=old, current_project=project.id)
    assert "has been deleted" not in words(at)
    graft.delete_run(old)
    at.run()
    assert "The training that this address named has been deleted." in words(at)
    assert at.query_params.get("run") in (None, [new], new)
    at.run()
    assert "has been deleted" in words(at)
    at.button(key="gone-read").click().run()
    assert "has been deleted" not in words(at)
    alone = open_page("evaluation", current_run=new, current_project=project.id)
    graft.delete_run(new)
    alone.run()
    assert "has been deleted." in words(alone) and "belongs to another one" not in words(alone)
    elsewhere = open_page("home", current_project="never-was")
    assert "The project that this address named has been deleted." in words(elsewhere)
