"""The way of one image, as docs/architecture.md tells it: followed from file to file, and short."""

import ast
import re
from pathlib import Path

from engine.worker.tasks import TASKS
from tests.architecture.test_architecture import MODULES, imports_of, module_name, modules_used_by

ROOT = Path(__file__).parents[2]
MOST = {"engine": 15, "pages": 8}
ROW = re.compile(r"\| `((?:engine|pages)/[\w/]+\.py)` \| (?:`(\w+)`)? ?\| (?:`([\w/.]+)`)? ?\| ?(.*?) ?\|")


def way() -> list[tuple[Path, str, Path | str, str]]:
    """Return (file, function, the file it is reached from, how) for each row of the table; "" where it says nothing."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## The way of one image")[2]
    return [(ROOT / file, function, before and ROOT / before, how) for file, function, before, how in ROW.findall(text)]


def words_of(path: Path) -> set[str]:
    """Return every name, attribute and text in a file."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names | attributes | {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def within(path: Path, steps: int = 1) -> set[str]:
    """Return the modules of ours that a file uses, and those which these use."""
    found = set(modules_used_by(path))
    for _step in range(steps):
        found |= {name for used in list(found) for name in modules_used_by(MODULES[used])}
    return found


def test_the_way_of_one_image_is_short():
    files = [path.relative_to(ROOT).parts[0] for path, *_rest in way()]
    assert {top: files.count(top) for top in MOST} == MOST, "the sentence above the table says how many they are"
    assert len({path for path, *_rest in way()}) == len(files)


def test_every_file_of_the_way_is_reached_from_the_one_before():
    lost = [str(path.relative_to(ROOT)) for path, *rest in way() if not _is_reached(path, *rest)]
    assert not lost, f"nobody calls these as docs/architecture.md says: {lost}"


def _is_reached(path: Path, function: str, before: Path | str, how: str) -> bool:
    if not before:
        return True  # a page: somebody opens it
    assert function in functions_of(path), f"{path} has no {function}"
    kind, _blank, word = how.replace("`", "").partition(" ")
    if kind == "call":
        return function in words_of(before) and module_name(path) in within(before)
    if kind == "task":
        module = TASKS[word].split(":")[0]
        asked = set().union(*(words_of(MODULES[name]) for name in {module_name(before), *within(before)}))
        return word in asked and module_name(path) in {module, *modules_used_by(MODULES[module])}
    if kind == "file":
        return word in words_of(before) & words_of(path)
    if kind == "address":
        return any(f"api/{word}/" in text for text in words_of(before)) and _is_routed(path, function)
    return function in words_of(before) and {*kind.split(".")} <= {*words_of(before), "graft"}


def _is_routed(path: Path, function: str) -> bool:
    routes = ROOT / "engine" / "api" / "routes.py"
    return f"{module_name(path)}.{function}" in imports_of(routes) and function in words_of(routes)
