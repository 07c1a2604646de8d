"""Imports as the pages see them: begin one, watch it, and the account of what came in and what was refused."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from engine import graft, translation
from engine.data.importing.preview import stem, worth_asking
from engine.storage.registry import Project
from pages.components.dropzone.dropzone import Upload
from pages.session import person, state
from pages.session.i18n import _, number, plural, say, say_plain
from pages.session.safe_text import md_escape
from pages.shared import page

POLL_SECONDS = 0.5
# At the lower edge of the window: whatever somebody holds under a finger, such as the webcam's button, stays there.
STYLE = """<style>
.st-key-import-progress { position: fixed; bottom: 1rem; left: 50%; transform: translateX(-50%); z-index: 999;
  width: min(30rem, calc(100vw - 2rem)); padding: .6rem 1rem .8rem; border-radius: .6rem;
  border: 1px solid rgba(128, 140, 132, .4); backdrop-filter: blur(14px); box-shadow: 0 4px 18px rgba(0, 0, 0, .14); }
[data-testid="stLayoutWrapper"]:has(> .st-key-imports):not(:has(.stAlert, [class*="st-key-arrival-"])) {
  position: absolute; }
</style>"""
STARTED = "imports-started"  # ids of imports that this session began and whose end it has not shown yet
NO_NAME = "My pictures"  # what a project is called until somebody or its first pictures name it
MOST_LETTERS = 100  # of a project's name
MOST_NAMES = 500  # refused files listed by name for one reason; the rest is counted


def begin(source: str | Path, *, label: str | None = None, title: str = "", ask: bool = False) -> None:
    """Start to bring `source` into the current project; without a project, begin one.

    ask: show first what its folders or its table would give, and wait for an answer.
    """
    project = state.project() or _first_project(title)
    if str(source).startswith("example:"):
        name_after(project, title)
    import_id = graft.current().imports.start(
        project.dataset_id, source, label=label, title=title, ask=ask, who=person.name()
    )
    st.session_state.setdefault(STARTED, []).append(import_id)


def begin_upload(upload: Upload, *, label: str | None = None) -> None:
    """Start an import for everything that a drop zone received, and tell what could not be sent."""
    for source in upload.sources:
        ask = label is None and worth_asking(source)
        begin(source, label=label, title=label or _title(source), ask=ask)
    if upload.failed:
        names = ", ".join(upload.failed[:5]) + (" …" if len(upload.failed) > 5 else "")
        message = plural("{n} file could not be sent:", "{n} files could not be sent:", len(upload.failed))
        st.session_state["upload-failures"] = f"{message} {md_escape(names)}"
    st.rerun()


def begin_recording(content: bytes, label: str) -> None:
    """Start an import of one sound that was just recorded, into a class."""
    name = f"recording-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.wav"
    begin(graft.current().uploads.keep(name, content), label=label, title=label)
    st.rerun()


def _title(source: Path) -> str:
    """Return the name of a file, or of the one folder that was dropped."""
    if source.is_file():
        return source.name
    inside = list(source.iterdir())
    return inside[0].name if len(inside) == 1 and inside[0].is_dir() else _("Files")


def name_after(project: Project, title: str) -> None:
    """Give a project that is empty and has no name of its own yet the name of what is brought in."""
    here = graft.current()
    unnamed = {translation.translate(NO_NAME, language) for language in translation.LANGUAGES}
    if project.name not in unnamed or title == _("Files") or not (name := _name_from(title)):
        return
    if not here.registry.imports(project.dataset_id) and not here.imports.running(project.dataset_id):
        here.registry.rename_project(project.id, name)


def _name_from(title: str) -> str:
    name = stem(title)
    return (Path(title).stem if name == title else name).strip()[:MOST_LETTERS]


def _first_project(title: str) -> Project:
    name = _name_from(title) or _("My pictures")
    project = graft.current().registry.create_project(name)
    state.open_project(project.id)
    st.session_state[state.BEGUN_HERE] = project.id
    return project


def place(project: Project | None) -> str:
    """Return a name for the parts that bring pictures into `project`.

    It stays when the first pictures begin the project, so that open cameras and names typed so far stay too.
    """
    if project is None or project.id == st.session_state.get(state.BEGUN_HERE):
        return "new"
    return project.id


def watch(project: Project) -> bool:
    """Show imports that are running, then how they ended. Return True while one is running."""
    dataset_id = project.dataset_id
    if failure := st.session_state.pop("upload-failures", None):
        st.warning(failure, icon=":material/warning:")
    _show_ended()
    running = graft.current().imports.running(dataset_id)
    if running:
        st.fragment(_progress, run_every=POLL_SECONDS)(dataset_id, len(running))
    return bool(running)


def on_their_way(project: Project) -> str:
    """Return "Bringing in pets.zip …" for the imports that are running."""
    titles = ", ".join(md_escape(title) for title in graft.current().imports.titles(project.dataset_id))
    return _("Bringing in {title} …").format(title=titles) if titles else _("No pictures yet")


def _progress(dataset_id: str, known: int) -> None:
    running = graft.current().imports.running(dataset_id)
    if len(running) != known:
        st.rerun()
    with st.container(key="import-progress"):
        st.html(STYLE)
        for import_id in running:
            status = graft.current().imports.status(import_id)
            message = status.get("message") or "Reading the files."
            st.progress(min(1.0, float(status.get("progress", 0))), text=say(message, status.get("values")))


def _show_ended() -> None:
    """Say which imports of this session failed, once; the others have their account on the page."""
    still = []
    for import_id in st.session_state.get(STARTED, []):
        status = graft.current().imports.status(import_id)
        if status["state"] == "failed":
            st.error(say(status["message"], status["values"]), icon=":material/error:")
        elif status["state"] in ("running", "waiting") and (graft.current().workspace.incoming / import_id).exists():
            still.append(import_id)
    st.session_state[STARTED] = still


def account(entry: dict, *, expanded: bool = False) -> None:
    """Show one import: received, used, refused; refused files by reason and by name."""
    refused = entry["refused"]
    numbers = in_numbers(entry)
    icon = ":material/check_circle:" if not refused else ":material/rule:"
    label = f"**{md_escape(entry['source'])}** — {numbers}"
    with st.expander(label, icon=icon, expanded=expanded, key=f"account-{entry['id']}"):
        if not refused:
            st.markdown(_("Every file was used."))
        refusals(refused)


def refusals(refused: list[dict]) -> None:
    """Show refused files by reason, the most frequent first, each with the names of its files."""
    for reason, entries in _by_reason(refused).items():
        _reason(reason, entries)


def in_numbers(entry: dict) -> str:
    """Return "N received · M used · K refused" of an import."""
    return _("{received} received · {used} used · {refused} refused").format(
        received=number(entry["received"]), used=number(entry["used"]), refused=number(len(entry["refused"]))
    )


def _by_reason(refused: list[dict]) -> dict[str, list[dict]]:
    groups = defaultdict(list)
    for entry in refused:
        groups[entry["reason"]].append(entry)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _reason(reason: str, entries: list[dict]) -> None:
    """Write one reason with the names of its files; a reason with numbers in it is said for every file."""
    values = [entry.get("values") or {} for entry in entries]
    same = all(value == values[0] for value in values)
    headline = say(reason, values[0]) if same else say(reason, dict.fromkeys(values[0], "…"))
    st.markdown(f"{plural('{n} file', '{n} files', len(entries))}: {headline}")
    lines = [
        entry["file"] if same else f"{entry['file']} — {say_plain(reason, value)}"
        for entry, value in zip(entries[:MOST_NAMES], values, strict=False)
    ]
    if len(entries) > MOST_NAMES:
        lines.append(_("… and {n} more").format(n=number(len(entries) - MOST_NAMES)))
    height = min(220, 34 + 21 * len(lines))
    with st.container(height=height, border=True):
        st.text("\n".join(lines))


def accounts(dataset_id: str) -> None:
    """Show the account of every import, the newest first."""
    entries = graft.current().registry.imports(dataset_id)
    if not entries:
        return
    words = _(
        "Every file that was brought in is in this list: used, or refused with the reason. An archive that could not "
        "be opened brought nothing in."
    )
    page.section(_("What came in"), words)
    for entry in entries[:20]:
        account(entry)
    if len(entries) > 20:
        st.caption(_("… and {n} more").format(n=number(len(entries) - 20)))
