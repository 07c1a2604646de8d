"""The widgets' scripts: what register() joins is one whole module, and what Node's test runner says of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pages.components import register

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.parent.name for path in register.FOLDER.glob("*/*.js") if path.stem == path.parent.name)
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None, reason="Node is not on this machine; only the scripts' own tests need it."
)


@pytest.mark.parametrize("name", NAMES)
def test_a_widgets_folder_is_complete_and_its_script_is_joined_to_one_module(name):
    assert (register.FOLDER / name / f"{name}.py").exists()
    joined = register.script(name)
    assert joined.count("export default") == 1
    assert not re.search(r"^(import|export (?!default))", joined, re.MULTILINE), "something is left to be looked up"
    assert register.style(name).startswith((register.FOLDER / "tokens.css").read_text("utf-8"))


def test_a_file_that_two_others_import_is_joined_once_and_before_both():
    joined = register.script("embedding_map")
    assert joined.count("const NONE = ") == 1
    assert joined.index("const NONE = ") < joined.index("function lookOf") < joined.index("class EmbeddingMap")


def test_every_token_that_a_style_uses_is_there():
    tokens = set(re.findall(r"^  (--[\w-]+):", (register.FOLDER / "tokens.css").read_text("utf-8"), re.MULTILINE))
    for name in NAMES:
        text = register.style(name) + register.script(name)
        own = set(re.findall(r"(--[\w-]+)['\"]?\s*[:,]", text))
        used = set(re.findall(r"var\((--[\w-]+)\)", text))
        assert not {one for one in used - own - tokens if not one.startswith("--st-")}, name


@needs_node
def test_the_joined_scripts_are_valid_and_name_nothing_twice(tmp_path):
    for name in NAMES:
        script = tmp_path / f"{name}.mjs"
        script.write_text(register.script(name), "utf-8")
        checked = subprocess.run([NODE, "--check", script], capture_output=True, text=True)
        assert checked.returncode == 0, f"{name}: {checked.stderr}"


@needs_node
def test_the_scripts_keep_their_promises():
    tests = sorted((Path(__file__).parent / "components").glob("*.test.js"))
    told = subprocess.run([NODE, "--test", *tests], cwd=ROOT, capture_output=True, text=True)
    assert tests and told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
