"""The rules that keep the house in order: they know folders, not modules; a failure names the file and what to do."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
SOURCES = [ROOT / "app.py", *ENGINE, *PAGES]
HEAVY = ("tensorflow", "keras", "sklearn", "scipy", "openTSNE", "cleanlab", "ai_edge_litert", "jax")
SERVER_MODULES = ("app", "engine.graft", "engine.cli.parser", "engine.evaluation.charts", "engine.evaluation.results")
# From the ground up: a folder may use its own layer and those below it.
ENGINE_LAYERS = (
    {"errors", "settings", "translation", "version"},
    {"storage"},
    {"compute", "access"},
    {"data"},
    {"backbones"},
    {"training"},
    {"evaluation"},
    {"curation", "search", "sharing"},
    {"services"},
    {"graft", "worker"},
    {"cli", "api", "__main__"},
)
# May import what a text names: the door (names on its list), packages of fonts, the command line (its commands).
BY_NAME = {"engine.compute.workers", "engine.worker.door", "engine.data.examples.signs", "engine.cli.parser"}
# A label kind's file in each folder of kinds; the catalogue, plan or preview of what the folder names; a job and what
# it does (services/label_suggestions asks curation/label_suggestions), a route and its service (uploads).
TOLD_BY_FOLDER = {
    *("__init__", "__main__", "single_label", "multi_label", "detection", "calibration", "learning_curve", "registry"),
    *("catalogue", "plan", "preview", "label_suggestions", "uploads"),
}
PAGE_LAYERS = ({"session"}, {"components"}, {"shared"}, {"sections"}, {"the page scripts"})


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in SOURCES}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Return the modules a file imports, also inside functions and by name through importlib."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write it absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
            plain = isinstance(node.args[0], ast.Constant)
            assert plain or module_name(path) in BY_NAME, f"{path}:{node.lineno}: name the module plainly"
            found |= {node.args[0].value} if plain else set()
    return frozenset(found)


def modules_used_by(path: Path) -> set[str]:
    """Return the modules of ours that a file imports."""
    return {known for name in imports_of(path) if (known := _ours(name)) and known != module_name(path)}


def _ours(name: str) -> str | None:
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def layer_of(module: str) -> int | None:
    top, _, rest = module.partition(".")
    if top == "engine" and rest:
        return next((number for number, layer in enumerate(ENGINE_LAYERS) if rest.split(".")[0] in layer), None)
    if top == "pages" and rest:
        folder = rest.split(".")[0]
        own = next((number for number, layer in enumerate(PAGE_LAYERS) if folder in layer), len(PAGE_LAYERS) - 1)
        return len(ENGINE_LAYERS) + own
    return None


def packages_of(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def test_the_engine_never_imports_streamlit_or_pages():
    assert not [path for path in ENGINE if packages_of(path) & {"streamlit", "pages", "app"}]


def test_every_module_belongs_to_a_layer():
    modules = [module_name(path) for path in [*ENGINE, *PAGES]]
    assert not [name for name in modules if layer_of(name) is None and name not in ("engine", "pages")]


def test_imports_point_downward():
    upward = [
        f"{module_name(path)} imports {name}"
        for path in [*ENGINE, *PAGES]
        for name in sorted(modules_used_by(path))
        if (layer_of(name) or 0) > (layer_of(module_name(path)) or 0)
    ]
    assert not upward, f"these import from above: {upward}"


def test_what_is_private_stays_in_its_module():
    taken = [
        f"{module_name(path)} takes {name}"
        for path in SOURCES
        for name in sorted(imports_of(path))
        if name.split(".")[0] in ("engine", "pages")
        and re.match(r"_[a-z]", name.split(".")[-1])
        and name != "pages.session.i18n._"
    ]
    assert not taken, f"make it public, or ask its module: {taken}"


def test_a_file_name_stands_twice_only_where_its_folder_makes_it_plain():
    names = [
        path.stem for path in ENGINE if path.parts[-2] not in ("cli", "charts") and path.stem not in TOLD_BY_FOLDER
    ]
    assert not {name for name in names if names.count(name) > 1}


def test_no_imports_go_in_a_circle():
    uses = {name: modules_used_by(path) for name, path in MODULES.items()}
    circles = [sorted(circle) for circle in _components(uses) if len(circle) > 1]
    assert not circles, f"these import each other: {circles}"


def _components(uses: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of a graph (Tarjan 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in uses[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            found.append([])
            while not found[-1] or found[-1][-1] != name:
                found[-1].append(stack.pop())

    for name in uses:
        if name not in index:
            visit(name)
    return found


@pytest.mark.parametrize("module", SERVER_MODULES)
def test_the_server_never_imports_what_only_workers_need(module):
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [], f"{module} brings {answer.stdout} into the server"


def test_pages_import_nothing_that_only_workers_need():
    assert not [path for path in PAGES if packages_of(path) & set(HEAVY)]
    assert not [path for path in PAGES for name in imports_of(path) if name.startswith("engine.worker")]


def test_workers_never_open_the_registry():
    below = ("engine.data", "engine.backbones", "engine.training", "engine.evaluation")
    registry = {"engine.storage.registry.Registry", "engine.storage.schema"}
    assert not [path for path in ENGINE if module_name(path).startswith(below) and registry & imports_of(path)]


def test_only_the_modalities_know_which_modality_a_file_has():
    elsewhere = [path for path in SOURCES if "modalities" not in path.parts]
    asking = [f"{path}:{line}" for path in elsewhere for line in _lines_that_ask_for_a_modality(path)]
    assert not asking, f"let the file's modality do it (engine.data.modalities.registry): {asking}"
    by_name = [path for path in elsewhere if "engine.data.modalities.image" in modules_used_by(path)]
    assert not by_name, f"these take images for all there is; ask engine.data.modalities.registry: {by_name}"


def _lines_that_ask_for_a_modality(path: Path) -> list[int]:
    found = []
    for node in ast.walk(tree_of(path)):
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        sides += [node.subject] if isinstance(node, ast.Match) else []
        found += [node.lineno for side in sides if getattr(side, "attr", getattr(side, "id", "")) == "modality"]
    return found


def test_nothing_happens_at_import():
    """Only definitions, constants and registrations at module level; no open file, socket, thread or device."""
    at_work = [found for path in SOURCES if path.parent.name != "pages" for found in _calls_at_import(path)]
    assert not at_work, f"these work at import: {at_work}"  # the pages themselves are scripts by design


def _calls_at_import(path: Path) -> list[str]:
    forbidden = {
        "open",
        "print",
        "connect",
        "Thread",
        "Popen",
        "mkdir",
        "read_text",
        "write_text",
        "list_physical_devices",
    }
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.Import | ast.ImportFrom
    found = []
    for node in tree_of(path).body:
        if not isinstance(node, definitions):
            calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
            names = {getattr(func, "id", getattr(func, "attr", "")) for func in calls}
            found += [f"{path}:{node.lineno} {name}" for name in sorted(names & forbidden)]
    return found


def test_functions_stay_small():
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 80
    ]
    assert not long, f"a second sentence hides in each of these: {long}"


def test_a_folder_can_be_taken_in_at_a_glance():
    for folder in {path.parent for path in SOURCES}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        most = 8 if folder == ROOT / "engine" else 20
        assert len(modules) <= most, f"{folder} holds {len(modules)} modules, {most} at most: give a kind a folder"


# Each in a module of its own; the last has a branch for every backend.
TENSORFLOW_ONLY = {
    "engine.backbones.litert",
    "engine.backbones.device",
    "engine.evaluation.explain.gradients",
    "engine.sharing.formats.litert_file",
    "engine.sharing.formats.saved_model",
    "engine.training.fine_tuning.replicas",
}


def test_models_run_on_keras_not_on_one_of_its_backends():
    bound = [path for path in ENGINE if "tensorflow" in packages_of(path) and module_name(path) not in TENSORFLOW_ONLY]
    assert not bound, f"write it with keras.ops, or put it into TENSORFLOW_ONLY: {bound}"


def test_tests_borrow_from_support_and_never_from_each_other():
    for path in sorted((ROOT / "tests").rglob("*.py")):
        borrowed = [name for name in imports_of(path) if re.search(r"^tests\.(?!architecture).*\btest_", name)]
        assert not borrowed, f"{path} imports {borrowed}: what tests share belongs into tests/support or a conftest.py"


def test_every_python_file_says_what_it_is():
    assert not [path for path in SOURCES if not ast.get_docstring(tree_of(path))]
