"""A head that sees every place of the last map instead of the average over the picture."""

import keras
import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image, ImageDraw

from engine.backbones import catalogue
from engine.backbones.build import build
from engine.cli import parser
from engine.errors import TrainingError
from engine.storage import runs
from engine.storage.status_file import StatusFile
from engine.training.inputs.pixels import Pixels
from engine.training.recipe import Recipe
from engine.worker import door
from tests.support.app_pages import open_page
from tests.support.tiny_runs import add_picture, train

pytestmark = pytest.mark.slow

KEY = "sprout+flatten"


def corners(workspace) -> list:
    """Return pictures of the same disc, whose class is the corner it lies in: no average can tell them apart."""
    items = []
    for label, (x, y) in {"upper left": (4, 4), "lower right": (28, 28)}.items():
        for number in range(20):
            image = Image.new("RGB", (48, 48), (200 + number, 230, 240))
            ImageDraw.Draw(image).ellipse([x, y, x + 14, y + 14], fill=(20, 20, 60 + number))
            items.append(add_picture(workspace, image, label, number))
    return items


def test_a_flattened_head_is_trained_fine_tuned_saved_tried_and_explained(workspace):
    items = corners(workspace)
    options = {"name": "balanced", "backbone": KEY, "epochs": 1, "batch_size": 8, "augmentation": []}
    run_dir = train(workspace, items, **options)
    assert runs.read_status(run_dir)["state"] == "finished", runs.read_status(run_dir)["error"]
    assert runs.read_evaluation(run_dir)["accuracy"] == 1.0
    stored = pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS).to_pydict()
    saved = keras.models.load_model(run_dir / runs.MODEL)
    assert saved.get_layer("places").output.shape[-1] == 2 * 2 * 320
    answers = saved.predict(Pixels(workspace, 48, "stretch").read(stored["sha256"]), verbose=0)
    np.testing.assert_allclose(answers, np.array(stored["probabilities"]), atol=2e-3)

    picture = str(workspace.blob_path(items[0].sha256))
    (tried,) = door.answer("predict", run_dir, workspace, [picture])
    assert np.argmax(tried["probabilities"]) == 1 and tried["unknown"] is None
    looked = door.answer("explain", run_dir, picture, "grad_cam", "upper left", StatusFile(None).advance)
    assert 0 <= looked["hottest"][0] <= 1


def test_a_map_that_is_too_large_is_refused_in_words():
    with pytest.raises(TrainingError, match="would give 62720 numbers for every picture of 224 pixels"):
        Recipe.from_dict({"backbone": "mobilenet_v2+flatten"}).validate()
    Recipe.from_dict({"backbone": "mobilenet_v2+flatten", "image_size": 96}).validate()


def test_the_width_that_is_told_is_that_of_the_network():
    assert build(KEY, 96).output.shape[-1] == catalogue.width(KEY, 96) == 2880


def test_the_command_line_and_the_model_page_offer_it(graft, project, workspace, capsys):
    asked = ["train", str(workspace.root), "--pooling", "flatten", "--backbone", "mobilenet_v2"]
    assert parser.main(asked) == 2
    assert "MobileNetV2, flattened would give" in capsys.readouterr().err
    at = open_page("model_selection")
    at.button(key="use-sprout").click().run()
    at.selectbox(key="expert-pooling").set_value("flatten").run()
    at.button(key="start-training").click().run()
    assert not at.exception
    (run,) = graft.registry.runs(project.id)
    assert runs.read_recipe(graft.workspace.run_dir(run.id))["backbone"] == KEY
    assert any("Sprout, flattened" in caption.value for caption in at.caption)
