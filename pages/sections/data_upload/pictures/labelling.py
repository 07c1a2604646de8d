"""Label: one large picture after the other with a suggested class, confirmed with a key; then the sure rest at once."""

import streamlit as st

from engine import graft
from engine.services import label_suggestions
from engine.services.label_suggestions import Suggestions
from engine.storage.registry import Item, Project
from pages.components.gallery import gallery
from pages.components.labelling.labelling import Shown, asked, desk
from pages.session.i18n import _, decimal, number, plural, say
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.dataset import class_edits, picture_actions

KEY = "labelling"
UNDOABLE = 20
AHEAD = 24  # pictures the browser knows beforehand, so that the next one is there at once
REVIEWED = 120  # sure suggestions looked over at a time
POLL_SECONDS = 1.5
RUNNING, FAILED = "running", "failed"


def view(project: Project) -> None:
    """Label what has no class yet; say how to bring such pictures in when there are none."""
    registry = graft.current().registry
    if not registry.unlabelled(project.dataset_id) and not _memory(project)["answers"]:
        _nothing_to_label()
        return
    _found, job = graft.current().label_suggestions.start(project)
    looking = job["state"] == RUNNING
    st.fragment(_label, run_every=POLL_SECONDS if looking else None)(project, looking)


def _memory(project: Project) -> dict:
    """Return what this session remembers: answers {number: (change, item)}, skipped items, the items sent ahead."""
    return st.session_state.setdefault(
        f"{KEY}-memory-{project.dataset_id}", {"answers": {}, "skipped": set(), "ahead": []}
    )


def _nothing_to_label() -> None:
    page.empty(
        ":material/label:",
        _("Every picture has a class."),
        _("Drop pictures that lie in no class folder: they come in without one, and you name them here, with help."),
        key=f"{KEY}-empty",
    )


def _label(project: Project, watched: bool) -> None:
    with page.errors_in_words():
        key = f"{KEY}-{project.dataset_id}"
        try:
            _carry_out(project, asked(key))
        finally:
            _current(project, key, watched)


def _current(project: Project, key: str, watched: bool) -> None:
    found, job = graft.current().label_suggestions.start(project)
    if (job["state"] == RUNNING) != watched:
        st.rerun()  # once for the whole page: it begins or ends the timer
    counts = graft.current().registry.counts(project.dataset_id)
    pairs = graft.current().registry.columns(project.dataset_id, "id", "label")
    left = {item: None for item, label in pairs if label is None}  # a dict keeps the order in which they came
    labelled = sum(sum(parts.values()) for parts in counts.values())
    rows = [row for row in (found.rows if found else ()) if row.item in left]
    # A model of a few pictures is always sure of itself; it is believed once that has been checked.
    floor = found.sure if found is not None else None
    sure = [row for row in rows if row.at_least(floor)] if floor is not None else []
    _progress(labelled, len(left), len(sure), job, first=found is None)
    if not left:
        st.success(_("Every picture has a class now."), icon=":material/check_circle:")
    _desk(project, key, rows, left, sorted(counts))
    if found is not None:
        _model(found)
        if sure:
            _sure(project, found, sure)
        elif floor is None and any(row.at_least(label_suggestions.SURE) for row in rows):
            st.caption(f":material/lock: {_withheld(*found.checked)}")


def _progress(labelled: int, left: int, sure: int, job: dict, *, first: bool) -> None:
    words = _("{done} of {all} labelled").format(done=number(labelled), all=number(labelled + left))
    if sure:
        words += " · " + _("the model would now be sure about {n} of the rest").format(n=number(sure))
    st.progress(labelled / max(1, labelled + left), text=words)
    if job["state"] == FAILED:
        st.warning(say(job["message"], job["values"]), icon=":material/warning:")
    elif job["state"] == RUNNING and first:  # later nothing may move the picture in front
        st.caption(say(job["message"], job["values"]) if job["message"] else _("Looking at the pictures"))


def _desk(project: Project, key: str, rows: list, left: dict, classes: list[str]) -> None:
    """Mount the large picture with its keys. Before the first suggestions the pictures come in their own order."""
    memory = _memory(project)
    skipped = memory["skipped"]
    order = [(row.item, row.likeliest) for row in rows] or [(item, ()) for item in left]
    ahead = [(item, likeliest) for item, likeliest in order if item not in skipped][:AHEAD]
    ahead = ahead or [(item, likeliest) for item, likeliest in order][:AHEAD]  # at last the skipped ones come again
    # The picture in front stays in front, whatever the newest order is.
    front = next((item for item in memory["ahead"] if item in left and item not in skipped), None)
    ahead.sort(key=lambda one: one[0] != front)
    if front is not None and ahead[0][0] != front:
        ahead = [(front, dict(order).get(front, ())), *ahead]
    memory["ahead"] = [item for item, _likeliest in ahead]
    items = graft.current().registry.items_by_id(memory["ahead"])
    queue = [_shown(items[item], likeliest) for item, likeliest in ahead]
    desk(queue, _past(memory["answers"]), classes, key=key)


