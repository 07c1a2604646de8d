"""The frame around every page: where there is nothing yet, the project, the language."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.language_mark import language_mark
from tests.support.app_pages import data_page, open_page, project_of


@pytest.mark.parametrize("name", ["model_selection", "training", "evaluation", "try_it"])
def test_every_page_without_a_project_says_where_to_go(graft, name):
    at = open_page(name)
    assert at.button(key="empty-button").label.startswith(("Go to", "Choose"))


@pytest.mark.parametrize(
    ("name", "label"), [("training", "Choose a network"), ("evaluation", "Go to Train"), ("try_it", "Go to Train")]
)
def test_a_project_without_runs_leads_to_the_page_before(project, name, label):
    assert open_page(name).button(key="empty-button").label == label


def test_the_url_carries_the_project_to_every_page(app, opened, class_folder):
    first = project_of(opened, class_folder, "First")
    project_of(opened, class_folder, "Second")
    app.query_params["project"] = first.id
    data_page(app)
    assert first.id in app.query_params["project"]
    assert app.session_state["current_project"] == first.id


def test_an_unknown_project_in_the_url_falls_back_to_one_that_exists(app, opened, class_folder):
    project = project_of(opened, class_folder)
    app.query_params["project"] = "gone"
    data_page(app)
    assert project.id in app.query_params["project"]


def test_the_language_of_the_url_is_kept(app):
    app.query_params["lang"] = "fr"
    app.run()
    assert app.session_state["lang"] == "fr"
    assert not app.exception


def test_a_new_project_is_created_from_the_menu_and_opened(app, opened, class_folder):
    project_of(opened, class_folder)
    data_page(app)
    app.text_input(key="new-project-name").set_value("Leaves")
    app.button(key="create-project-button").click().run()
    newest = opened.registry.projects()[0]
    assert newest.name == "Leaves"
    assert newest.id in app.query_params["project"]
    assert app.session_state["current_project"] == newest.id


def test_two_projects_of_one_name_are_told_apart(app, opened, class_folder):
    first, second = opened.registry.create_project("Twins"), opened.registry.create_project("Twins")
    data_page(app)
    assert app.session_state["current_project"] == second.id
    assert app.selectbox(key=f"choose-project-{second.id}").options == ["Twins (2)", "Twins"]
    app.selectbox(key=f"choose-project-{second.id}").set_value(first.id).run()
    assert app.session_state["current_project"] == first.id


def test_the_document_is_told_the_language_of_the_session(graft, monkeypatch):
    told = []
    monkeypatch.setattr(language_mark, "register", lambda *_names: lambda **mounted: told.append(mounted["data"]))
    at = AppTest.from_file(str(Path(__file__).parents[2] / "pages" / "frame.py"), default_timeout=30)
    at.query_params["lang"] = "de"
    at.run()
    assert told == [{"language": "de"}] and not at.exception
