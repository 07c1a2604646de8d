"""Every exception to a rule of ruff or mypy says why."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITH_REASON = re.compile(r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)*|type: ignore\[[\w-]+\]) +[-(]? ?\w")


def test_every_exception_to_a_rule_says_why():
    files = [
        ROOT / "app.py",
        *(path for name in ("engine", "pages", "benchmarks") for path in (ROOT / name).rglob("*.py")),
    ]
    bare = []
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"# (noqa|type: ignore)", line) and not WITH_REASON.search(line):
                bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not bare, "say why, as in `# noqa: S310 - an https address of our catalogue`:\n" + "\n".join(bare)
