"""The report of the Data page as a person meets it: faults are shown with pictures, mended with a click, undone."""

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import graft
from engine.data import finding as shapes
from engine.data import thumbnails
from engine.storage.registry import Item, Project
from engine.storage.workspace import write_json
from pages.sections.data_upload.check import label_questions, open_findings, row_findings
from tests.support.app_pages import everything_written
from tests.support.pictures import draw_folder, draw_picture
from tests.support.work_now import WorkNow


def section():
    """The section by itself, under the button that undoes, as on the Data page."""
    from engine import graft
    from pages.sections.data_upload.check.check_report import view
    from pages.shared.dataset import class_edits

    project = graft.current().registry.projects()[0]
    class_edits.undo_button(project)
    view(project)


@dataclass
class Desk:
    """A project with planted faults, and the page that reports them."""

    project: Project
    app: AppTest

    @property
    def registry(self):
        return graft.current().registry

    def items(self, label: str | None = None) -> list[Item]:
        return self.registry.items(self.project.dataset_id, label=label)

    def named(self, ending: str) -> Item:
        return next(item for item in self.items() if item.name.endswith(ending))

    def words(self) -> str:
        folded = [expander.label for expander in self.app.expander]
        return "\n".join([everything_written(self.app), *folded])

    def press(self, words: str) -> None:
        next(button for button in self.app.button if button.label == words).click().run()
        assert not self.app.exception

    def offers(self) -> set[str]:
        return {button.label for button in self.app.button}

    def look(self, *findings: dict, leakage: dict | None = None) -> "Desk":
        """Put the report of a long look at the pictures of now where the worker would leave it."""
        version = self.registry.version(self.project.dataset_id)
        name = f"{self.project.dataset_id}-{hashlib.sha256(version.encode()).hexdigest()[:16]}.json"
        told = {"backbone": "sprout", "pictures": len(self.items()), "seconds": {"total": 2.0}}
        path = graft.current().workspace.caches / "reports" / name
        write_json(path, {"version": version, "findings": list(findings), "leakage": leakage, **told})
        return self

    def doubt(self, *questions: tuple[str, str]) -> dict:
        """Return the finding that asks about files, (end of the name, suggested class)."""
        asked = [
            {"item": item.id, "file": item.name, "given": item.label, "suggested": suggested, "confidence": 0.94}
            for ending, suggested in questions
            for item in [self.named(ending)]
        ]
        told = shapes.finding("label_error", "question", [], "Some may be wrong.", "Look at them.")
        return {**told, "items": [question["item"] for question in asked], "questions": asked}

    def answer(self, *log: dict) -> None:
        """Answer the open questions as the component in the browser would."""
        key = f"label_questions-{self.app.session_state[label_questions.OPEN]['id']}"
        self.app.session_state[key] = {"log": list(log)}
        self.app.run()
        assert not self.app.exception


@pytest.fixture
def folder(tmp_path) -> Path:
    return draw_folder(tmp_path / "pictures", {"red": 24, "blue": 24})


@pytest.fixture
def desk(workspace, monkeypatch, folder):
    """Open the report of the pictures in `folder`; tests plant faults before they call it."""
    monkeypatch.setattr(graft.Compute, "start", lambda *_arguments, **_options: WorkNow())

    def open_desk() -> Desk:
        here = graft.current()
        project = here.registry.create_project("Faulty")
        here.wait_for_import(here.start_import(project.dataset_id, folder))
        return Desk(project, AppTest.from_function(section, default_timeout=30))

    return open_desk


def test_pictures_without_a_fault_are_praised_and_nothing_is_to_decide(desk):
    here = desk()
    here.look().app.run()
    words = here.words()
    assert "Nothing to decide" in words
    assert "48 pictures, no picture in two classes, no copies across the test" in words
    assert "Looked at closely: 48 pictures" in words


