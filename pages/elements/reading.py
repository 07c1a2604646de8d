"""How the files of an import were read, and reading its folders in another way."""

import streamlit as st

from engine import graft
from engine.data import layout, reread
from engine.registry import Item, Project
from pages.elements import fitting, imports, person
from pages.elements.i18n import _, say
from pages.elements.names import md_escape

MEANINGS = {
    "class": "class / picture",
    "split/class": "train or test / class / picture",
    "group/class": "group / class / picture",
    "class/split": "class / train or test / picture",
    "class/group": "class / group / picture",
    "split/group/class": "train or test / group / class / picture",
    "split/class/group": "train or test / class / group / picture",
    "table": "a table (CSV or JSONL) says the class",
    "flat": "no folders: no class yet",
}


def words() -> dict[str, str]:
    """Return {layout: what its folders mean}, in the language of the session."""
    return {kind: _(meaning) for kind, meaning in MEANINGS.items()}


def latest(project: Project) -> None:
    """Show in one row what the last import brought and how its files were read; offer to read them otherwise."""
    registry = graft.current().registry
    entry = next(iter(registry.imports(project.dataset_id)), None)
    if entry is None:
        return
    read = _read_again_as(project.dataset_id, entry) or entry["layout"]
    folders = _folders(project.dataset_id, registry.version(project.dataset_id), entry["created"])
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="latest-import"):
        icon = ":material/rule:" if entry["refused"] else ":material/check_circle:"
        about = f"{icon} **{md_escape(entry['source'])}**: {imports.in_numbers(entry)}."
        if sentence := _sentence(read, folders):
            about += f" {sentence}"
        st.markdown(about, width="stretch")
        fitting.choice(project)
        if folders is not None and len(folders[3]) > 1:
            _offer(project, entry, read.get("kind") or folders[0], folders[3])


def _sentence(read: dict, folders: tuple | None) -> str:
    """Return how the files were read: as it was noted when they came, else as their classes and names tell."""
    if read.get("template"):
        return say(read["template"], read["values"])
    kind = read.get("kind") or (folders and folders[0])
    if not kind or folders is None:
        return ""
    return say(layout.DESCRIPTIONS[kind], {"classes": folders[1], "groups": folders[2]})


def _read_again_as(dataset_id: str, entry: dict) -> dict | None:
    """Return the layout that a person has chosen for this import since it came, if that was not undone."""
    for change in graft.current().registry.changes(dataset_id, limit=500):
        values = change.summary.get("values", {})
        if not change.undone and "layout" in values and values.get("import") == entry["id"]:
            return {"kind": values["layout"]}
    return None


def _offer(project: Project, entry: dict, kind: str, kinds: list[str]) -> None:
    with st.popover(_("Not right?"), type="tertiary", key=f"reread-menu-{entry['id']}-{kind}"):
        options = [kind, *(other for other in kinds if other != kind)]
        chosen = st.radio(
            _("Read the folders as"),
            options,
            format_func=lambda option: md_escape(words().get(option, option)),
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
def _folders(dataset_id: str, _version: str, created: str) -> tuple[str, int, int, list[str]] | None:
    """Return (layout, classes, groups, layouts that are possible) of an import; None when it had no folders."""
    items: list[Item] = [i for i in graft.current().registry.items(dataset_id) if i.added == created]
    if not any("/" in item.name for item in items):
        return None
    kind = reread.kind_of(items)
    classes = len({item.label for item in items if item.label})
    groups = len({item.group for item in items if item.group})
    return kind or "table", classes, groups, reread.kinds_for(items)
