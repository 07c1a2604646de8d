"""What the documents say is there: every path they name, every link, every command and setting."""

import re
from pathlib import Path

import pytest

from engine import settings
from engine.cli import parser

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
# Notes of their day keep the names of their day; the index of them does not.
DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), DECISIONS / "README.md"]


def named_paths(text: str) -> set[str]:
    """Return what stands in backquotes and looks like a path of this repository."""
    words = re.findall(r"`([\w./-]+)`", text)
    return {word for word in words if re.match(r"(engine|pages|tests|docs|benchmarks)/", word)}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_named_in_docs_exist(path):
    text = path.read_text(encoding="utf-8")
    gone = sorted(name for name in named_paths(text) if not (ROOT / name).exists())
    assert not gone, f"{path.name} names what is not there: {gone}"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_docs_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)|src=\"([^\"]+)\"", path.read_text(encoding="utf-8"))
    targets = [link or image for link, image in links if not (link or image).startswith("http")]
    gone = [target for target in targets if not (path.parent / target).exists()]
    assert not gone, f"{path.name} links to what is not there: {gone}"


def test_the_readme_is_read_in_three_minutes():
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 180


def test_every_folder_of_the_engine_and_the_pages_has_its_line_in_the_architecture():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = {path.parent for top in ("engine", "pages") for path in (ROOT / top).glob("*/__init__.py")}
    missing = sorted(f"{folder.parent.name}/{folder.name}/" for folder in folders)
    assert not [name for name in missing if name not in text]


def test_every_command_has_its_line_in_the_docs():
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    commands = parser.commands()
    assert commands and not [command for command in commands if f"`{command}" not in text]


def test_every_setting_is_in_the_readme():
    used = set(re.findall(r"GRAFT_[A-Z_]+", Path(settings.__file__).read_text(encoding="utf-8")))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert used and not [name for name in sorted(used) if f"`{name}`" not in text]


def test_every_decision_is_in_the_index():
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    assert not [path.name for path in DECISIONS.glob("0*.md") if f"({path.name})" not in index]