def test_a_picture_in_two_classes_is_shown_with_both_and_one_click_settles_it_until_undone(desk, folder):
    (folder / "red" / "same.png").write_bytes((folder / "blue" / "blue-000.png").read_bytes())
    here = desk().look()
    here.app.run()
    assert "1 thing to decide" in here.words()
    assert "The same picture lies in blue, red." in here.words()
    assert {"Keep it in blue", "Keep it in red", "Take it out of all classes"} <= here.offers()
    here.press("Keep it in blue")
    assert "Nothing to decide" in here.words()
    assert not [item for item in here.items("red") if item.name.endswith("same.png")]
    here.app.button(key="undo").click().run()
    assert "The same picture lies in blue, red." in here.words()


def test_what_is_marked_as_really_ambiguous_is_no_longer_asked_about_or_counted(desk, folder):
    (folder / "red" / "same.png").write_bytes((folder / "blue" / "blue-000.png").read_bytes())
    here = desk()
    here.look(here.doubt(("red-001.png", "blue"))).app.run()
    assert "2 things to decide" in here.words()
    unclear = [here.named("same.png").id, here.named("red-001.png").id]
    summary = {"template": "marked {n} pictures as ambiguous", "values": {"n": 2}}
    change = here.registry.change_items(here.project.dataset_id, unclear, summary, ambiguous=True)
    here.app.run()
    assert "Nothing to decide" in here.words()
    assert sum(here.registry.counts(here.project.dataset_id, used=True)["red"].values()) == 23
    asked = graft.current().dataset_checks._facts(here.project.dataset_id, "", "sprout", Path("report.json"))["items"]
    assert not {item["id"] for item in asked} & set(unclear)
    here.registry.undo(change)
    here.app.run()
    assert "The same picture lies in blue, red." in here.words()


def test_many_conflicts_are_one_thing_to_decide_and_turned_page_by_page(desk, folder):
    for number in range(9):
        content = (folder / "blue" / f"blue-{number:03}.png").read_bytes()
        (folder / "red" / f"same-{number}.png").write_bytes(content)
    here = desk().look()
    here.app.run()
    assert "1 thing to decide" in here.words()
    assert "9 pictures lie in more than one class." in here.words()
    assert len([words for words in (b.label for b in here.app.button) if words == "Keep it in blue"]) == 4


def test_what_is_called_fine_leaves_the_report_until_there_is_more_of_it_or_it_is_shown_again(desk, folder, tmp_path):
    (folder / "red" / "again.png").write_bytes((folder / "red" / "red-000.png").read_bytes())
    here = desk().look()
    here.app.run()
    assert "1 picture is a copy of another." in here.words()
    here.app.button(key="finding-duplicates-note-fine").click().run()
    assert "1 thing you called fine" in here.words()
    assert "finding-duplicates-note-fine" not in {button.key for button in here.app.button}

    (tmp_path / "more" / "blue").mkdir(parents=True)
    for name in ("one.png", "two.png"):
        draw_picture((40, 70, 200), seed=77).save(tmp_path / "more" / "blue" / name)
    graft.current().wait_for_import(graft.current().start_import(here.project.dataset_id, tmp_path / "more"))
    here.app.run()
    assert "2 pictures are copies of 2 others." in here.words()
    here.app.button(key="finding-duplicates-note-fine").click().run()
    here.app.button(key="bring-back").click().run()
    assert "2 pictures are copies of 2 others." in here.words()


def test_what_was_mended_leaves_an_older_report_at_once_and_the_report_says_its_age(desk):
    here = desk()
    blurred = [here.named("red-003.png"), here.named("red-004.png")]
    take_out = shapes.remove(blurred, "Take them out")
    told = shapes.finding(
        "blurred", "note", blurred, "{count} pictures are blurred.", "Look.", fixes=[take_out], count=2
    )
    here.look(told).app.run()
    here.press("Take them out")
    assert "pictures are blurred" not in here.words()
    assert "The pictures have changed since." in here.words()
    assert "Look again" in here.offers()
    here.app.button(key="undo").click().run()
    assert "2 pictures are blurred." in here.words()


