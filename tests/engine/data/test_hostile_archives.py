"""Archives made to do harm end as a sentence, in seconds, in little memory. Each was found to do harm once."""

import io
import re
import tarfile
import zlib

import pytest

from engine import settings
from engine.data.importing import archive, budget, decompress, tar_reader
from engine.data.importing.budget import Budget
from engine.errors import DataError
from tests.support.hostile_archives import HOSTILE, record, zip_with
from tests.support.measured import MOST_SECONDS
from tests.support.odd_archives import ONE, TWO, zip_of


@pytest.mark.parametrize("case", HOSTILE)
def test_it_ends_as_a_sentence_quickly_and_in_little_memory(case, tmp_path, readers):
    name, make, words = HOSTILE[case]
    (tmp_path / name).write_bytes(make())
    outcome = readers.ingest(tmp_path / name)
    assert re.search(words, outcome.words or ""), outcome
    assert outcome.seconds < MOST_SECONDS and outcome.peak_mb < 400, outcome


def test_every_byte_counts_whether_it_is_wanted_or_not(tmp_path):
    content = b"x" * 100_000
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as file:
        for name in ("../up.png", "cats/1.png", "__MACOSX/2.png"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    purse = Budget(compressed=10**6)
    with open(tmp_path / "a.tgz", "rb") as file:
        kinds = [member.kind for member in tar_reader.members(decompress.stream(file, purse))]
    assert kinds == ["file"] * 3 and purse.expanded >= 3 * len(content)


def test_a_decompressor_makes_a_little_at_a_time():
    for packed, read in ((zlib.compress(bytes(10**7), wbits=-15), decompress.deflated),):
        purse = Budget(compressed=10**6)
        assert read(io.BytesIO(packed), purse).read(10) == bytes(10)
        assert purse.expanded <= decompress.BLOCK_OUT


def test_members_that_share_bytes_are_refused(tmp_path):
    crc = zlib.crc32(ONE)
    content = bytearray(zip_with((b"cats/1.png", 0, ONE, len(ONE), crc), (b"cats/1.png", 0, ONE, len(ONE), crc)))
    second = content.rfind(b"PK\x01\x02")
    content[second + 42 : second + 46] = bytes(4)  # where it begins: where the first does
    (tmp_path / "a.zip").write_bytes(content)
    found = list(archive.read(tmp_path / "a.zip", tmp_path))
    assert found[0].content == ONE and "inside another file" in str(found[1].refused)


def test_long_names_and_sizes_of_pax_are_understood(tmp_path):
    name = "cats/" + "n" * 300 + ".png"
    for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        shown = name if kind != tarfile.USTAR_FORMAT else "cats/" + "n" * 90 + ".png"
        with tarfile.open(tmp_path / "a.tar", "w", format=kind) as file:
            info = tarfile.TarInfo(shown)
            info.size, info.mtime = len(ONE), 1.5
            file.addfile(info, io.BytesIO(ONE))
        [entry] = archive.read(tmp_path / "a.tar", tmp_path)
        assert (entry.name, entry.content) == (shown, ONE)
    assert tar_reader._records(record(b"path", b"a=b") + record(b"size", b"7")) == {"path": "a=b", "size": "7"}


def test_an_import_has_a_deadline_that_grows_with_what_was_sent(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(zip_of(("cats/1.png", ONE), ("cats/2.png", TWO)))
    clock = iter(range(0, 10**6, 1000))
    monkeypatch.setattr(budget.time, "monotonic", lambda: next(clock))
    with pytest.raises(DataError, match="far more than 1 files of together 0.0 MB need"):
        list(archive.read(tmp_path / "a.zip", tmp_path))
    hours = settings.current().max_import_seconds + budget.SECONDS_PER_MB * 4096
    assert hours > 2 * 3600, "4 GB sent from afar and read on a slow machine are no attack"


def test_a_member_without_a_name_is_no_fault(tmp_path):
    """Found by the fuzzer: zipfile looks at the last letter of every name."""
    (tmp_path / "a.zip").write_bytes(zip_with((b"", 0, ONE, len(ONE), zlib.crc32(ONE))))
    assert [entry.content for entry in archive.read(tmp_path / "a.zip", tmp_path)] in ([ONE], [b""])
