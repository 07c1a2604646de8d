"""The app's pages as a person meets them: opened through the frame, read as text, without a browser."""

import io
import json
import zipfile
from pathlib import Path

from PIL import Image
from streamlit.testing.v1 import AppTest

FRAME = str(Path(__file__).parents[2] / "pages" / "frame.py")

BESIDE = {"Compare": "compare", "About this run": "about", "Curves": "about"}
VIEWS = {
    "Confusions": ("Mistakes", "confusions"),
    "Classes": ("Mistakes", "classes"),
    "Pictures": ("Mistakes", "pictures"),
    "Together": ("Mistakes", "together"),
    "Map": ("Mistakes", "map"),
    "Groups": ("Mistakes", "groups"),
    "What changed": ("Mistakes", "changed"),
    "How sure": ("Trust", "sure"),
    "“I don’t know”": ("Trust", "unknown"),
    "Robustness": ("Trust", "robustness"),
    "Where it looks": ("Trust", "looks"),
    "More pictures?": ("Trust", "more"),
}


def open_page(name: str, **session) -> AppTest:
    """Return the page as it stands after it was opened; fails on any uncaught error."""
    at = AppTest.from_file(FRAME, default_timeout=120)
    for key, value in session.items():
        at.session_state[key] = value
    at.run()
    at.switch_page(f"{name}.py").run()
    assert not at.exception, at.exception
    return at


def open_tab(title: str, **session) -> AppTest:
    """Return Results with the tab of this title open, or the view of this title in whichever tab it is."""
    at = open_page("evaluation", **session)
    open_view(at, title)
    at.run()
    assert not at.exception, at.exception
    return at


def open_view(at: AppTest, title: str) -> None:
    """Let Results show this tab or view when it is drawn next."""
    if title in BESIDE:
        at.session_state["results-beside"] = BESIDE[title]
        return
    if "results-beside" in at.session_state:
        del at.session_state["results-beside"]
    tab, view = VIEWS.get(title, (title, ""))
    at.session_state["results-parts"] = tab
    if view:
        at.session_state[f"results-view-{tab.lower()}"] = view


def words(at: AppTest) -> str:
    """Return every text on the page."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info", "success", "metric", "code")
    said = "\n".join(str(element.value) for kind in kinds for element in getattr(at, kind))
    return said.replace("\N{NO-BREAK SPACE}", " ")


def table_on(at: AppTest) -> tuple[list[str], list[list[str]]]:
    """Return (titles, rows of texts) of the page's table."""
    table = component_with(at, '"sortable"')
    return [c["title"] for c in table["columns"]], [[c["text"] for c in row["cells"]] for row in table["rows"]]


def matrix_on(at: AppTest) -> dict:
    """Return what the confusion matrix of the page is given to draw."""
    return component_with(at, '"across"')


def component_with(at: AppTest, word: str) -> dict:
    found = [each.proto.json for each in at.get("bidi_component") if word in each.proto.json]
    return json.loads(found[0])[0]


def picture() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 40, 40)).save(sink, "PNG")
    return sink.getvalue()


def project_of(opened, folder: Path, name: str = "Discs", **options):
    project = opened.registry.create_project(name)
    opened.wait_for_import(opened.start_import(project.dataset_id, folder, **options))
    return project


def data_page(app: AppTest) -> AppTest:
    app.run()
    app.switch_page("data_upload.py").run()
    assert not app.exception
    return app


def everything_written(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def send(app: AppTest, opened, path: Path, key: str) -> AppTest:
    """Do what the drop zone does: files into the ticket's folder, then one message to the page."""
    token = app.session_state[f"{key}-ticket"]
    ticket = opened.uploads.ticket(token)
    ticket.folder.mkdir(parents=True)
    (ticket.folder / path.name).write_bytes(path.read_bytes())
    ticket.names.append(path.name)
    app.session_state[key] = {"done": {"ticket": token, "sent": 1, "failed": []}}
    return app.run()


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target