def test_selected_pictures_of_a_finding_are_taken_out_alone(desk):
    here = desk()
    dark = here.items("red")[:3]
    here.look(shapes.finding("dark", "warning", dark, "{count} are dark.", "Look.", count=3)).app.run()
    here.app.session_state["finding-dark-warning-gallery"] = {"selected": [dark[1].id]}
    here.app.run()
    here.press("Exclude")
    assert {item.id for item in dark} & {item.id for item in here.items()} == {dark[0].id, dark[2].id}


def test_doubtful_labels_are_asked_one_by_one_and_nothing_changes_by_itself(desk):
    here = desk()
    here.look(here.doubt(("red-001.png", "blue"), ("red-002.png", "blue"), ("blue-005.png", "red"))).app.run()
    assert "3 pictures may lie in the wrong class." in here.words()
    assert "These are questions, not errors, the surest first." in here.words()
    here.app.button(key="ask-label_error").click().run()
    first, second, third = (here.named(name).id for name in ("red-001.png", "red-002.png", "blue-005.png"))
    here.answer(
        {"item": first, "action": "change", "label": None},
        {"item": second, "action": "keep", "label": None},
        {"item": third, "action": "change", "label": "purple"},
        {"item": third, "action": "undo", "label": None},
        {"item": third, "action": "exclude", "label": None},
        {"item": 987654, "action": "exclude", "label": None},
    )
    labels = {item.id: item.label for item in here.items()}
    assert (labels[first], labels[second]) == ("blue", "red")
    assert third not in labels
    assert len(labels) == 47
    del here.app.session_state[label_questions.OPEN]
    here.app.run()
    assert "may lie in the wrong class" not in here.words()
    here.app.button(key="bring-back").click().run()
    assert "1 picture may lie in the wrong class." in here.words()


def test_how_far_suspicions_are_to_be_believed_is_told_by_the_own_answers(desk):
    here = desk()
    doubts = [(f"red-00{n}.png", "blue") for n in range(1, 8)]
    here.look(here.doubt(*doubts)).app.run()
    assert "you have looked at" not in here.words()
    here.app.button(key="ask-label_error").click().run()
    items = [here.named(name).id for name, _suggested in doubts]
    told = [{"item": item, "action": "keep", "label": None} for item in items[:4]]
    here.answer(*told, {"item": items[4], "action": "change", "label": None})
    del here.app.session_state[label_questions.OPEN]
    here.app.run()
    assert "Of the 5 you have looked at, 1 were in the wrong class." in here.words()


def test_a_mistake_on_test_pictures_leads_to_the_same_pair_among_the_others(desk):
    here = desk()
    here.look(here.doubt(("red-001.png", "blue"), ("blue-005.png", "red")))
    wanted = {"dataset": here.project.dataset_id, "classes": ["blue", "red"]}
    here.app.session_state[label_questions.PAIR] = wanted
    here.app.run()
    asked = {card["item"] for card in here.app.session_state[label_questions.OPEN]["cards"]}
    both = [here.named(name) for name in ("red-001.png", "blue-005.png")]
    assert asked == {item.id for item in both if item.split != "test"}
    del here.app.session_state[label_questions.OPEN]
    here.app.session_state[label_questions.PAIR] = {**wanted, "classes": ["red", "green"]}
    here.app.run()
    assert "No picture for learning looks as if red and green had been mixed up." in here.words()


def test_answers_are_acted_on_once_however_often_the_page_is_drawn(desk):
    here = desk()
    here.look(here.doubt(("red-001.png", "blue"))).app.run()
    here.app.button(key="ask-label_error").click().run()
    answered = {"item": here.named("red-001.png").id, "action": "change", "label": None}
    here.answer(answered)
    here.answer(answered)
    assert len([change for change in here.registry.changes(here.project.dataset_id) if change.kind == "items"]) == 1


