"""Ask the package index's advisories about every pinned package, and say so where it does not answer.

    python -m tests.support.audit requirements.txt ...

Ends with 1 where a known hole is found. pip-audit alone calls what it could not look up "no known vulnerabilities".
"""

import json
import subprocess
import sys


def main(files: list[str]) -> int:
    """Print what was found in `files`, requirements with hashes."""
    told = {}
    for file in files:
        told |= {row["name"]: row for row in _advisories(file)}
    asked = {name: row for name, row in told.items() if "skip_reason" not in row}
    holes = {name: row["vulns"] for name, row in asked.items() if row["vulns"]}
    for name, found in sorted(holes.items()):
        ids = ", ".join(hole["id"] for hole in found)
        fixed = ", ".join(sorted({version for hole in found for version in hole["fix_versions"]})) or "none yet"
        print(f"{name} {asked[name]['version']}: {ids}. Fixed in: {fixed}.")
    print(_summary(len(told), len(asked), len(holes)))
    return 1 if holes else 0


def _advisories(file: str) -> list[dict]:
    """Return a row for each package; none where the service cannot be reached at all."""
    command = ["pip_audit", "--disable-pip", "--require-hashes", "-r", file, "-f", "json", "--progress-spinner", "off"]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["dependencies"] if done.stdout.startswith("{") else []


def _summary(packages: int, asked: int, holes: int) -> str:
    if not asked:
        return "The advisory service does not answer: whether a package has a known hole was not looked up."
    left = f" {packages - asked} of {packages} packages could not be looked up." if asked < packages else ""
    return f"{asked} packages looked up, {holes} with known holes.{left}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
