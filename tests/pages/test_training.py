"""The Train page: a training is watched, paused, stopped, resumed; the queue and the table of runs."""

from engine.storage import runs
from engine.training.progress import PAUSED
from pages.shared.runs import run_list
from tests.support.app_pages import open_page, open_view, table_on, words
from tests.support.run_files import add_run, finish_run, set_status, write_metrics


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
    open_view(at, "Curves")
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
    assert at.get("download_button") and runs.MODEL not in words(at)
    assert str(graft.workspace.root) not in words(at), "where the machine keeps it is nobody's business"
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
