"""Make the workspace of an older Graft that the tests open, and note what that Graft said about it.

    python tests/support/workspaces/make.py

checks that commit out beside the repository, lets its own command line train, export and evaluate, and writes here
`0.0-8a73e94.zip` (the workspace) and `0.0-8a73e94.json` (what it answered). Inside are every ninth digit of the
example, an Instant and a Balanced run of them, a few changes by hand, and pictures that show several classes with an
Instant run. SOURCES and CHANGES call modules by the names that they had then.

Left out, so that it stays below 1 MB: what can be made anew (caches), and the weights (12 MB a run: the model, the
features it remembers, the checkpoint). What names the machine it was made on is left out as well.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
COMMIT, VERSION = "8a73e94", "0.0"
EVERY = 9  # of the 1,797 digits: twenty of each class
LEFT_OUT = ("caches/", "incoming/", "queue/")
WEIGHTS = ("model.keras", "unknown.npz", "submitter.json", "checkpoint/")
SOURCES = """
import sys, zipfile
from pathlib import Path
from engine.data import examples
from tests import several_sets
folder, every = Path(sys.argv[1]), int(sys.argv[2])
drawn, few = zipfile.ZipFile(examples.draw("digits", folder / "all")), zipfile.ZipFile(folder / "Digits.zip", "w")
for name in sorted(drawn.namelist())[::every]:
    few.writestr(name, drawn.read(name))
few.writestr("9/notes.txt", "no picture")
few.close()
several_sets.archive(folder / "Shapes.zip", 12)
"""
CHANGES = """
import sys
from engine.registry import Registry
registry = Registry(sys.argv[1])
digits = next(project for project in registry.projects() if project.name == "Digits").dataset_id
first, second, third, *_ = (item.id for item in registry.items(digits, label="3"))
def told(template): return {"template": template, "values": {"n": 1, "label": "8"}}
registry.change_items(digits, [first], told("moved {n} to {label}"), label="8")
registry.change_items(digits, [second], told("took {n} out"), removed=True, who="Ada")
registry.undo(registry.change_items(digits, [third], told("unclear: {n}"), ambiguous=True))
registry.close()
"""
TRAININGS = (
    ("Digits.zip", "instant", "Digits"),
    ("Digits.zip", "balanced", "Digits again"),
    ("Shapes.zip", "instant", "Shapes"),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        git = ["git", "-C", str(HERE)]
        subprocess.run([*git, "worktree", "add", "--detach", str(folder / "code"), COMMIT], check=True)
        try:
            answers = work(folder / "code", folder / "workspace", folder)
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(folder / "code")], check=True)
        name = f"{VERSION}-{COMMIT}"
        pack(folder / "workspace", HERE / f"{name}.zip")
        (HERE / f"{name}.json").write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n")


def work(code: Path, workspace: Path, folder: Path) -> dict:
    """Let the Graft in `code` make a workspace.

    Returns {"runs": {run id: its evaluation}, "exports": {project: {file: SHA-256}}}.
    """
    environment = {**os.environ, "GRAFT_WORKSPACE": str(workspace), "LOGNAME": "ada", "PYTHONPATH": str(code)}

    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=code, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    python("-c", SOURCES, str(folder), str(EVERY))
    runs = {}
    for source, recipe, project in TRAININGS:
        options = ("--recipe", recipe, "--project", project, "--json")
        run_id = json.loads(python("-m", "engine", "train", str(folder / source), *options).splitlines()[-1])["run"]
        runs[run_id] = json.loads(python("-m", "engine", "evaluate", run_id, "--json").splitlines()[-1])
        runs[run_id].pop("run_dir")
    python("-c", CHANGES, f"sqlite:///{workspace / 'registry.sqlite'}")
    exports = {}
    for _source, _recipe, project in TRAININGS:
        target = folder / f"{project} out.zip"
        python("-m", "engine", "export-data", project, "-o", str(target))
        with zipfile.ZipFile(target) as made:
            exports[project] = {name: hashlib.sha256(made.read(name)).hexdigest() for name in sorted(made.namelist())}
    return {"runs": runs, "exports": exports}


def pack(workspace: Path, target: Path) -> None:
    """Write the workspace as a zip, without what can be made anew, the weights and the name of the machine."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for path in sorted(path for path in workspace.rglob("*") if path.is_file()):
            name = path.relative_to(workspace).as_posix()
            in_run = name.split("/", 2)[-1]
            if not name.startswith(LEFT_OUT) and not in_run.startswith(WEIGHTS):
                made.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
