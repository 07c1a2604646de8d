"""The Results page beyond the matrix, and what Try it says when the model had better say nothing."""

import json

import numpy as np
import pyarrow
import pytest
from streamlit.testing.v1 import AppTest

from engine.data import versions
from engine.evaluation import honest_number as engine_number
from engine.evaluation import results
from engine.evaluation.charts import learning_rate_finder, reliability
from engine.evaluation.charts.confusion_cells import contrast
from engine.evaluation.evaluators import lines
from engine.evaluation.metrics import calibration, group_gaps, intervals
from engine.evaluation.reliability import corruptions, out_of_distribution, selective
from engine.evaluation.reliability.selective import Answering
from engine.services import run_measurements
from engine.storage import runs
from pages.sections.evaluation.overview import honest_number
from pages.sections.evaluation.trust import calibration as reliability_calibration
from pages.shared import percentages
from tests.support.app_pages import FRAME, component_with, open_page, open_tab, open_view, picture, table_on, words
from tests.support.run_files import add_run, fill_project, finish_run

BLOCKS = {"limit": 2.0, "weights": "", "false_refusals": 0.04, "left_out": {"auroc": 0.77, "refused": 0.2, "folds": 5}}


@pytest.fixture
def project(graft):
    return fill_project(graft, per_class=200)


@pytest.fixture
def finished(graft, project):
    """A run as today's are: with its calibration and a detector of unknown pictures."""
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    folder = graft.workspace.run_dir(run_id)
    y, probabilities = results.scores(folder)
    more = {
        "calibration": calibration.report(y, probabilities, 1.3, 27),
        "weighted_f1": 0.8,
        "top_k": {"3": 0.96},
        "cohens_kappa": 0.7,
        "log_loss": 0.5,
        "unknown": BLOCKS,
    }
    runs.write_json(folder / runs.EVALUATION, {**runs.read_evaluation(folder), **more})
    (folder / out_of_distribution.FILE).write_bytes(b"detector")
    return folder


def test_ninety_percent_is_said_in_words_and_the_temperature_in_what_it_did(finished):
    said = words(open_tab("How sure"))
    near = calibration.spoken(*results.scores(finished))
    # Its own mean, and not the middle of the pictures that were asked for.
    sure, right = (percentages.per_hundred(near[one]) for one in ("confidence", "accuracy"))
    assert f"When it says about {sure} %, it is right {right} times in 100." in said
    told = "On 27 validation pictures it was too sure of itself, so its probabilities were softened (temperature 1.30)."
    assert told in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0.20, 0.05, "Calibration lowered the error to what chance alone explains."),
        (0.20, 0.12, "Calibration lowered the error, but what is left is more than chance."),
        (0.10, 0.12, "What is left is more than chance: take its probabilities with care."),
        (0.05, 0.04, "Both numbers are no larger than that: no flaw to be seen, before or after."),
    ],
)
def test_calibration_is_praised_only_where_it_helped_beyond_chance(finished, before, after, said):
    facts = runs.read_evaluation(finished)
    facts["calibration"]["before"]["error"], facts["calibration"]["after"]["error"] = before, after
    facts["calibration"]["after"]["by_chance"] = {"usual": 0.03, "high": 0.06}
    runs.write_json(finished / runs.EVALUATION, facts)
    shown = words(open_tab("How sure"))
    assert "would show about 3.0 %, and up to 6.0 % by chance. " + said in shown
    assert ("lowered" in shown) == ("lowered" in said)


def test_on_a_handful_of_test_pictures_a_calibration_error_is_said_to_mean_nothing():
    chance = calibration.by_chance(np.tile(np.array([[0.99, 0.01]], np.float32), (2, 1)))
    assert chance["usual"] <= chance["high"]
    said = reliability_calibration._believable(0.2, 0.1, chance, 2)
    assert said == "On 2 test pictures these numbers say next to nothing."


def test_test_pictures_of_new_groups_are_said_to_stand_for_groups(finished):
    facts = runs.read_evaluation(finished)
    runs.write_json(finished / runs.EVALUATION, {**facts, "interval_groups": 3})
    assert "come from 3 groups that it did not learn from" in words(open_page("evaluation"))
    runs.write_json(finished / runs.EVALUATION, {**facts, "interval_groups": 1})
    assert "how well it does on another one is not known" in words(open_page("evaluation"))
    assert "did not learn from" not in honest_number.small(engine_number.honest_number({**facts, "interval_groups": 0}))


