"""The rules that keep the code in shape. Each failure names the file and what to do about it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
SOURCES = [ROOT / "app.py", *ENGINE, *sorted((ROOT / "pages").rglob("*.py"))]
HEAVY = ("tensorflow", "keras", "sklearn", "scipy", "openTSNE", "cleanlab", "ai_edge_litert", "jax")
SERVER_MODULES = (
    "app",
    "engine.graft",
    "engine.cli.train",
    "engine.evaluation.charts.per_class",
    "engine.evaluation.results",
)
# A module may import from its own layer and from those below it.
LAYERS = (
    {"engine.__main__"},
    {"engine.cli.learning_curve", "engine.cli.pause", "engine.cli.search"},
    {
        "engine.cli.backbones",
        "engine.cli.check",
        "engine.cli.report_lines",
        "engine.cli.train",
        "engine.services.label_suggestions",
        "engine.services.maps",
    },
    {"engine.cli.report_lines"},
    {
        "engine.graft",
        "engine.services.run_measurements",
        "engine.services.dataset_exports",
        "engine.services.imports",
        "engine.services.dataset_checks",
        "engine.services.custom_backbones",
        "engine.compute.run_queue",
        "engine.search",
        "engine.worker.tasks",
        "engine.worker.training_run",
    },
    {"engine.sharing"},
    {"engine.evaluation"},
    {"engine.training"},
    {"engine.backbones", "engine.data"},
    {
        "engine.storage.registry",
        "engine.storage.runs",
        "engine.compute.client",
        "engine.compute.background_jobs",
        "engine.services.uploads",
        "engine.storage.shards",
    },
    {"engine.compute.peers"},
    {"engine.compute.workers"},
    {"engine.storage.history", "engine.storage.schema"},
    {"engine.storage.workspace", "engine.translation", "engine.compute.quiet_stderr", "engine.storage.liveness"},
    {"engine.settings"},
    {"engine.errors"},
)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write it absolute"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def layer_of(module: str) -> int | None:
    parts = module.split(".")
    names = {".".join(parts[:length]) for length in (2, 3)}
    return next((number for number, layer in enumerate(LAYERS) if layer & names), None)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", ENGINE, ids=module_name)
def test_engine_never_imports_streamlit_or_pages(path):
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert not tops & {"streamlit", "pages", "app"}


@pytest.mark.parametrize("path", ENGINE, ids=module_name)
def test_imports_point_downward(path):
    own = layer_of(module_name(path))
    assert own is not None or module_name(path) == "engine", f"{path} belongs to no layer; name it in LAYERS"
    upward = [name for name in imports_of(path) if (other := layer_of(name)) is not None and other < own]
    assert not upward, f"{path} imports from above: {upward}"


@pytest.mark.parametrize("module", SERVER_MODULES)
def test_the_server_never_imports_what_only_workers_need(module):
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [], f"{module} brings {answer.stdout} into the server"


@pytest.mark.parametrize("path", sorted((ROOT / "pages").rglob("*.py")), ids=module_name)
def test_pages_import_nothing_that_only_workers_need(path):
    names = imports_of(path)
    assert not {name.split(".")[0] for name in names} & set(HEAVY)
    assert not {
        name for name in names if name.startswith(("engine.worker.tasks", "engine.evaluation.metrics.single_label"))
    }


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
def test_files_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{path} is longer than 400 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 80, f"{path}:{node.lineno} {node.name} is longer than 80 lines"


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
        lines = path.read_text().splitlines()
        assert lines[0].startswith("# "), f"{path.name}: say on the first line what it is for"
        for line in lines[1:]:
            assert line.startswith("-r ") or "==" in line, f"{path.name}: {line} is not pinned"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_the_readme_has_a_line_for_every_file(path):
    if path.name != "__init__.py":
        assert f" {path.name} " in (ROOT / "README.md").read_text(encoding="utf-8")
