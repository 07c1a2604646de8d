"""Write the tree of files in README.md anew, a line a file, from the first sentences of docstrings: make tree."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("pages", "engine", "benchmarks")
STEPS = (
    "data",
    "backbones",
    "training",
    "search",
    "evaluation",
    "results",
    "sharing",
)  # the order in which a person takes them
MOST = 135  # characters of a sentence that are kept
REST = """    engine/backbones/weights/  the weights of sprout, half precision
    engine/locale/           German and French, one JSON file each
    tests/                   promises in sentences; tests/browser drives the real app in Chromium
    docs/                    decisions, how to grow a backbone, how to add a language, screenshots and their script
    Makefile, environment.sh  the two commands; how the virtual environment is made
    requirements*.txt        pinned versions: the app, and what GPU, PostgreSQL and tests need on top
"""


def sentence(path: Path) -> str:
    """Return the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"\.(?:\s|$)", paragraph)[0][:MOST]


def folder_lines(folder: Path) -> list[str]:
    """Return the lines of one folder and of the folders in it."""
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    lines = [f"    {folder.relative_to(ROOT)}/"] if files else []
    lines += [f"      {path.name:<22} {sentence(path)}" for path in files]
    inner_folders = [path for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"]
    for inner in sorted(inner_folders, key=lambda path: (path.name in STEPS and STEPS.index(path.name), path.name)):
        lines += folder_lines(inner)
    return lines


def tree() -> str:
    """Return the whole tree."""
    lines = [f"    app.py                   {sentence(ROOT / 'app.py')}"]
    for name in FOLDERS:
        lines += folder_lines(ROOT / name)
    return "\n".join(lines) + "\n" + REST


if __name__ == "__main__":
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, after = text.split("<!-- tree -->\n")[0], text.split("<!-- /tree -->")[1]
    readme.write_text(f"{before}<!-- tree -->\n\n{tree()}\n<!-- /tree -->{after}", encoding="utf-8")