def test_a_run_from_before_calibration_still_opens(graft, project):
    finish_run(graft, add_run(graft, project))
    assert "This run is from before calibration" in words(open_tab("How sure"))
    assert "This run cannot notice pictures unlike its training pictures" in words(open_tab("“I don’t know”"))


def test_the_cost_of_a_mistake_is_kept_with_the_model_when_asked_for(finished):
    at = open_tab("“I don’t know”")
    assert "It answers 90 of 90 test pictures" in words(at)
    at.select_slider(key=f"dont-know-cost-{finished.name}").set_value(5).run()
    y, probabilities = results.scores(finished)
    found = selective.outcome(y, probabilities, 0.8)
    assert f"It answers {found.answered} of 90 test pictures and is right in {found.right} of those" in words(at)
    assert selective.read(finished) == Answering()
    at.button(key="dont-know-save").click().run()
    assert not at.exception
    assert selective.read(finished) == Answering(cost=5)
    assert "In use: it answers from 80 % on" in words(open_tab("“I don’t know”"))


def test_refused_pictures_count_in_what_it_answers_what_that_costs_and_what_is_in_use(finished):
    facts = runs.read_evaluation(finished)
    items = results.predictions(finished).column("item")
    facts["unknown"] = {**BLOCKS, "refused": items[:12], "false_refusals": 12 / 90, "left_out": None}
    runs.write_json(finished / runs.EVALUATION, facts)
    y, probabilities = results.scores(finished)
    found = selective.outcome(y, probabilities, 0.0, refused=np.arange(90) < 12)
    at = open_tab("“I don’t know”")
    said = words(at)
    assert f"It answers 78 of 90 test pictures and is right in {found.right} of those answers." in said
    assert f"costs {found.cost(1):g} instead of" in said and "12 pictures are refused as too strange." in said
    assert "It wrongly refuses 12 of 90 test pictures" in said
    assert "In use: it refuses pictures unlike anything in training and answers all others." in said
    assert "too few validation and test pictures to leave some of your classes out" in said, "there are three classes"
    dot = json.loads(at.get("plotly_chart")[0].proto.spec)["data"][1]
    assert (dot["x"], dot["y"]) == ([78 / 90], [pytest.approx(found.accuracy)])
    assert "In use it may say “I don’t know”: It answers 78 of 90 test pictures" in words(open_page("evaluation"))
    at.toggle(key=f"dont-know-refuse-{finished.name}").set_value(False).run()
    assert "It answers 90 of 90 test pictures" in words(at)
    selective.change(finished, lambda now: now.with_miss_cost("pear", 9))  # kept in another window meanwhile
    at.button(key="dont-know-save").click().run()
    assert selective.read(finished) == Answering(refuse_unknown=False, miss_costs={"pear": 9})
    said = words(at.run())
    assert "In use: it always answers. It calls **pear** from 10 % on, whatever that says." in said
    said = words(open_page("evaluation"))
    assert "In use it may say “I don’t know”" not in said, "it does not any more"
    assert "were chosen here while looking at them" in said and "used for nothing but this number" not in said


def test_a_threshold_of_a_class_shows_what_it_does_is_used_and_taken_back(graft, finished):
    at = open_tab("Classes")
    at.selectbox(key=f"threshold-class-{finished.name}").set_value(1).run()
    at.select_slider(key=f"threshold-cost-{finished.name}-1").set_value(100).run()
    said = words(at)
    assert "From 1.0 % on it says **pear**" in said and " of 30 found" in said and "false alarms" in said
    assert "The model calls" not in said
    at.button(key="threshold-use").click().run()
    assert selective.read(finished).miss_costs == {"pear": 100}
    said = words(at.run())
    assert "The model calls **pear** from 1.0 % on" in said and "With the thresholds, it is right" in said
    assert "In use: it calls **pear** from 1.0 % on." in said

    graft.compute.answers["predict"] = lambda _run, _root, files: [{"probabilities": [0.9, 0.08, 0.02]} for _ in files]
    tried = open_page("try_it")
    tried.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert "It says **pear**: called so from 1.0 % on." in words(tried)

    at.button(key="thresholds-back").click().run()
    assert selective.read(finished) == Answering()
    assert "In use: the likeliest class is the answer." in words(at)


