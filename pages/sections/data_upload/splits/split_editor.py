"""Parts: what trains, chooses and measures, for every class and group; and dividing anew, seen before it is done."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from engine import graft
from engine.data import reread, split
from engine.data.label_kinds import single_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.storage.registry import Item, Project
from pages.sections.data_upload.splits.split_table import Counts, show_splits
from pages.session import person, worker_answers
from pages.session.i18n import _, number, plural
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.dataset import classes as class_counts
from pages.shared.dataset import test_lock

KEY = "split_editor"
FEW = 5  # test pictures of a class below which its own number says next to nothing
APART = ("auto", "yes", "no")


@dataclass(frozen=True)
class Choice:
    """How to divide: shares of validation and test in per cent, and what stays as it is."""

    validation: int
    test: int
    groups_apart: str
    seed: int
    keep_given: bool
    keep_test: bool
    label_kind: LabelKind = single_label

    @property
    def options(self) -> dict:
        train = 100 - self.validation - self.test
        fractions = [part / 100 for part in (train, self.validation, self.test)]
        options = {"fractions": fractions, "groups_apart": self.groups_apart, "seed": self.seed}
        return {**options, "label_kind": self.label_kind}


@dataclass(frozen=True)
class Preview:
    """What dividing would come to; `changes` are {item: {"split": part}}, `test` those that leave or enter the test.

    `labels` counts every picture once, `classes` for each class that it shows.
    """

    classes: Counts
    labels: Counts
    groups: Counts
    changes: dict[int, dict]
    test: frozenset[int]


@st.fragment
def view(project: Project) -> None:
    """Show the three parts and let them be divided anew; moving a slider reruns only this part of the page."""
    with page.errors_in_words():
        registry = graft.current().registry
        classes = class_counts.counts(project, used=True)
        groups = registry.counts(project.dataset_id, by="group", used=True)
        if not classes:
            st.caption(_("No picture has a class yet. Parts are made of pictures with a class."))
            return
        _explain()
        tested = registry.tested(project.dataset_id)
        trainings = test_lock.trainings_on(project, tested)
        left, right = st.columns([2, 3], gap="large")
        with left:
            stored = _stored(project, bool(trainings))
            choice = _choose(project, stored, trainings, bool(groups), len(tested))
        with right:
            if choice == stored:
                _tables(project, classes, groups)
            else:
                _previewed(project, choice, classes, groups)


def _explain() -> None:
    st.markdown(
        _(
            "The network learns from the **training** pictures. The **validation** pictures choose its best version. "
            "The **test** pictures are touched once, at the very end: they give the honest number. This is decided "
            "once and kept, for every class alike; copies of one picture always stay in the same part."
        )
    )


def _stored(project: Project, locked: bool) -> Choice:
    options = split.options_of(graft.current().registry.dataset_options(project.dataset_id))
    _train, validation, test = (round(100 * fraction) for fraction in options["fractions"])
    label_kind = options["label_kind"]
    return Choice(validation, test, options["groups_apart"], options["seed"], True, locked, label_kind)


def _choose(project: Project, stored: Choice, trainings: int, grouped: bool, tested: int) -> Choice:
    """Show the choices and return them; they begin as they are stored."""
    key = f"{KEY}-{project.dataset_id}-{st.session_state.get(KEY, 0)}"
    keep_test = _keep_test(trainings, tested, key)
    keep_given = _keep_given(project, key)
    test = stored.test
    if not keep_test:
        test = st.slider(_("Test"), 5, 40, stored.test, 1, format="%d %%", key=f"{key}-test")
    validation = st.slider(_("Validation"), 5, 40, stored.validation, 1, format="%d %%", key=f"{key}-validation")
    st.caption(_("Training gets the rest: **{n} %**.").format(n=100 - validation - test))
    apart = _groups_apart(stored, key) if grouped else stored.groups_apart
    shuffled = st.session_state.get(f"{key}-seed", stored.seed)
    if st.button(_("Shuffle again"), icon=":material/shuffle:", key=f"{KEY}-shuffle"):
        st.session_state[f"{key}-seed"] = shuffled = shuffled + 1
    return Choice(validation, test, apart, shuffled, keep_given, keep_test, stored.label_kind)


def _keep_test(trainings: int, tested: int, key: str) -> bool:
    if not trainings:
        return False
    words = plural("Keep the {n} test picture as it is", "Keep the {n} test pictures as they are", tested)
    kept = st.toggle(words, value=True, key=f"{key}-keep-test")
    if kept:
        st.caption(f":material/lock: {_('Locked, because trainings were measured on them.')}")
    else:
        st.warning(test_lock.in_words(trainings), icon=":material/lock_open:")
    return kept


def _keep_given(project: Project, key: str) -> bool:
    """Ask about the split that came with the data, where some did."""
    given = _given(project.dataset_id, graft.current().registry.version(project.dataset_id))
    if not given:
        return True
    words = {
        True: plural("Keep the part that {n} picture came with", "Keep the parts that {n} pictures came with", given),
        False: _("Divide all anew"),
    }
    return st.radio(_("This data came divided"), [True, False], format_func=words.get, key=f"{key}-keep-given")


@st.cache_data(max_entries=32, show_spinner=False)
def _given(dataset_id: str, _version: str) -> int:
    """Return how many pictures came with a part of their own."""
    return sum(item.given_split is not None for item in reread.with_given_splits(_labelled(dataset_id)))


def _groups_apart(stored: Choice, key: str) -> str:
    words = {"auto": _("Decide for me"), "yes": _("Yes, whole groups"), "no": _("No, mix them")}
    return st.radio(
        _("Keep groups apart?"),
        APART,
        APART.index(stored.groups_apart),
        format_func=words.get,
        key=f"{key}-groups-apart",
        help=_(
            "A group is a speaker, a patient, a camera, a language. Kept apart, the test shows how good the model is "
            "on groups it has never met; mixed, how good it is on new pictures of the groups it knows."
        ),
    )


def _tables(project: Project, classes: Counts, groups: Counts, then: Preview | None = None) -> None:
    pictures = None
    if not class_counts.kind_of(project.dataset_id).EXCLUSIVE:
        pictures = graft.current().registry.counts(project.dataset_id, used=True), then.labels if then else None
    show_splits(_("Class"), classes, then.classes if then else None, few=FEW, pictures=pictures)
    if groups:
        show_splits(_("Group"), groups, then.groups if then else None)


def _previewed(project: Project, choice: Choice, classes: Counts, groups: Counts) -> None:
    """Show what the choice would come to, when that is worked out, and the button that does it."""
    registry = graft.current().registry
    version = registry.version(project.dataset_id)
    question = (KEY, project.dataset_id, version, choice)
    _forget_but(question)
    answer = worker_answers.ask(question, lambda: preview(registry.items(project.dataset_id), choice))
    if not answer.done():
        _wait(answer)
        return
    _tables(project, classes, groups, answer.result())
    _warnings(answer.result())
    _apply(project, choice, answer.result())


def _forget_but(question: tuple) -> None:
    """Keep one answer a session: of 20,000 pictures each would take 2 MB."""
    last = st.session_state.get(f"{KEY}-question")
    if last not in (None, question):
        worker_answers.forget(last)
    st.session_state[f"{KEY}-question"] = question


@st.fragment(run_every=worker_answers.LOOK_AGAIN_SECONDS)
def _wait(answer) -> None:
    st.caption(_("Working out what each class would get …"))
    if answer.done():
        st.rerun()


def preview(items: Sequence[Item], choice: Choice) -> Preview:
    """Return what dividing the pictures by `choice` would change.

    Ambiguous ones are divided too, should somebody make up their mind; but they count for nothing until then.
    """
    items = reread.with_given_splits([item for item in items if item.label is not None])
    kept = {"keep_given": choice.keep_given, "keep_test": choice.keep_test}
    parts = split.again(items, **kept, **choice.options)
    classes: dict[str, Counter] = defaultdict(Counter)
    labels: dict[str, Counter] = defaultdict(Counter)
    groups: dict[str, Counter] = defaultdict(Counter)
    to = {part: {"split": part} for part in split.SPLITS}
    changes = {}
    for item, part in zip(items, parts, strict=True):
        if item.is_used and item.label is not None:
            labels[item.label][part] += 1
            for name in choice.label_kind.names_of(item.label):
                classes[name][part] += 1
            if item.group:
                groups[item.group][part] += 1
        if item.split != part:
            changes[item.id] = to[part]
    test = frozenset(i.id for i in items if i.id in changes and "test" in (i.split, changes[i.id]["split"]))
    return Preview(dict(sorted(classes.items())), labels, dict(sorted(groups.items())), changes, test)


def _warnings(then: Preview) -> None:
    few = {name: parts.get("test", 0) for name, parts in then.classes.items() if parts.get("test", 0) < FEW}
    for name, count in list(few.items())[:3]:
        pictures = plural("{n} test picture", "{n} test pictures", count)
        words = _("{name} would have {pictures}: too few to say how well it is recognised.")
        st.caption(f":material/warning: {words.format(name=f'**{md_escape(name)}**', pictures=pictures)}")
    if len(few) > 3:
        st.caption(_("… and {n} more").format(n=number(len(few) - 3)))
    both = sum(bool(parts.get("train")) and bool(parts.get("test")) for parts in then.groups.values())
    if both:
        words = plural(
            "{n} group is in training and in the test: the test then says nothing about groups it has never met.",
            "{n} groups are in training and in the test: the test then says nothing about groups it has never met.",
            both,
        )
        st.caption(f":material/info: {words}")


def _apply(project: Project, choice: Choice, then: Preview) -> None:
    words = plural("{n} picture changes its part", "{n} pictures change their part", len(then.changes))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-bar"):
        if st.button(_("Divide like this"), type="primary", icon=":material/call_split:", key=f"{KEY}-apply"):
            divide(project, choice, then)
            _forget_choices()
            st.toast(_("The pictures were divided again. Earlier trainings keep the division they had."))
            st.rerun()
        st.button(_("Leave it as it is"), type="tertiary", key=f"{KEY}-leave", on_click=_forget_choices)
        st.caption(words, width="content")


def divide(project: Project, choice: Choice, then: Preview) -> int:
    """Put the pictures into the parts of the preview, and keep how; return the id of the change."""
    options = choice.options
    stored = {"groups_apart": options["groups_apart"], "split_seed": options["seed"]}
    stored["split_fractions"] = options["fractions"]
    summary = {"template": "divided the pictures again", "values": {}}
    registry = graft.current().registry
    return registry.change_each(project.dataset_id, then.changes, summary, who=person.name(), options=stored)


def _forget_choices() -> None:
    """Widgets of another key begin again from what is stored."""
    st.session_state[KEY] = st.session_state.get(KEY, 0) + 1


def _labelled(dataset_id: str) -> list[Item]:
    return [item for item in graft.current().registry.items(dataset_id) if item.label is not None]
