"""*Use it* on the Results page: what each format costs is said before it is downloaded."""

import time

from engine.sharing import export_table
from engine.storage import runs
from tests.support.app_pages import open_tab, table_on, words
from tests.support.run_files import add_run, fill_project, finish_run

ROW = {"file": "model-int8.tflite", "bytes": 3_100_000, "pictures": 1102, "difference": 0.03}


def test_a_table_says_size_speed_and_what_eight_bits_cost_and_the_rest_can_be_written(graft, monkeypatch):
    folder = graft.workspace.run_dir(add_run(graft, fill_project(graft)))
    finish_run(graft, folder.name)
    assert "has no model to export yet" in words(open_tab("Use it")), "a run without its preparation cannot be exported"
    runs.write_json(folder / "preparation.json", {"image_size": 96, "fit": "crop", "class_names": ["a", "b", "c"]})
    row = {**ROW, "milliseconds": 0.24, "accuracy": 0.81, "same": 0.95}
    export_table.keep(folder, export_table.stamp(folder), "litert-int8", row)
    (folder / "exports" / row["file"]).write_bytes(b"model")
    at = open_tab("Use it")
    titles, rows = table_on(at)
    assert "Same answer as the app" in titles
    assert rows[0][:5] == ["LiteRT int8", "3.1\N{NO-BREAK SPACE}MB", "0.2", "81.0 %", "95.0 %"]
    assert "Measured on 1,102 test pictures" in words(at) and "Core ML" in words(at)
    assert "LiteRT int8 answers otherwise than the app on 5.0 %" in words(at)
    at.button(key="export-start").click().run()
    assert not at.exception
    waiting = [task for task, _args, _key in graft.compute.submitted if task == "export_model"]
    assert waiting == ["export_model"]
    at.button(key="export-stop").click().run()
    assert graft.model_exports.status(folder)["state"] == "ended"


def test_a_hand_over_pack_of_the_chosen_formats_is_asked_of_a_worker(graft):
    folder = graft.workspace.run_dir(add_run(graft, fill_project(graft), "Mine"))
    finish_run(graft, folder.name)
    runs.write_json(folder / "preparation.json", {"image_size": 96, "fit": "crop", "class_names": ["a", "b", "c"]})
    open_tab("Use it").button(key="export-pack").click().run()
    job = graft.workspace.caches / "model_exports" / folder.name / "job.json"
    deadline = time.monotonic() + 20
    while not job.exists() and time.monotonic() < deadline:
        time.sleep(0.02)  # the job is written by a thread of its own
    told = runs.read_json(job)
    assert told["formats"] == ["onnx", "litert", "litert-int8"] and told["title"] == "Mine" and told["language"] == "en"
