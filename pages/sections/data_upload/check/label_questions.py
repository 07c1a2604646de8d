"""Pictures that may lie in the wrong class, one large picture at a time; every answer is one key and can be undone.

The browser holds the queue, so that the next picture is there at once; it sends the list of answers so far, and this
module acts on those that are new. An answer is never lost to a fast hand, nor acted on twice.
"""

from collections.abc import Iterable, Sequence

import streamlit as st

from engine import graft
from engine.storage.registry import Item, Project
from pages.components.gallery import gallery
from pages.components.label_questions import label_questions as questions
from pages.components.probabilities import percent
from pages.sections.data_upload.check import open_findings
from pages.sections.data_upload.check.open_findings import Report
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.dataset import class_edits, pictures

OPEN = "label_questions-open"
PAIR = "label_questions-pair"  # {"dataset", "classes"}: whose pictures are to be looked at first
EXAMPLES = 4  # pictures of a class to compare with
MOST = 20  # questions in one sitting, the surest first; whoever wants more begins another
ACTIONS = ("change", "keep", "exclude", "undo")


def open_panel(project: Project, report: Report, finding: dict) -> None:
    """Freeze the questions of a finding and open the panel with them."""
    questions = finding["questions"][:MOST]
    asked = {question["item"] for question in questions}
    labels = sorted({item.label for item in report.items.values() if item.label is not None})
    st.session_state[OPEN] = {
        "id": f"{project.dataset_id}-{finding['kind']}-{questions[0]['item']}-{st.session_state.get(f'{OPEN}-n', 0)}",
        "dataset": project.dataset_id,
        "kind": finding["kind"],
        "cards": [_card(report.items[question["item"]], question) for question in questions],
        "classes": labels,
        "examples": _examples(report.items.values(), labels, asked),
        "applied": 0,
        "log": [],
        "changes": {},
    }
    st.session_state[f"{OPEN}-n"] = st.session_state.get(f"{OPEN}-n", 0) + 1


def open_pair(project: Project, report: Report) -> None:
    """Open what somebody came for from a mistake on test pictures: the same pair of classes among the others."""
    wanted = st.session_state.pop(PAIR, None)
    if wanted is None or wanted["dataset"] != project.dataset_id:
        return
    found = [finding for group in report.decide for finding in group if finding["kind"] == "label_error"]
    questions = [
        question
        for finding in found
        for question in finding["questions"]
        if {question["given"], question["suggested"]} == set(wanted["classes"])
        and report.items[question["item"]].split != "test"
    ]
    if questions:
        open_panel(project, report, {**found[0], "questions": questions})
        return
    first, second = (md_escape(label) for label in wanted["classes"])
    words = _("No picture for learning looks as if {first} and {second} had been mixed up.")
    st.info(words.format(first=first, second=second), icon=":material/check_circle:")


def is_open(project: Project) -> str | None:
    """Return the kind of question that is open for this project, None when there is none."""
    opened = st.session_state.get(OPEN)
    return opened["kind"] if opened and opened["dataset"] == project.dataset_id else None


@st.fragment
def panel(project: Project) -> None:
    """Show the open questions; answering reruns only this part of the page."""
    opened = st.session_state.get(OPEN)
    if opened is None:
        return
    with page.errors_in_words(), st.container(border=True, key="label_questions"):
        result = questions.ask(opened, key=f"label_questions-{opened['id']}")
        act_on(project, opened, result.log or [])
        if result.close:
            del st.session_state[OPEN]
        if result.close or result.rest:
            st.rerun()


def act_on(project: Project, opened: dict, log: Sequence[dict]) -> None:
    """Carry out the answers of the log that are new."""
    cards = {card["item"]: card for card in opened["cards"]}
    for answer in log[opened["applied"] :]:
        opened["applied"] += 1
        opened["log"].append(answer)
        card = cards.get(answer.get("item"))
        if card is not None and answer.get("action") in ACTIONS:
            _act(project, opened, card, answer)


def _act(project: Project, opened: dict, card: dict, answer: dict) -> None:
    item, action = card["item"], answer["action"]
    if action == "undo":
        _take_back(project, opened, item)
    elif action == "keep":
        open_findings.keep(project, opened["kind"], item, card["given"])
    elif action == "exclude":
        opened["changes"][item] = class_edits.exclude(project, [item])
    else:
        opened["changes"][item] = class_edits.move(project, [item], str(answer.get("label") or card["suggested"]))
        open_findings.was_wrong(project, opened["kind"], item)


def _take_back(project: Project, opened: dict, item: int) -> None:
    change = opened["changes"].pop(item, None)
    if change is None:
        open_findings.keep(project, opened["kind"], item, None)
    else:
        graft.current().registry.undo(change)
        open_findings.was_wrong(project, opened["kind"], item, False)


def _card(item: Item, question: dict) -> dict:
    confidence = question.get("confidence")
    return {
        "item": item.id,
        "src": f"api/preview/{item.sha256}",
        "given": item.label,
        "suggested": question.get("suggested"),
        "confidence": percent(confidence) if confidence is not None else "",
        "name": item.name,
        "part": pictures.split_word(item.split),
    }


def _examples(items: Iterable[Item], labels: Sequence[str], asked: set[int]) -> dict[str, list[str]]:
    """Return thumbnails of pictures of each class that nobody asks about, those to learn from first."""
    found: dict[str, list[str]] = {label: [] for label in labels}
    for item in sorted(items, key=lambda item: item.split != "train"):
        if item.label is not None and item.id not in asked and len(found[item.label]) < EXAMPLES:
            found[item.label].append(gallery.thumbnail_url(item.sha256))
    return found
