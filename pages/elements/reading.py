"""How the folders of an import were read, and reading them in another way."""

import streamlit as st

from engine import graft
from engine.data import layout, reread
from engine.registry import Item, Project
from pages.elements import imports
from pages.elements.i18n import _, say
from pages.elements.names import md_escape

AUTO = "auto"
MEANINGS = {
    AUTO: "Recognise it",
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


def latest(project: Project) -> None:
    """Show in one row what the last import brought and how its folders were read; offer to read them otherwise."""
    registry = graft.current().registry
    entry = next(iter(registry.imports(project.dataset_id)), None)
    if entry is None:
        return
    about = _about(project.dataset_id, registry.version(project.dataset_id), entry["created"])
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="latest-import"):
        icon = ":material/rule:" if entry["refused"] else ":material/check_circle:"
        words = f"{icon} **{md_escape(entry['source'])}**: {imports.in_numbers(entry)}."
        if about is not None:
            words += " " + say(layout.DESCRIPTIONS[about[0]], {"classes": about[1], "groups": about[2]})
        st.markdown(words, width="stretch")
        if about is not None and len(about[3]) > 1:
            _offer(project, entry, about[0], about[3])


def _offer(project: Project, entry: dict, kind: str, kinds: list[str]) -> None:
    with st.popover(_("Not right?"), type="tertiary", key=f"reread-menu-{entry['id']}-{kind}"):
        options = [kind, *(other for other in kinds if other != kind)]
        chosen = st.radio(
            _("Read the folders as"),
            options,
            format_func=lambda option: md_escape(words()[option]),
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
    summary = {"template": "read {source} as {kind}", "values": {"source": entry["source"], "kind": meaning}}
    registry.change_each(project.dataset_id, changes, summary)


@st.cache_data(max_entries=64, show_spinner=False)
def _about(dataset_id: str, version: str, created: str) -> tuple[str, int, int, list[str]] | None:
    """Return (layout, classes, groups, layouts that are possible) of an import; None when it had no folders."""
    items: list[Item] = [i for i in graft.current().registry.items(dataset_id) if i.added == created]
    kind = reread.kind_of(items)
    if kind is None:
        return None
    classes = len({item.label for item in items if item.label})
    groups = len({item.group for item in items if item.group})
    return kind, classes, groups, reread.kinds_for(items)