@pytest.mark.parametrize("kind", ["mistakes", "unsure", "right"])
def test_each_gallery_holds_the_pictures_it_promises(finished, kind):
    at = open_page("evaluation")
    at.session_state["results-gallery"] = kind
    open_view(at, "Pictures")
    at.run()
    assert not at.exception
    shown = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"tiles"' in part.proto.json]
    assert shown[0]["tiles"]
    if kind == "unsure":
        assert all(" / " in tile["caption"] for tile in shown[0]["tiles"])


def test_other_runs_on_the_same_test_pictures_are_counted_deleted_ones_too(graft, project, finished):
    assert "not to choose between rounds" in words(open_page("evaluation"))
    finish_run(graft, add_run(graft, project))
    said = words(open_page("evaluation"))
    assert "1 other training was measured on them" in said and "nothing but this number" not in said
    for run in graft.registry.runs(project.id)[:1]:  # whoever deletes the loser has seen it lose
        graft.delete_run(run.id)
    assert "1 other training was measured on them" in words(open_page("evaluation"))
    finish_run(graft, add_run(graft, project))
    assert "2 other trainings were measured on them" in words(open_page("evaluation"))


def test_two_runs_of_one_name_and_minute_can_both_be_opened(graft, project, monkeypatch):
    monkeypatch.setattr(runs, "now", lambda: "2026-01-02T03:04:05.678+00:00")
    ids = [add_run(graft, project, "Same"), add_run(graft, project, "Same")]
    for run_id in ids:
        finish_run(graft, run_id)
    at = open_page("evaluation")
    offered = at.selectbox(key="run-picker").options
    assert len(set(offered)) == 2 and {label[-6:] for label in offered} == {run_id[-6:] for run_id in ids}
    for run_id in ids:
        at.selectbox(key="run-picker").set_value(run_id).run()
        assert at.selectbox(key="run-picker").value == run_id


def test_more_numbers_are_explained_on_hover(finished):
    at = open_page("evaluation")
    shown = {metric.label: metric for metric in at.metric}
    for label in ("Weighted F1", "Top 3", "Cohen's kappa", "Log loss"):
        assert shown[label].help.endswith(".")
    assert shown["Top 3"].value == "96.0 %"


def test_a_learning_rate_found_by_a_test_is_shown_with_its_curve(graft, finished):
    assert "How the learning rate was found" not in words(open_tab("Curves"))
    found = {"rates": [1e-5, 1e-4, 1e-3, 1e-2], "losses": [1.0, 0.8, 0.5, 3.0], "chosen": 1e-4}
    runs.write_json(finished / runs.RANGE_TEST, found)
    said = words(open_tab("Curves"))
    assert "How the learning rate was found" in said and "The dashed line is the rate that was taken: 0.0001." in said
    figure = learning_rate_finder.range_test_figure(found)
    assert [shape.x0 for shape in figure.layout.shapes] == [1e-4]
    assert list(figure.data[0].y) == found["losses"]


def test_groups_say_the_gap_and_what_to_collect(finished):
    said = words(open_tab("Groups"))
    assert "too few test pictures to be known to within 10 in 100" in said
    assert "More of them would narrow it to 5 in 100 on either side: **" in said


def group(name: str, right: int, of: int) -> dict:
    interval = list(intervals.wilson_interval(right, of))
    return {"group": name, "accuracy": right / of, "support": of, "interval": interval}


def test_a_weak_group_is_found_whatever_tiny_groups_do_and_advice_fits_groups_that_are_kept_apart(graft, finished):
    facts = runs.read_evaluation(finished)
    rows = [group("day", 475, 500), group("night", 300, 500), group("dusk", 1, 1), group("dawn", 0, 2)]
    gaps = group_gaps.between(rows)
    assert (gaps.best, gaps.weak, gaps.tiny) == (rows[0], [rows[1]], rows[2:])
    assert [gaps.gap(row) for row in rows] == [0, pytest.approx(-0.35), None, None]
    assert group_gaps.between([group("a", 9, 10), group("b", 8, 10), group("c", 7, 10)]).weak == []
    assert group_gaps.between([group("a", 9, 9), group("b", 0, 9)]).best is None
    *_lines, last = lines.of_groups(rows)
    assert last == "Clearly weaker than day: night."
    runs.write_json(finished / runs.EVALUATION, {**facts, "groups": rows})
    said = words(open_tab("Groups"))
    assert "**night** is clearly weaker than **day**" in said and "**night** is not short of training pictures" in said
    assert "With fewer than 10 test pictures a group is compared with no other: **dawn**, **dusk**." in said
    kept_apart = [{**row, "group": row["split"]} for row in runs.read_snapshot(finished).to_pylist()]
    versions.of_run.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "read_snapshot", lambda _folder: pyarrow.Table.from_pylist(kept_apart))
        assert "new pictures of it would join the test pictures" in words(open_tab("Groups"))
    versions.of_run.cache_clear()