def _shown(item: Item, likeliest=()) -> Shown:
    name = item.name.rsplit("/", 1)[-1]
    return {"id": item.id, "sha": item.sha256, "name": name, "likeliest": [list(pair) for pair in likeliest]}


def _past(answered: dict) -> list[dict]:
    """Return what was answered last, which Z takes back: its number and its picture."""
    answers = list(answered.items())[-UNDOABLE:]
    items = graft.current().registry.items_by_id([item for _n, (_change, item) in answers]) if answers else {}
    return [{"n": n, "one": _shown(items[item])} for n, (_change, item) in answers if item in items]


def _carry_out(project: Project, asked: list[dict]) -> None:
    """Do what was asked by keys; what can be undone is remembered with the change it made."""
    memory = _memory(project)
    answers, skipped = memory["answers"], memory["skipped"]
    for one in asked:
        if one["do"] == "label":
            answers[one["n"]] = class_edits.move(project, [one["item"]], one["label"]), one["item"]
        elif one["do"] == "exclude":
            answers[one["n"]] = class_edits.exclude(project, [one["item"]]), one["item"]
        elif one["do"] == "skip":
            skipped.add(one["item"])
            answers[one["n"]] = None, one["item"]
        elif one["do"] == "undo":
            change, item = answers.pop(one["of"], (None, one["item"]))
            skipped.discard(item)
            if change is not None:
                graft.current().registry.undo(change)


def _model(found: Suggestions) -> None:
    """Say whose suggestions these are."""
    if found.source == "none":
        words = _("Name pictures of two classes, and suggestions begin.")
    elif found.source == "probe":
        words = plural(
            "Suggested by a quick model of {n} labelled picture; it learns again as you go on.",
            "Suggested by a quick model of {n} labelled pictures; it learns again as you go on.",
            found.labelled,
        )
    else:
        run = graft.current().registry.run(found.source)
        words = _("Suggested by your model {name}.").format(name=md_escape(run.name if run else found.source))
    st.caption(words)


def _sure(project: Project, found: Suggestions, sure: list) -> None:
    """Offer to accept what the model is sure of, after a look at it."""
    st.subheader(_("What the model is sure about"), anchor=False)
    st.markdown(
        _("{pictures}: at least {share} sure.").format(
            pictures=plural("{n} picture", "{n} pictures", len(sure)), share=_floor(found.sure or 0.0)
        )
        + " "
        + _trust(*found.checked)
    )
    if not st.toggle(_("Look them over"), key=f"{KEY}-review"):
        return
    shown = sorted(sure, key=lambda row: (row.likeliest[0][0], row.likeliest[0][1]))[:REVIEWED]
    items = graft.current().registry.items_by_id([row.item for row in shown])
    st.caption(_("Click the pictures whose class is wrong; they stay without a class."))
    wrong = set(
        gallery.gallery(
            [_tile(row, items[row.item]) for row in shown],
            key=f"{KEY}-review-gallery",
            selectable=True,
            clear=picture_actions.cleared(),
        )
    )
    accepted = {row.item: row.likeliest[0][0] for row in shown if row.item not in wrong}
    words = plural("Accept {n} suggestion", "Accept {n} suggestions", len(accepted))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(words, type="primary", icon=":material/done_all:", key=f"{KEY}-accept", disabled=not accepted):
            picture_actions.done(class_edits.label_each, project, accepted)
        if len(sure) > len(shown):
            st.caption(plural("{n} more afterwards", "{n} more afterwards", len(sure) - len(shown)))


def _trust(checked: int, right: int) -> str:
    """Say how often such suggestions were right on labelled pictures the model had not learned from."""
    return _("Checked on labelled pictures it had not learned from: {right} right out of {checked}.").format(
        right=number(right), checked=number(checked)
    )


def _withheld(checked: int, right: int) -> str:
    """Say why nothing is offered to be accepted together although the model is sure of itself."""
    if checked < label_suggestions.FEWEST_CHECKED:
        return _("The model calls itself sure about some, but too few labelled pictures show yet whether it is right.")
    return _(
        "The model calls itself sure about some, but on labelled pictures it was right in only {right} of {checked} "
        "such cases: it needs more labels before its answers can be accepted together."
    ).format(checked=number(checked), right=number(right))


def _floor(share: float) -> str:
    """Return a share as "95 %" or "99,7 %", never more than it is."""
    tenths = min(999, int(share * 1000 + 1e-6))
    return f"{decimal(tenths / 10, '.1f' if tenths % 10 else '.0f')} %"


def _tile(row, item) -> gallery.Tile:
    label, share = row.likeliest[0]
    return gallery.Tile(item.id, gallery.thumbnail_url(item.sha256), label, f"{100 * share:.0f} %")
