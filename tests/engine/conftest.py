"""Graft as somebody has it who installed it: a wheel of this tree in an environment of its own."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="session")
def graft_command(tmp_path_factory) -> Path:
    """The command `graft` of an environment that borrows this one's libraries: to install them takes minutes."""
    place = tmp_path_factory.mktemp("installed")
    built = [*PIP, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(place)]
    subprocess.run(built, check=True)
    [wheel] = place.glob("graft-*.whl")
    environment = place / "environment"
    venv.create(environment)
    subprocess.run(
        [*PIP, "--python", str(environment), "install", "--no-deps", "--no-index", str(wheel)],
        check=True,
    )
    [libraries] = (
        environment.glob("lib/python*/site-packages") if os.name == "posix" else [environment / "Lib/site-packages"]
    )
    (libraries / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    if os.name == "posix":  # what pip writes for a library that it installs
        dask = environment / "bin/dask"
        dask.write_text(
            f'#!{environment}/bin/python\nfrom dask.__main__ import main\n\nif __name__ == "__main__":\n    main()\n'
        )
        dask.chmod(0o700)
    return environment / ("bin/graft" if os.name == "posix" else "Scripts/graft.exe")
