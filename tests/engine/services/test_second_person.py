"""While one person's file takes its time, or means harm, a second person's import and question are answered."""

import io
import time
import zipfile

import pytest

from tests.support.hostile_pictures import large_png
from tests.support.pictures import draw_folder

pytestmark = pytest.mark.slow

WHOLE_SECONDS = 3.0


def test_a_second_person_is_answered_while_a_hostile_archive_is_read(warm_graft, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for number in range(8):  # each costs a second or two
            file.writestr(f"cats/{number}.png", large_png(9_900, 9_900, 8, 0))
    (tmp_path / "hostile.zip").write_bytes(packed.getvalue())
    first, second = (warm_graft.registry.create_project(name) for name in ("First", "Second"))
    honest = draw_folder(tmp_path / "honest", {"red": 5, "blue": 5})

    begun = warm_graft.imports.start(first.dataset_id, str(tmp_path / "hostile.zip"))
    while (status := warm_graft.imports.status(begun))["state"] == "running" and not status.get("values", {}).get(
        "done"
    ):
        time.sleep(0.05)
    asked = time.monotonic()
    import_id = warm_graft.imports.start(second.dataset_id, str(honest))
    assert warm_graft.compute.ask("warm_up", warm_graft.workspace)
    while warm_graft.imports.status(import_id)["state"] == "running":
        time.sleep(0.02)
    waited = time.monotonic() - asked
    still = warm_graft.imports.status(begun)["state"]
    assert warm_graft.imports.status(import_id)["used"] == 10
    assert still == "running" or waited < WHOLE_SECONDS, f"the second person waited {waited:.1f} seconds for the first"
