"""What is to be said about a dataset: how it is divided, its groups, and what is worth looking at before training."""

from collections import defaultdict

import streamlit as st

from engine import graft
from engine.data import check, split
from engine.registry import Project
from pages.elements import class_edits, gallery
from pages.elements.i18n import _, number, plural, say
from pages.elements.names import md_escape

SEVERITY = {
    "error": (st.error, ":material/error:"),
    "warning": (st.warning, ":material/warning:"),
    "note": (st.info, ":material/info:"),
}
MOST_PICTURES = 12
MOST_SHOWN = 2  # findings of one kind that are shown one by one
APART = ("auto", "yes", "no")


def findings(project: Project) -> None:
    """Show what is worth knowing before training, the worst first, findings of one kind together."""
    found = _findings(project.dataset_id, graft.current().registry.version(project.dataset_id))
    kinds = defaultdict(list)
    for finding in found:
        kinds[finding["kind"], finding["severity"]].append(finding)
    serious = {kind: group for kind, group in kinds.items() if kind[1] != "note"}
    notes = {kind: group for kind, group in kinds.items() if kind[1] == "note"}
    for group in serious.values():
        _show(group)
    if notes:
        count = sum(len(group) for group in notes.values())
        title = plural("{n} thing worth knowing", "{n} things worth knowing", count)
        with st.expander(title, icon=":material/lightbulb:", key="notes"):
            for group in notes.values():
                for finding in group[:20]:
                    _sentence(finding)


@st.cache_data(max_entries=32, show_spinner=False)
def _findings(dataset_id: str, version: str) -> list[dict]:
    items = graft.current().registry.items(dataset_id)
    found = check.findings(items)
    pictures = {item.name: item.sha256 for item in items} if any(finding["files"] for finding in found) else {}
    return [{**f, "pictures": [pictures[name] for name in f["files"][:MOST_PICTURES]]} for f in found]


def _show(group: list[dict]) -> None:
    box, icon = SEVERITY[group[0]["severity"]]
    for finding in group[:MOST_SHOWN]:
        box(f"{say(finding['message'], finding['values'])} {say(finding['fix'], finding['values'])}", icon=icon)
        _files(finding)
    if len(group) > MOST_SHOWN:
        with st.expander(_("… and {n} more of this kind").format(n=number(len(group) - MOST_SHOWN))):
            for finding in group[MOST_SHOWN : MOST_SHOWN + 50]:
                _sentence(finding)


def _sentence(finding: dict) -> None:
    message = say(finding["message"], finding["values"])
    st.markdown(f"{message} :gray[{say(finding['fix'], finding['values'])}]")
    _files(finding)


def _files(finding: dict, most: int = 6) -> None:
    if finding["pictures"]:
        gallery.strip([gallery.thumbnail_url(sha256) for sha256 in finding["pictures"]], height=56)
    if finding["files"]:
        names = ", ".join(md_escape(name) for name in finding["files"][:most])
        more = (
            _(" … and {n} more").format(n=number(len(finding["files"]) - most)) if len(finding["files"]) > most else ""
        )
        st.caption(names + more)


def division_in_words(counts: dict[str, dict[str, int]]) -> str:
    """Return how many pictures train, choose and measure."""
    parts = {part: number(sum(splits.get(part, 0) for splits in counts.values())) for part in split.SPLITS}
    return _("{train} to train, {validation} to choose the best version, {test} for the test").format(**parts)


def division(project: Project) -> None:
    """Explain the three parts, and let groups be kept apart where there are any."""
    with st.expander(_("How the pictures are used"), icon=":material/call_split:", key="division"):
        st.markdown(
            _(
                "The network learns from the **training** pictures. The **validation** pictures choose its best "
                "version. The **test** pictures are touched once, at the very end: they give the honest number. "
                "This is decided once and kept; copies of one picture always stay in the same part."
            )
        )
        if groups := graft.current().registry.groups(project.dataset_id):
            _groups(project, groups)


def _groups(project: Project, groups: dict[str, int]) -> None:
    names = ", ".join(f"{md_escape(name)} ({number(count)})" for name, count in list(groups.items())[:12])
    more = " …" if len(groups) > 12 else ""
    st.markdown(f"**{plural('{n} group', '{n} groups', len(groups))}:** {names}{more}")
    registry = graft.current().registry
    now = registry.dataset_options(project.dataset_id).get("groups_apart", "auto")
    words = {"auto": _("Decide for me"), "yes": _("Yes, whole groups"), "no": _("No, mix them")}
    chosen = st.segmented_control(
        _("Keep groups apart?"),
        APART,
        default=now,
        format_func=words.get,
        required=True,
        key=f"groups-apart-{project.dataset_id}",
        help=_(
            "A group is a speaker, a patient, a camera, a language. Kept apart, the test shows how good the model is "
            "on groups it has never met; mixed, how good it is on new pictures of the groups it knows."
        ),
    )
    if chosen and chosen != now:
        registry.set_dataset_options(project.dataset_id, groups_apart=chosen)
        class_edits.assign_splits(project)
        st.toast(_("The pictures were divided again. Earlier trainings keep the division they had."))
        st.rerun()