def test_the_score_with_leakage_stands_beside_the_honest_one(desk):
    here = desk()
    told = shapes.finding("leakage", "warning", [], "The result would be better than the model.", "Keep groups apart.")
    apart = {"accuracy": 0.82, "interval": [0.78, 0.86], "correct": 82, "count": 100}
    mixed = {"accuracy": 0.96, "interval": [0.93, 0.98], "correct": 96, "count": 100}
    leakage = {"reason": "groups", "apart": apart, "mixed": mixed, "within_chance": False, "message": "", "values": {}}
    here.look(told, leakage=leakage).app.run()
    shown = "".join(element.proto.body for element in here.app.get("html")).replace("\N{NO-BREAK SPACE}", " ")
    assert "96 %" in shown and "82 %" in shown
    assert "between 78 % and 86 %" in shown
    assert "Measured, not guessed" in here.words()


def test_groups_found_in_file_names_are_used_with_one_click_and_kept_on_one_side(desk, folder):
    for label in ("red", "blue"):
        for number, path in enumerate(sorted((folder / label).iterdir())):
            path.rename(path.with_name(f"speaker_{number % 8:02}_take{number // 8}.png"))
    here = desk().look()
    here.app.run()
    assert "8 groups" in here.words()
    here.press("Use these groups")
    sides = {}
    for item in here.items():
        sides.setdefault(item.group, set()).add(item.split)
    assert len(sides) == 8
    assert all(len(parts) == 1 for parts in sides.values())
    assert here.registry.dataset_options(here.project.dataset_id)["groups_apart"] == "yes"
    here.app.button(key="undo").click().run()
    assert {item.group for item in here.items()} == {None}


def test_a_way_to_balance_classes_becomes_what_new_trainings_begin_with(desk, folder):
    from pages.shared.dataset import class_balance

    for path in sorted((folder / "blue").iterdir())[4:]:
        path.unlink()
    here = desk().look()
    here.app.run()
    radio = here.app.radio(key=f"balance-{here.project.dataset_id}")
    assert radio.options[0] == "Every picture counts the same"
    radio.set_value("weights").run()
    assert class_balance.default(here.project) == "weights"
    assert not [change for change in here.registry.changes(here.project.dataset_id) if change.kind == "items"]


def test_hostile_class_names_are_shown_and_never_parsed(desk, folder):
    (folder / "red").rename(folder / "<b>:red[a]")
    (folder / "<b>:red[a]" / "same.png").write_bytes((folder / "blue" / "blue-000.png").read_bytes())
    here = desk().look()
    here.app.run()
    assert "<b>:red[a]" not in here.words()
    assert ":red[a]" not in "".join(here.offers())
    assert all("<b>:red" not in element.proto.body for element in here.app.get("html"))


def test_a_preview_is_large_and_small_pictures_stay_as_they_are(workspace, tmp_path):
    draw_picture((200, 40, 40), seed=1).save(tmp_path / "small.png")
    blob = workspace.blob_path("ab" * 32)
    blob.parent.mkdir(parents=True)
    blob.write_bytes((tmp_path / "small.png").read_bytes())
    assert thumbnails.preview(workspace, "ab" * 32)[:2] == b"\xff\xd8"
    assert not workspace.preview_path("ab" * 32).exists()


def test_in_a_large_dataset_a_finding_goes_at_once_and_the_page_waits_for_nothing(desk, folder, monkeypatch):
    (folder / "red" / "same.png").write_bytes((folder / "blue" / "blue-000.png").read_bytes())
    here = desk().look()
    here.app.run()
    asked = []
    monkeypatch.setattr(row_findings, "AT_ONCE", 0)
    monkeypatch.setattr(row_findings.worker_answers, "ask", lambda key, question: asked.append(question) or Future())
    here.press("Keep it in blue")
    assert asked
    assert "The same picture lies in" not in here.words()
    assert "1 picture is a copy of another." not in here.words()


def test_a_fix_that_is_in_effect_already_takes_its_finding_out(desk):
    here = desk()
    items = {item.id: item for item in here.items()}
    first, *_rest = items
    fix = {"key": "one_side", "title": "", "values": {}, "changes": {first: {"split": items[first].split}}}
    told = {**shapes.finding("across_splits", "warning", [items[first]], "", ""), "fixes": [fix]}
    assert open_findings.freshened(told, items, {}) is None
    fix["changes"] = {first: {"split": "elsewhere"}}
    assert open_findings.freshened(told, items, {}) == told