def test_a_class_without_test_pictures_is_not_the_weakest_and_numbers_carry_their_intervals(finished):
    facts = runs.read_evaluation(finished)
    assert sum(map(sum, facts["confusion_matrix"])) == 90
    facts["per_class"][1] |= {"support": 0, "recall": 0.0, "precision": 0.0, "f1": 0.0}
    runs.write_json(finished / runs.EVALUATION, facts)
    at = open_tab("Classes")
    assert at.selectbox(key=f"threshold-class-{finished.name}").value != 1
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["yaxis"]["ticktext"][0] == "pear (no test pictures)" and figure["data"][0]["x"][0] is None
    titles, rows = table_on(at)
    assert titles == ["Class", "Recall", "Precision", "F1", "Test pictures"]
    assert rows[-1] == ["pear", "–", "–", "–", "no test pictures"]
    weak = results.weakest(facts["per_class"])
    weakest = facts["per_class"][weak]
    low, high = intervals.wilson_interval(round(30 * weakest["recall"]), 30)
    assert lines.of_class(results.per_class(facts)[1]).split() == ["pear", "no", "test", "pictures"]
    assert f"({low:.1%} to {high:.1%})" in lines.of_class(results.per_class(facts)[weak])
    assert rows[0][1] == f"{100 * weakest['recall']:.1f} % ({100 * low:.0f}–{100 * high:.0f})"
    assert figure["data"][2]["customdata"][-1][1:] == pytest.approx([low, high])


@pytest.mark.parametrize(
    ("strange", "highest", "headline"),
    [(9.0, 0.95, "Unlike anything it has seen"), (0.0, 0.6, "I don’t know"), (0.0, 0.95, "")],
)
def test_try_it_holds_back_what_the_model_had_better_not_say(graft, finished, strange, highest, headline):
    selective.write(finished, Answering(cost=5))
    answer = {
        "probabilities": [highest, 1 - highest, 0.0],
        "unknown": {"score": strange, "limit": 2.0},
        "nearest": [{"sha256": "ab" * 32, "label": "pear"}],
    }
    graft.compute.answers["predict"] = lambda _run, _root, files: [answer for _ in files]
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert not at.exception
    said = words(at)
    assert ("Unlike anything" in said, "**I don’t know**" in said) == (
        headline.startswith("Unlike"),
        headline.startswith("I don’t"),
    )
    assert "The training pictures most like it:" in said


def measured(finished, *rows: dict) -> list[dict]:
    """Keep what was measured of robustness: these rows, and all other kinds unharmed."""
    steady = {"accuracy": [rows[0]["accuracy"][0]] * 6, "breaks": None, "examples": ["data:,"] * 6}
    own = {row["kind"]: row for row in rows}
    found = [
        {**steady, "pictures": rows[0]["pictures"], "kind": kind, **own.get(kind, {})} for kind in corruptions.KINDS
    ]
    runs.write_json(
        finished / run_measurements.FILES[run_measurements.ROBUSTNESS],
        {"kinds": list(corruptions.KINDS), "rows": found, "error": None},
    )
    return found


@pytest.mark.parametrize("tab", ["How sure", "Classes"])
def test_no_dot_of_a_figure_is_cut_off_where_its_axis_ends(finished, tab):
    at = open_tab(tab)
    traces = [trace for chart in at.get("plotly_chart") for trace in json.loads(chart.proto.spec)["data"]]
    dots = [trace for trace in traces if "markers" in trace.get("mode", "")]
    assert dots and all(trace["cliponaxis"] is False for trace in dots)


