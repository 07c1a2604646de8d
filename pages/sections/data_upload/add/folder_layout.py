"""How the files of an import were read, and reading its folders in another way."""

import streamlit as st

from engine import graft
from engine.data import layout, reread
from engine.data.importing import preview
from engine.storage.registry import Project
from pages.sections.data_upload import tabs
from pages.sections.data_upload.add import how_seen, imports, label_kind_choice
from pages.session import person
from pages.session.i18n import _, plural, say
from pages.session.safe_text import md_escape
from pages.shared.dataset import classes

MEANINGS = {
    "class": "class / picture",
    "split/class": "train or test / class / picture",
    "group/class": "group / class / picture",
    "class/split": "class / train or test / picture",
    "class/group": "class / group / picture",
    "split/group/class": "train or test / group / class / picture",
    "split/class/group": "train or test / class / group / picture",
    "table": "a table (CSV or JSONL) says the class",
    "name": "the file name says the class",
    "split/name": "train or test / picture, and the file name says the class",
    "split": "train or test / picture: no class yet",
    "boxes": "boxes around objects, from their annotations",
    "flat": "no folders: no class yet",
    "label": "one class for all",
}


def words() -> dict[str, str]:
    """Return {layout: what its folders mean}, in the language of the session."""
    return {kind: _(meaning) for kind, meaning in MEANINGS.items()}


def gives(choice: dict) -> str:
    """Return "2 groups × 5 classes" for a choice of engine.data.importing.preview."""
    classes = plural("{n} class", "{n} classes", choice["num_classes"])
    if not choice["num_groups"]:
        return classes
    return f"{plural('{n} group', '{n} groups', choice['num_groups'])} × {classes}"


def latest(project: Project) -> None:
    """Show in one row what the last import brought and how its files were read; offer to read them otherwise."""
    registry = graft.current().registry
    entry = next(iter(registry.imports(project.dataset_id)), None)
    if entry is None:
        return
    read = _read_again_as(project.dataset_id, entry) or entry["layout"]
    readings = _readings(project.dataset_id, entry["id"], entry["created"])
    if readings and not read.get("template"):
        read = _as_it_is(project.dataset_id, registry.version(project.dataset_id), entry["created"], read.get("kind"))
    with st.container(border=True, key="latest-import", gap="xsmall"):
        icon = ":material/rule:" if entry["refused"] else ":material/check_circle:"
        about = f"{icon} **{md_escape(entry['source'])}**: {imports.in_numbers(entry)}."
        if read.get("template"):
            about += f" {say(read['template'], read['values'])}"
        st.markdown(about)
        if "moved" in read:
            _moved(project, read["moved"])
        with st.container(horizontal=True, gap="medium"):
            if entry["refused"]:
                with st.popover(_("Why refused?"), type="tertiary", key=f"refused-{entry['id']}"):
                    imports.refusals(entry["refused"])
            if readings.keys() - {read.get("kind")} and classes.kind_of(project.dataset_id).EXCLUSIVE:
                _offer(project, entry, read.get("kind", ""), readings)
            how_seen.choice(project)
            label_kind_choice.change(project)


def _read_again_as(dataset_id: str, entry: dict) -> dict | None:
    """Return the layout that a person has chosen for this import since it came, if that was not undone."""
    for change in graft.current().registry.changes(dataset_id, limit=500):
        values = change.summary.get("values", {})
        if not change.undone and "layout" in values and values.get("import") == entry["id"]:
            return {"kind": values["layout"]}
    return None


def _moved(project: Project, count: int) -> None:
    """Say why the parts hold other numbers than the card had promised."""
    if not count:
        return
    one, many = (
        "{n} picture was put into another part than it came with, because a copy of it is there.",
        "{n} pictures were put into another part than they came with, because a copy of them is there.",
    )
    if graft.current().registry.dataset_options(project.dataset_id).get("groups_apart") == "yes":
        one, many = (
            "{n} picture was put into another part than it came with, because a copy of it or its group is there.",
            "{n} pictures were put into another part than they came with, because a copy or their group is there.",
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plural(one, many, count), width="content")
        if st.button(_("See the parts"), type="tertiary", key="moved-parts"):
            tabs.open_section("parts")


def _offer(project: Project, entry: dict, kind: str, readings: dict[str, dict]) -> None:
    with st.popover(_("Not right?"), type="tertiary", key=f"reread-menu-{entry['id']}-{kind}"):
        options = [*([kind] if kind else []), *(other for other in readings if other != kind)]
        chosen = st.radio(
            _("Read the folders as"),
            options,
            format_func=lambda option: md_escape(words().get(option, option)),
            captions=[gives(readings[option]) if option in readings else "" for option in options],
            key=f"reread-{entry['id']}-{kind}",
        )
        st.caption(_("The pictures stay; their classes, groups and parts change. You can undo it."))
        if st.button(_("Read again"), type="primary", disabled=chosen == kind, key="read-again"):
            read_again(project, entry, chosen)
            st.rerun()


def read_again(project: Project, entry: dict, kind: str) -> None:
    """Give the pictures of an import the classes, groups and splits of another layout; this can be undone."""
    registry = graft.current().registry
    items = registry.items(project.dataset_id)
    inside = [item for item in items if item.added == entry["created"]]
    outside = [item for item in items if item.added != entry["created"]]
    options = registry.dataset_options(project.dataset_id)
    changes = reread.reread(inside, kind, existing=outside, groups_apart=options.get("groups_apart", "auto"))
    meaning = {"template": MEANINGS[kind], "values": {}}
    values = {"source": entry["source"], "kind": meaning, "import": entry["id"], "layout": kind}
    summary = {"template": "read {source} as {kind}", "values": values}
    registry.change_each(project.dataset_id, changes, summary, who=person.name())


@st.cache_data(max_entries=64, show_spinner=False)
def _readings(dataset_id: str, _import_id: str, created: str) -> dict[str, dict]:
    """Return {layout: what it would give}; the files of an import keep their names whatever is changed."""
    rows = graft.current().registry.columns(dataset_id, "name", "added")
    names = [name for name, added in rows if added == created]
    return {choice["kind"]: choice for choice in preview.ways(names)}


@st.cache_data(max_entries=64, show_spinner=False)
def _as_it_is(dataset_id: str, _version: str, created: str, kind: str | None) -> dict:
    """Return the layout that the pictures of an import follow now; {} when they came in no folders' way."""
    items = [item for item in graft.current().registry.items(dataset_id) if item.added == created]
    kind = kind or reread.kind_of(items)
    if kind is None:
        return {}
    classes, groups = {item.label for item in items} - {None}, {item.group for item in items} - {None}
    values = {"classes": len(classes), "groups": len(groups)}
    return {"kind": kind, "template": layout.DESCRIPTIONS[kind], "values": values}
