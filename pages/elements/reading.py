"""How the folders of an import were read, and reading them in another way."""

import streamlit as st

from engine import graft
from engine.data import layout, reread
from engine.registry import Item, Project
from pages.elements.i18n import _, say

AUTO = "auto"


def words() -> dict[str, str]:
    """Return {layout: what its folders mean}, in the language of the session."""
    return {
        AUTO: _("Recognise it"),
        "class": _("class / picture"),
        "split/class": _("train or test / class / picture"),
        "group/class": _("group / class / picture"),
        "class/split": _("class / train or test / picture"),
        "class/group": _("class / group / picture"),
        "split/group/class": _("train or test / group / class / picture"),
        "split/class/group": _("train or test / class / group / picture"),
        "table": _("a table (CSV or JSONL) says the class"),
        "flat": _("no folders: no class yet"),
    }


def choice() -> str:
    """Ask how folders are to be read before an upload; most people keep "Recognise it"."""
    options = words()
    return st.selectbox(
        _("How folders are read"),
        list(options),
        format_func=options.get,
        key="layout",
        help=_("A group is something the result should be shown for: a language, a speaker, a camera."),
    )


def explain(project: Project, entry: dict) -> None:
    """Say how the folders of an import were understood, and offer to read them otherwise."""
    registry = graft.current().registry
    about = _about(project.dataset_id, registry.version(project.dataset_id), entry["created"])
    if about is None:
        return
    kind, classes, groups, kinds = about
    st.markdown(say(layout.DESCRIPTIONS[kind], {"classes": classes, "groups": groups}))
    options = [kind, *(other for other in kinds if other != kind)]
    if len(options) < 2:
        return
    chosen = st.selectbox(
        _("Not right? Read the folders as"),
        options,
        format_func=words().get,
        key=f"reread-{entry['id']}-{kind}",
    )
    if chosen != kind:
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
    summary = {"template": "read {source} as {kind}", "values": {"source": entry["source"], "kind": kind}}
    registry.change_each(project.dataset_id, changes, summary)


@st.cache_data(max_entries=64, show_spinner=False)
def _about(dataset_id: str, _version: str, created: str) -> tuple[str, int, int, list[str]] | None:
    """Return (layout, classes, groups, layouts that are possible) of an import; None when it had no folders."""
    items: list[Item] = [i for i in graft.current().registry.items(dataset_id) if i.added == created]
    kind = reread.kind_of(items)
    if kind is None:
        return None
    classes = len({item.label for item in items if item.label})
    groups = len({item.group for item in items if item.group})
    return kind, classes, groups, reread.kinds_for(items)
