"""Home: what a newcomer sees, examples, and the projects one has."""

from tests.support.app_pages import everything_written, project_of


def test_a_newcomer_sees_what_it_is_the_four_steps_and_two_examples(app):
    app.run()
    assert not app.exception
    assert "Teach a network" in app.title[0].value
    words = everything_written(app)
    for part in ("1. Pictures", "2. Network", "3. Training", "4. Results", "Handwritten digits", "three languages"):
        assert part in words


def test_one_click_on_an_example_makes_a_project_of_it_and_leads_to_its_pictures(app, opened):
    app.run()
    app.button(key="home-digits").click().run()
    (project,) = opened.registry.projects()
    counts = opened.registry.counts(project.dataset_id)
    assert project.name == "Handwritten digits"
    assert sorted(counts) == [str(digit) for digit in range(10)]
    assert sum(sum(splits.values()) for splits in counts.values()) == 1797


def test_recent_projects_show_their_numbers(app, opened, class_folder):
    project_of(opened, class_folder, "Discs")
    app.run()
    assert "Discs" in everything_written(app)
    assert "24 pictures · 2 classes" in everything_written(app)
