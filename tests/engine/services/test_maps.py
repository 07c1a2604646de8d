"""The map of a dataset: every picture has a place, alike ones lie together, and it lasts while the pictures do."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine import graft as graft_module
from engine.curation import projection
from engine.errors import UserError
from engine.evaluation import results
from engine.services import maps
from pages.components.embedding_map import embedding_map
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft
from tests.support.tiny_runs import discs


def silent(*_progress):
    """Nobody looks at how far it is."""


def clusters(count: int = 60, size: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return features of three kinds of pictures, and their kinds."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 3
    centres = rng.normal(0, 2.5, (3, size))
    return (rng.normal(0, 1, (count, size)) + centres[y]).astype(np.float32), y


def share_of_own_kind(positions: np.ndarray, y: np.ndarray) -> float:
    distance = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    return float((y[distance.argmin(axis=1)] == y).mean())


@pytest.fixture
def opened(workspace, monkeypatch):
    here = idle_graft(workspace)
    monkeypatch.setattr(graft_module, "_current", here)
    yield here
    here.registry.close()


def keep_map(opened, project, method: str = "tsne", leave_out: int = 0) -> None:
    """Do what the worker would: put a map where the page looks for it."""
    keys = sorted(item.sha256 for item in opened.registry.items(project.dataset_id))[leave_out:]
    positions = np.random.default_rng(0).normal(size=(len(keys), 2)).astype(np.float32)
    folder = opened.background_jobs.folder(maps.KIND, project.dataset_id)
    projection.write(folder, projection.Map(np.array(keys), positions, method))


def test_every_picture_has_a_place_and_its_neighbours_are_of_its_kind(workspace, monkeypatch):
    features, y = clusters()
    monkeypatch.setattr(projection, "features_of", lambda _workspace, keys, _advance: features[[int(k) for k in keys]])
    keys = [f"{number:03}" for number in range(len(y))]
    written = []
    monkeypatch.setattr(projection, "write", lambda _folder, made: written.append(made))
    made = projection.draw(workspace, workspace.caches / "maps", keys, silent)
    assert made.keys.tolist() == keys
    assert [one.method for one in written] == ["pca", "tsne"], "a sketch at once, nothing of what comes between"
    assert all(np.isfinite(one.positions).all() for one in written)
    assert share_of_own_kind(made.positions, y) > 0.9


def test_real_pictures_of_one_colour_lie_together(workspace):
    items = discs(workspace, per_class=12)
    colours = {item.sha256: item.label for item in items}
    steps = []
    made = projection.draw(workspace, workspace.caches / "maps", list(colours), lambda *step: steps.append(step))
    y = np.array([colours[key] for key in made.keys])
    assert share_of_own_kind(made.positions, y) > 0.8
    assert steps[-1][2] == "arrange"
    assert projection.read(workspace.caches / "maps").method == "tsne"


def unpacked(content: bytes) -> tuple[dict, list[int], dict[str, list[int]], list[str]]:
    """Return header, ids, the columns after x and y by name, and the file names, as the browser reads them."""
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    count, at = header["count"], 4 + length
    ids = np.frombuffer(content, "<u4", count, at).tolist()
    at += 8 * count
    columns = {}
    for key in [one["key"] for one in header["colourings"]] + ["shares"] * header["shares"]:
        columns[key] = np.frombuffer(content, "<u2", count, at).tolist()
        at += 2 * count
    return header, ids, columns, content[at + 32 * count :].decode().split("\n")


def test_a_map_stays_while_the_pictures_do_and_new_ones_go_beside_those_they_resemble(workspace, monkeypatch):
    features, y = clusters()
    asked = []
    monkeypatch.setattr(
        projection, "features_of", lambda _w, keys, _a: asked.append(keys) or features[[int(k) for k in keys]]
    )
    keys = [f"{number:03}" for number in range(len(y))]
    folder = workspace.caches / "maps"
    first = projection.draw(workspace, folder, keys[:-2], silent)
    again = projection.draw(workspace, folder, keys[5:-2], silent)
    assert len(asked) == 1 and np.array_equal(again.positions, first.positions), "nothing new, nothing computed"
    more = projection.draw(workspace, folder, keys, silent)
    assert np.array_equal(more.positions[:-2], first.positions)
    assert share_of_own_kind(more.positions, y) > 0.8


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_a_handful_of_pictures_has_a_map_too(workspace, monkeypatch, count):
    features, _y = clusters()
    monkeypatch.setattr(projection, "features_of", lambda _w, keys, _a: features[: len(keys)])
    made = projection.draw(workspace, workspace.caches / "maps", [f"{n}" for n in range(count)], silent)
    assert made.positions.shape == (count, 2) and np.isfinite(made.positions).all()


def test_the_browser_gets_every_picture_with_its_class_in_few_bytes(opened):
    project = fill_project(opened, classes=("apple", "pear"), per_class=30)
    keep_map(opened, project)
    bare = opened.registry.items(project.dataset_id)[0].id
    opened.registry.change_items(project.dataset_id, [bare], {"template": "", "values": {}}, label=None)
    content = opened.maps.packed(project.dataset_id)
    header, ids, columns, names = unpacked(content)
    assert header["count"] == 60 and [one["key"] for one in header["colourings"]] == ["class", "part", "group"]
    assert [one["names"] for one in header["colourings"]] == [
        ["apple", "pear"],
        ["train", "validation", "test"],
        ["day", "night"],
    ]
    items = opened.registry.items(project.dataset_id)
    assert ids == [item.id for item in items]
    assert columns["class"] == [maps.NONE] + [0] * 29 + [1] * 30
    assert columns["part"] == [maps.SPLITS.index(item.split) for item in items]
    assert names[0] == "apple-000.jpg" and len(names) == 60
    assert len(content) < 60 * 64 + 200


def test_test_pictures_of_a_run_are_coloured_by_what_it_said_of_them(opened):
    project = fill_project(opened)
    assert opened.maps.packed_run("no-such-run") is None
    run_id = add_run(opened, project)
    finish_run(opened, run_id)
    run = opened.registry.run(run_id)
    assert opened.maps.packed_run(run_id) is None and opened.maps.start_for_run(run).tag == "", "there is no map yet"
    keep_map(opened, project, leave_out=60)
    folder = opened.workspace.run_dir(run_id)
    placed = (
        np.load(opened.background_jobs.folder(maps.KIND, project.dataset_id) / maps.MAP)["keys"].astype("U64").tolist()
    )
    every = results.predictions(folder).where(lambda _label, _answer: True)
    rows = [row for row in every if row.sha256 in placed]
    header, ids, columns, _names = unpacked(opened.maps.packed_run(run_id))
    names = {one["key"]: one["names"] for one in header["colourings"]}
    assert ids == [row.item for row in rows] and 0 < len(rows) < len(every)
    assert columns["outcome"] == [int(row.label != row.predicted) for row in rows] and 1 in columns["outcome"]
    assert names["class"] == names["predicted"], "a class has one colour, true or predicted"
    assert [names["class"][code] for code in columns["class"]] == [row.label for row in rows]
    assert [names["predicted"][code] for code in columns["predicted"]] == [row.predicted for row in rows]
    assert [names["group"][code] for code in columns["group"]] == [row.group for row in rows]
    assert np.allclose(np.array(columns["shares"]) / maps.SHARE, [row.probability for row in rows], atol=1e-4)
    state = opened.maps.start_for_run(run)
    assert (state.placed, state.pictures) == (len(rows), len(every))


def test_a_map_is_begun_when_pictures_are_missing_and_known_by_another_tag_when_anything_changes(opened):
    project = fill_project(opened)
    assert opened.maps.start(project.dataset_id).tag == ""
    keep_map(opened, project)
    here = opened.maps.start(project.dataset_id)
    assert (here.placed, here.pictures, here.method) == (180, 180, "tsne")
    first = opened.registry.items(project.dataset_id)[0].id
    opened.registry.change_items(project.dataset_id, [first], {"template": "", "values": {}}, label="plum")
    assert opened.maps.start(project.dataset_id).tag != here.tag


def test_a_study_that_died_says_so_and_is_not_begun_again_by_itself(opened):
    project = fill_project(opened)
    begun = []

    def dies(task, *_args, queue, key, on_done):
        begun.append((task, queue))
        on_done(UserError("The worker process died. Try again."))

    opened.compute.submit = dies
    app = AppTest.from_function(show_map, default_timeout=30)
    opened.maps.start(project.dataset_id)
    wait_until(lambda: opened.maps.start(project.dataset_id).job["state"] == maps.FAILED)
    opened.maps.start(project.dataset_id)
    assert begun == [("map", "study")]
    app.run()
    assert "The worker process died." in app.error[0].value
    app.button(key="embedding_map-again").click().run()
    wait_until(lambda: len(begun) > 1)


def test_what_is_chosen_on_the_map_is_shown_below_and_moved_in_one_undoable_change(opened):
    project = fill_project(opened)
    keep_map(opened, project)
    ids = [item.id for item in opened.registry.items(project.dataset_id, label="apple")][:5]
    app = AppTest.from_function(show_map, default_timeout=30)
    app.session_state[f"embedding_map-{project.dataset_id}"] = {"selected": f"{ids[0]}-{ids[3]},{ids[4]}"}
    app.run()
    assert not app.exception
    assert any("5 pictures chosen" in text.value for text in app.markdown)
    app.selectbox(key="embedding_map-to-0").select("pear").run()
    assert {opened.registry.items_by_id(ids)[item].label for item in ids} == {"pear"}
    opened.registry.undo(opened.registry.changes(project.dataset_id)[0].id)
    assert {opened.registry.items_by_id(ids)[item].label for item in ids} == {"apple"}


def test_keys_in_the_gallery_below_label_exclude_and_undo_each_once(opened):
    project = fill_project(opened)
    keep_map(opened, project)
    one, other = [item.id for item in opened.registry.items(project.dataset_id)][:2]
    key = f"embedding_map-gallery-{project.dataset_id}"
    app = AppTest.from_function(show_map, default_timeout=30)
    app.session_state[f"embedding_map-{project.dataset_id}"] = {"selected": f"{one},{other}"}
    asked = [
        {"n": 11, "do": "label", "label": "plum", "items": [one]},
        {"n": 12, "do": "exclude", "items": [other]},
        {"n": 13, "do": "undo", "items": []},
    ]
    app.session_state[key] = {"selected": [], "asked": asked}
    app.run()
    assert not app.exception
    assert opened.registry.items_by_id([one])[one].label == "plum"
    assert not opened.registry.items_by_id([other])[other].removed, "excluded, then undone"
    assert len(opened.registry.changes(project.dataset_id)) == 3, "the import and two changes: nothing was done twice"


def test_what_a_browser_sends_as_ids_is_read_with_care():
    assert embedding_map.ids("3-5,9") == [3, 4, 5, 9]
    assert embedding_map.ids("") == embedding_map.ids("x,-,-3") == []


def show_map():
    from engine import graft
    from pages.sections.data_upload.pictures import embedding_map

    embedding_map.view(graft.current().registry.projects()[0])


def wait_until(true) -> None:
    import time

    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
