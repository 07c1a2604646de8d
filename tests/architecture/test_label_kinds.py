"""Nobody asks "one class or several?": what differs stands in a file a label kind, and packages choose between them.

The switches are `of` in engine/data/label_kinds, engine/training/objectives, engine/evaluation/evaluators and, for
pages, the two label_kinds.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_architecture import ENGINE, PAGES, ROOT, module_name

SWITCHES = {"label_kinds", "objectives", "evaluators"}  # folders with a file a label kind
KIND_NAMES = {"several", "shows_several", "several_classes", "multi_label", "single_label", "is_multi_label"}
TASKS = {"one", "several"}
ASKING = [path for path in (*ENGINE, *PAGES) if path.parent.name not in SWITCHES]


def conditions(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what a program branches on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.BoolOp | ast.Compare):
            yield node


def asks_which_kind(condition: ast.AST) -> bool:
    """Tell whether a condition names a label kind, compares a task with one, or looks at the shape of y."""
    bases = {id(node.value) for node in ast.walk(condition) if isinstance(node, ast.Attribute)}
    for node in ast.walk(condition):
        if isinstance(node, ast.Name) and node.id in KIND_NAMES and id(node) not in bases:
            return True
        if isinstance(node, ast.Attribute) and (node.attr in KIND_NAMES or (node.attr == "ndim" and _is_target(node))):
            return True
        if isinstance(node, ast.Compare) and _compares_a_task(node):
            return True
    return False


def _is_target(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id.startswith("y")


def _compares_a_task(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    told = any(isinstance(side, ast.Constant) and side.value in TASKS for side in sides)
    return told and any("task" in ast.dump(side) for side in sides if not isinstance(side, ast.Constant))


@pytest.mark.parametrize(
    "asked",
    [
        "x if several else y",
        "if multi_label: pass",
        "[a for a in b if choice.several_classes]",
        "facts.get('task') == 'several'",
        "recipe.task == 'one' and more",
        "if y.ndim == 2: pass",
    ],
)
def test_the_rule_knows_the_question_in_all_its_forms(asked):
    assert any(map(asks_which_kind, conditions(ast.parse(asked))))


def test_nobody_asks_whether_a_picture_shows_one_class_or_several():
    found = [
        f"{path.relative_to(ROOT)}:{condition.lineno}"
        for path in ASKING
        for condition in conditions(ast.parse(path.read_text(encoding="utf-8")))
        if asks_which_kind(condition)
    ]
    assert not found, f"ask the label kind (`of` in a package of {sorted(SWITCHES)}) instead: {sorted(set(found))}"


FOLDERS = sorted({path.parent for path in (*ENGINE, *PAGES) if path.parent.name in SWITCHES})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_label_kind_answers_what_the_others_answer(folder: Path):
    """A switch hands out modules, or classes in them: each offers the same public names that its callers use."""
    kinds = [path for path in (folder / "single_label.py", folder / "multi_label.py") if path.exists()]
    assert len(kinds) == 2, f"{folder} lacks the file of a label kind"
    protocol = next(path for path in folder.glob("*.py") if "Protocol" in path.read_text(encoding="utf-8"))
    asked = _methods(ast.parse(protocol.read_text(encoding="utf-8")))
    for path in kinds:
        missing = asked - _names(ast.parse(path.read_text(encoding="utf-8")))
        assert not missing, f"{module_name(path)} does not answer {sorted(missing)}"


def _methods(tree: ast.Module) -> set[str]:
    last = [node for node in tree.body if isinstance(node, ast.ClassDef)][-1]
    return {node.name for node in last.body if isinstance(node, ast.FunctionDef)}


def _names(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found
