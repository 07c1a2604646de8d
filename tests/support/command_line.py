"""Graft's commands, carried out in the process of the test."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine import settings
from engine.cli import parser

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def engine(*arguments, workspace: Path) -> Done:
    """Carry a command out in this process: what a new one adds is promised once, by `digits` and below."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("GRAFT_WORKSPACE", str(workspace))
        settings.current.cache_clear()
        try:
            code = parser.main([*map(str, arguments), "--workspace", str(workspace)])
        except SystemExit as end:
            code = end.code
    settings.current.cache_clear()
    return Done(code, out.getvalue(), err.getvalue())


def answer(*arguments, workspace: Path) -> dict:
    done = engine(*arguments, "--json", workspace=workspace)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
