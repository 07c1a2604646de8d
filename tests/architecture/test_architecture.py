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
    {"errors", "settings", "translation"},
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
# May import what a text names: the worker's door (only names on its list pass), and the packages of fonts.
BY_NAME = {"engine.compute.workers", "engine.data.examples.signs"}
# To be mended: these still take the whole of Graft.
AWAITED = {"engine.services.maps", "engine.services.label_suggestions"}
PAGE_LAYERS = ({"session"}, {"components"}, {"shared"}, {"sections"}, {"the page scripts"})


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in SOURCES}


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Return the modules a file imports, also inside functions and by name through importlib."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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


@pytest.mark.parametrize("path", ENGINE, ids=module_name)
def test_engine_never_imports_streamlit_or_pages(path):
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert not tops & {"streamlit", "pages", "app"}


@pytest.mark.parametrize("path", [*ENGINE, *PAGES], ids=module_name)
def test_imports_point_downward(path):
    if module_name(path) in AWAITED:
        return
    own = layer_of(module_name(path))
    assert own is not None or module_name(path) in ("engine", "pages"), f"{path} belongs to no layer"
    upward = [name for name in modules_used_by(path) if (other := layer_of(name)) is not None and other > (own or 0)]
    assert not upward, f"{path} imports from above: {upward}"


def test_no_imports_go_in_a_circle():
    uses = {name: modules_used_by(path) for name, path in MODULES.items()}
    circles = [sorted(circle) for circle in _components(uses) if len(circle) > 1 and not AWAITED & set(circle)]
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


@pytest.mark.parametrize("path", PAGES, ids=module_name)
def test_pages_import_nothing_that_only_workers_need(path):
    assert not {name.split(".")[0] for name in imports_of(path)} & set(HEAVY)
    assert not {name for name in imports_of(path) if name.startswith("engine.worker")}


@pytest.mark.parametrize("path", ENGINE, ids=module_name)
def test_workers_never_open_the_registry(path):
    if module_name(path).startswith(("engine.data", "engine.backbones", "engine.training", "engine.evaluation")):
        assert not {"engine.storage.registry.Registry", "engine.storage.schema"} & imports_of(path)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_nothing_happens_at_import(path):
    """Only definitions, constants and registrations at module level; no open file, socket, thread or device."""
    if path.parent.name == "pages":
        return  # pages are scripts by design
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
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.Import | ast.ImportFrom
        ):
            continue
        calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
        names = {getattr(func, "id", getattr(func, "attr", "")) for func in calls}
        assert not names & forbidden, f"{path}:{node.lineno} works at import: {names & forbidden}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_functions_stay_small(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 80, f"{path}:{node.lineno} {node.name} is longer than 80 lines"


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES}), ids=lambda folder: folder.name)
def test_a_folder_can_be_taken_in_at_a_glance(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    most = 8 if folder == ROOT / "engine" else 20
    assert len(modules) <= most, f"{folder} holds {len(modules)} modules, {most} at most: give a kind its own folder"


# Each in a module of its own; the last has a branch for every backend.
TENSORFLOW_ONLY = {
    "engine.backbones.litert",
    "engine.backbones.device",
    "engine.evaluation.explain.gradients",
    "engine.training.fine_tuning.replicas",
}


@pytest.mark.parametrize("path", ENGINE, ids=module_name)
def test_models_run_on_keras_not_on_one_of_its_backends(path):
    if module_name(path) in TENSORFLOW_ONLY:
        return
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert "tensorflow" not in tops, f"{path}: write it with keras.ops, or put it into {TENSORFLOW_ONLY}"


def test_every_python_file_says_what_it_is():
    for path in SOURCES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"


def test_requirements_pin_exact_versions():
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            plain = re.match(r"\s*(#|--hash=|-r )", line) or not line.strip()
            assert plain or "==" in line, f"{path.name}: {line} is not pinned"
