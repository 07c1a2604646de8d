"""A model in every format is loaded again and answers as the app does; what int8 costs is said, not hidden."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.label_kinds import multi_label
from engine.errors import UserError
from engine.evaluation import predict
from engine.services.model_exports import ModelExports
from engine.sharing import export_job, export_table, formats, model_card, model_labels, pack_job
from engine.storage import runs
from engine.storage.workspace import Workspace, write_json
from tests.conftest import use_workspace
from tests.support import tiny_runs
from tests.support.multi_label_sets import drawn
from tests.support.pictures import COLOURS, draw_picture

pytestmark = pytest.mark.slow

# Of 54 pictures a class, so many are for learning and for validation: what is left are 102 test pictures of 3 classes.
TRAIN, VALIDATION, PER_CLASS = 16, 4, 54
FOR_TWO = 70  # 100 test pictures of 2 classes
# What ONNX Runtime Web needs in Node beside what a page needs; its licence is in engine/sharing/browser.
NODE_PART = Path(__file__).parents[2] / "support" / "onnxruntime" / "ort-wasm-simd-threaded.mjs"
IN_FULL = ("keras", "onnx", "litert", "savedmodel", "openvino")


def coloured(workspace: Workspace, labels: tuple[str, ...], per_class: int = PER_CLASS) -> list:
    """Return items of coloured discs, most of them for the test."""
    return [
        tiny_runs.add_picture(
            workspace, draw_picture(COLOURS[label], seed=1000 * place + number), label, number, split=split_of(number)
        )
        for place, label in enumerate(labels)
        for number in range(per_class)
    ]


def split_of(number: int) -> str:
    return "train" if number < TRAIN else "validation" if number < TRAIN + VALIDATION else "test"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    return use_workspace(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def one_label(workspace) -> Path:
    return tiny_runs.train(workspace, coloured(workspace, ("red", "green", "blue")))


def export(run_dir: Path, workspace: Workspace, *keys: str) -> dict[str, dict]:
    export_job.make(run_dir, workspace, keys, lambda *_told, **_values: None)
    return export_table.rows(run_dir)


def test_every_format_answers_as_the_app_on_a_hundred_test_pictures(one_label, workspace):
    rows = export(one_label, workspace, *formats.FORMATS)
    assert set(rows) == set(formats.FORMATS)
    for key, row in rows.items():
        assert row["pictures"] == 102 and row["milliseconds"] > 0
        assert row["bytes"] == (one_label / "exports" / row["file"]).stat().st_size > 10_000
        if key in IN_FULL:
            assert row["same"] == 1 and row["difference"] < 1e-5, key
    accuracy = runs.read_evaluation(one_label)["accuracy"]
    assert all(rows[key]["accuracy"] == pytest.approx(accuracy) for key in IN_FULL)
    assert rows["litert-f16"]["same"] >= 0.98 and rows["litert-f16"]["bytes"] < 0.6 * rows["litert"]["bytes"]
    for key in ("litert-int8", "litert-int8-static"):
        assert rows[key]["bytes"] < 0.35 * rows["litert"]["bytes"]
        assert rows[key]["same"] >= 0.9 and abs(rows[key]["accuracy"] - accuracy) <= 0.1


def test_what_was_exported_is_kept_until_the_model_or_its_answers_change(one_label, workspace, monkeypatch):
    export(one_label, workspace, "litert")
    monkeypatch.setattr(export_job, "Comparison", None)  # nothing is made twice
    assert "litert" in export(one_label, workspace, "litert")
    write_json(one_label / "answering.json", {"cost": 5.0})
    assert export_table.path(one_label, "litert") is None
    (one_label / "answering.json").unlink()
    assert export_table.path(one_label, "litert") is not None


def test_an_onnx_file_names_its_input_output_batch_classes_and_thresholds(one_label, workspace):
    import onnxruntime

    export(one_label, workspace, "onnx")
    session = onnxruntime.InferenceSession(str(export_table.path(one_label, "onnx")))
    [taken], [given] = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape, given.name, given.shape) == ("pixels", ["N", 48, 48, 3], "probabilities", ["N", 3])
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["class_names"]) == ["blue", "green", "red"]
    assert json.loads(told["graft"]) == model_labels.describe(one_label)


def test_no_export_names_a_folder_or_a_run(one_label, workspace):
    export(one_label, workspace, *formats.FORMATS)
    secrets = [str(workspace.root), str(Path(__file__).parents[3]), one_label.name]
    for path in export_table.folder(one_label).glob("model*"):
        parts = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                parts = [archive.read(name) for name in archive.namelist()]
        assert not [word for word in secrets for part in parts if word.encode() in part], path.name


@pytest.fixture(scope="module")
def pack(one_label, workspace, tmp_path_factory) -> Path:
    """A hand-over pack, unpacked where nobody knows Graft."""
    place = tmp_path_factory.mktemp("handed over")
    told = {
        "run_dir": str(one_label),
        "formats": ["onnx", "litert-int8"],
        "title": "<i>Discs</i> | a",
        "language": "en",
    }
    write_json(place / "job" / "job.json", told)
    pack_job.carry_out(place / "job" / "job.json", workspace)
    with zipfile.ZipFile(export_table.path(one_label, "pack")) as archive:
        archive.extractall(place / "pack")
    return place / "pack"


def run_in(pack: Path, *command: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "GRAFT_WORKSPACE")}
    return subprocess.run(command, cwd=pack, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_pack_proves_itself_in_a_fresh_process_and_fails_loudly_where_it_answers_otherwise(pack):
    done = run_in(pack, sys.executable, "check.py")
    assert done.returncode == 0 and done.stdout.count("ok ") == 2, done.stdout + done.stderr
    path = pack / "samples" / "samples.json"
    stored = json.loads(path.read_text())
    assert len(stored["files"]) == 5 and len(stored["labels"]) == 5
    stored["models"]["model.onnx"]["probabilities"][3][0] += 0.002
    (pack / "samples" / "kept.json").write_text(path.read_text())
    path.write_text(json.dumps(stored))
    done = run_in(pack, sys.executable, "check.py", "model.onnx")
    path.write_text((pack / "samples" / "kept.json").read_text())
    assert done.returncode == 1 and "FAILED  model.onnx: differs by 0.002 at most, 0.001 is allowed" in done.stdout


def test_the_scripts_and_snippets_of_a_pack_answer_what_is_stored(pack, tmp_path):
    stored = json.loads((pack / "samples" / "samples.json").read_text())
    expected = stored["models"]["model.onnx"]["probabilities"][0]
    names = json.loads((pack / "labels.json").read_text())["class_names"]
    said = json.loads(run_in(pack, sys.executable, "predict_onnx.py", "samples/1.png").stdout)
    assert said["answer"] == [names[int(np.argmax(expected))]]
    assert list(said["probabilities"].values()) == pytest.approx(expected, abs=1e-3)
    with subprocess.Popen([sys.executable, "serve.py", "0"], cwd=pack, stdout=subprocess.PIPE, text=True) as server:
        done = run_in(pack, "sh", "snippets/curl.sh", server.stdout.readline().strip())
        server.terminate()
    assert json.loads(done.stdout)["probabilities"] == said["probabilities"], done.stderr
    if shutil.which("node") is None:
        return  # the third needs Node, which nothing else of Graft does
    runtime, own = files("engine.sharing").joinpath("browser"), pack / "node_modules" / "onnxruntime-web"
    own.mkdir(parents=True)
    (own / "package.json").write_text('{"name": "onnxruntime-web", "type": "module", "main": "onnxruntime.mjs"}')
    (own / "onnxruntime.mjs").write_bytes(runtime.joinpath("onnxruntime.mjs").read_bytes())
    wasm = gzip.decompress(runtime.joinpath("onnxruntime.wasm.gz").read_bytes())
    (own / "ort-wasm-simd-threaded.wasm").write_bytes(wasm)
    shutil.copy(NODE_PART, own)
    done = run_in(pack, "node", "snippets/javascript.mjs")
    assert json.loads(done.stdout.splitlines()[-1]) == pytest.approx(expected, abs=1e-3), done.stderr


def test_the_card_of_a_pack_says_the_honest_number_and_names_nobody(pack, one_label, workspace):
    card = (pack / "MODEL_CARD.md").read_text()
    assert "&lt;i&gt;Discs&lt;/i&gt; \\| a" in card and "On 102 pictures it never saw, it is right" in card
    assert model_card.fingerprint(one_label) in card and "LiteRT int8" in card and "## Limits" in card
    here = {str(path.relative_to(pack)) for path in pack.rglob("*") if path.is_file()}
    assert {"report.html", "demo.html", "requirements-onnx.txt", "requirements-litert.txt", "NOTICE.txt"} <= here
    assert {"snippets/cpp.cc", "snippets/curl.sh", "snippets/javascript.mjs"} <= here
    secrets = [str(workspace.root), one_label.name, str(Path(__file__).parents[3])]
    texts = [path.read_bytes() for path in pack.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    assert not [word for word in secrets for text in texts if word.encode() in text]


def test_pictures_of_several_classes_keep_their_thresholds(workspace):
    items = [
        tiny_runs.add_picture(
            workspace, _opened(content), multi_label.joined(shown), number, split=split_of(number % 45)
        )
        for number, (shown, content) in enumerate(drawn(45).values())
    ]
    run_dir = tiny_runs.train(workspace, items, task="several")
    rows = export(run_dir, workspace, "onnx", "litert-int8")
    assert rows["onnx"]["same"] == 1 and rows["onnx"]["difference"] < 1e-5 and rows["litert-int8"]["same"] >= 0.9
    assert rows["onnx"]["pictures"] == 100
    assert set(model_labels.describe(run_dir)["thresholds"]) == {"disc", "square"}


def test_two_classes_with_one_unit_answer_alike(workspace):
    run_dir = tiny_runs.train(workspace, coloured(workspace, ("red", "blue"), FOR_TWO), output="sigmoid")
    rows = export(run_dir, workspace, "onnx", "litert")
    assert all(row["same"] == 1 and row["difference"] < 1e-5 for row in rows.values())
    assert model_labels.describe(run_dir)["output"]["columns"] == 1


def test_a_network_of_the_catalogue_answers_alike(workspace):
    run_dir = tiny_runs.train(workspace, coloured(workspace, ("red", "blue"), FOR_TWO), backbone="efficientnet_lite0")
    rows = export(run_dir, workspace, "onnx", "litert", "litert-int8")
    assert all(row["same"] >= (0.9 if "int8" in key else 1) for key, row in rows.items())


def test_the_scale_of_pictures_of_more_than_eight_bits_is_inside(one_label):
    about = model_labels.describe(one_label)
    about["input"]["range"] = [0.0, 4095.0]
    plain = predict.load(one_label).model
    pixels = np.random.default_rng(0).integers(0, 256, (4, 48, 48, 3)).astype(np.uint8)
    scaled = export_job.handed_out(plain, about).predict_on_batch(export_job.as_input(pixels, about))
    np.testing.assert_allclose(scaled, plain.predict_on_batch(pixels.astype(np.float32)), atol=1e-4)


def test_a_run_without_a_model_is_refused_in_words(tmp_path):
    write_json(tmp_path / runs.STATUS, {"state": "queued"})
    with pytest.raises(UserError, match="has no model to export yet"):
        ModelExports(None).start(tmp_path, ["onnx"])


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))