def test_robustness_is_offered_and_then_says_where_it_breaks(graft, finished):
    at = open_tab("Robustness")
    assert at.button(key="robustness-start-button").label == "Measure it now"
    falling = {"kind": "noise", "accuracy": [0.9, 0.9, 0.6, 0.5, 0.4, 0.3], "breaks": 2, "pictures": 80}
    late = {"kind": "jpeg", "accuracy": [0.9] * 5 + [0.1], "breaks": 5, "pictures": 80}
    rows = measured(finished, falling, late)
    at = open_tab("Robustness")
    said = words(at)
    assert "It breaks first under “Noise”: from strength 2 on it is right 60 instead of 90 times in 100." in said
    assert "on 80 of the 90 test pictures, drawn evenly from every class" in said
    assert at.session_state["robustness-kind"] == "noise", "the examples are those of the headline"
    figure = reliability.robustness_figure(rows, {kind: kind for kind in corruptions.KINDS})
    assert list(figure.data[0].z[len(rows) - 2]) == falling["accuracy"]
    assert len(figure.layout.shapes) == 2
    for dark in (False, True):
        figure = reliability.robustness_figure(rows, {kind: kind for kind in corruptions.KINDS}, dark=dark)
        scale, low, high = figure.data[0].colorscale, figure.data[0].zmin, figure.data[0].zmax
        for words_on in figure.layout.annotations:
            part = (int(words_on.text) / 100 - low) / (high - low)
            assert contrast(words_on.font.color, reliability.shade(scale, part)) >= 4.5


def test_the_curves_mark_the_round_that_was_kept_and_say_how_to_read_them(finished):
    runs.write_json(finished / runs.EVALUATION, {**runs.read_evaluation(finished), "chosen": "epoch 3"})
    at = open_tab("Curves")
    assert "A round shows it every picture for learning once." in words(at)
    layout = json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]
    assert layout["shapes"][0]["x0"] == 3 and layout["annotations"][0]["text"] == "kept"
    assert layout["xaxis"]["title"]["text"] == "round"


def test_about_this_run_is_shown_whole_with_its_thousands_set_apart(finished):
    facts = runs.read_evaluation(finished)
    counts = {"train": 3068, "validation": 341, "test": 372}
    runs.write_json(finished / runs.EVALUATION, {**facts, "counts": counts, "chosen": "epoch 3"})
    table = component_with(open_tab("About this run"), '"sortable"')
    assert table["whole"], "no scrolling inside, and nothing cut"
    values = [row["cells"][1]["text"] for row in table["rows"]]
    assert "3,068 / 341 / 372" in values and "Fine-tuned, round 3" in values


@pytest.mark.parametrize(
    ("pictures", "accuracy", "said"),
    [
        (5, [1.0, 0.8, 0.6, 0.2, 0.0, 0.0], "at strength 4 it is right on 0 instead of 5 pictures"),
        (90, [0.9, 0.9, 0.88, 0.9, 0.9, 0.9], "Worst was “Blur”: at strength 2 it is right 88 instead of 90 times"),
        (90, [0.9] * 6, "Nothing of this makes it worse: it stays as right"),
    ],
)
def test_few_pictures_never_show_that_nothing_breaks_it(finished, pictures, accuracy, said):
    measured(finished, {"kind": "blur", "accuracy": accuracy, "breaks": None, "pictures": pictures})
    shown = words(open_tab("Robustness"))
    assert said in shown
    assert ("too few to show what breaks it: up to 5 lost ones may be chance" in shown) == (pictures == 5)


def test_a_probability_and_its_truth_stand_at_the_same_place_of_the_figure():
    bins = [{"confidence": 0.8, "accuracy": 0.5, "low": 0.3, "high": 0.7, "count": 10}]
    figure = reliability.reliability_figure(bins, bins)
    assert (figure.data[2].x[0], figure.data[2].y[0]) == (0.8, 0.5)
    assert figure.data[2].error_y.array[0] == pytest.approx(0.2)
    points = [{"coverage": 0.5, "accuracy": 1.0}, {"coverage": 1.0, "accuracy": 0.75}]
    assert list(reliability.selective_figure(points).data[0].y) == [1.0, 0.75]


def test_the_mark_of_a_threshold_is_whole_where_the_plot_ends():
    here = {"false_alarms": 0.0, "recall": 1.0, "precision": 1.0}
    curve = {"false_alarms": [0, 1], "recall": [0, 1], "precision": [1, 1]}
    for figure in (reliability.roc_figure(curve, here), reliability.precision_recall_figure(curve, here)):
        assert figure.data[-1].y[0] == 1.0 and figure.data[-1].cliponaxis is False


def results_at(tab: str = "", **more: str) -> AppTest:
    """Return the page as a link to one of its parts opens it."""
    at = AppTest.from_file(FRAME, default_timeout=120).run()
    at.switch_page("evaluation.py")
    for name, value in {"tab": tab, **more}.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    return at


def test_the_address_names_the_open_part_and_a_refresh_finds_it(finished):
    at = open_tab("Map")
    assert at.query_params["tab"] == "map"
    found = results_at("map").session_state
    assert (found["results-parts"], found["results-view-mistakes"]) == ("Mistakes", "map")
    assert "tab" not in open_tab("Overview").query_params, "the first part needs no name"
    assert open_tab("Trust").query_params["tab"] == "trust", "no card is open"


@pytest.mark.parametrize(
    ("old", "tab", "view"),
    [
        ("pictures", "Mistakes", "pictures"),
        ("groups", "Mistakes", "groups"),
        ("sure", "Trust", "sure"),
        ("more", "Trust", "more"),
    ],
)
def test_links_from_before_there_were_four_tabs_lead_to_the_same_place(finished, old, tab, view):
    found = results_at(old).session_state
    assert (found["results-parts"], found[f"results-view-{tab.lower()}"]) == (tab, view)


@pytest.mark.parametrize(("old", "view"), [("compare", "compare"), ("about", "about"), ("curves", "about")])
def test_what_is_about_the_run_itself_opens_instead_of_the_tabs_and_closes_again(finished, old, view):
    at = results_at(old)
    assert at.session_state["results-beside"] == view and not at.get("tab_container")
    at.button(key="beside-back").click().run()
    assert not at.exception and at.session_state["results-parts"] == "Overview"


@pytest.mark.parametrize("tab", ["changed", "together", "nonsense"])
def test_a_link_to_a_part_that_this_run_does_not_have_opens_the_first(finished, tab):
    assert results_at(tab).session_state["results-parts"] == "Overview"


def test_another_language_leaves_the_same_part_open(finished):
    at = open_tab("Map")
    at.session_state["lang"] = "de"
    at.run()
    assert not at.exception and at.session_state["results-parts"] == "Fehler"
    assert at.session_state["results-view-mistakes"] == "map"


def test_a_link_opens_the_same_cell_in_the_same_order_and_as_the_same_shares(finished):
    asked = {"run": finished.name, "cell": "0-1", "show": "shares", "order": "similar"}
    at = results_at(**asked)
    assert "**apple, taken for pear**" in words(at)
    assert (at.session_state["confusion-view"], at.session_state[f"confusion-order-{finished.name}"]) == (
        "shares",
        "similar",
    )
    assert {name: at.query_params[name] for name in asked} == asked
    at.session_state["confusion-view"] = "counts"
    at.session_state[f"confusion-chosen-{finished.name}"] = None
    at.run()
    assert not {"cell", "show"} & set(at.query_params), "what is so from the start needs no name"


def test_back_in_the_browser_makes_the_address_right_and_not_what_the_session_keeps(finished, monkeypatch):
    at = results_at(run=finished.name, cell="0-1", show="shares", pictures="unsure")
    open_view(at, "Pictures")
    at.run()
    monkeypatch.setattr("pages.shared.address.came_back", lambda: True)
    before = {"run": finished.name, "tab": "", "cell": "1-1", "show": "", "pictures": ""}
    for name, value in before.items():
        at.query_params[name] = value
    at.run()
    assert at.session_state["results-parts"] == "Mistakes" and "**pear, recognised**" in words(at)
    assert at.session_state["confusion-view"] == "counts"


@pytest.mark.parametrize("cell", ["0-3", "-1-0", "0", "a-b", "0-1-2", ""])
def test_a_cell_that_this_run_does_not_have_opens_nothing(finished, cell):
    at = results_at(cell=cell, show="nonsense", order="nonsense")
    assert "Choose a cell or a pair to see its pictures." in words(at)


def test_a_cell_in_the_address_belongs_to_its_run_only(graft, project, finished):
    other = add_run(graft, project, "Second")
    finish_run(graft, other, seed=3)
    at = results_at(run=finished.name, cell="0-1")
    at.selectbox(key="run-picker").set_value(other).run()
    assert "Choose a cell or a pair to see its pictures." in words(at) and "cell" not in at.query_params
    at.selectbox(key="run-picker").set_value(finished.name).run()
    assert at.query_params["cell"] == "0-1"
