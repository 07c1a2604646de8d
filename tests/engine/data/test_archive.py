"""Archives are read one member at a time, within limits, and never by a path they gave."""

import io
import struct
import tarfile
import zipfile

import pytest

from engine import settings
from engine.data.importing import archive, budget, tar_reader
from engine.errors import DataError, UserError
from tests.support.archives import tar_of, zip_of
from tests.support.odd_files import encode, photo


@pytest.fixture
def limits(monkeypatch):
    """Return a function that changes a setting for this test."""

    def change(name: str, value: int) -> None:
        monkeypatch.setenv(name, str(value))
        settings.current.cache_clear()

    yield change
    monkeypatch.undo()
    settings.current.cache_clear()


def read(tmp_path, content: bytes, name: str = "pictures.zip") -> dict[str, str | bytes]:
    """Return {name: content, or the sentence of the refusal}."""
    path = tmp_path / name
    path.write_bytes(content)
    return {
        entry.name: str(entry.refused) if entry.refused else entry.content for entry in archive.read(path, tmp_path)
    }


FILES = {"cats/1.png": b"one", "dogs/2.png": b"two"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_in_every_compression_is_read(tmp_path, mode):
    assert read(tmp_path, tar_of(FILES, mode), "any name at all") == FILES


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_in_every_compression_is_read(tmp_path, compression):
    assert read(tmp_path, zip_of(FILES, compression), "without suffix") == FILES


def test_archive_inside_an_archive_is_a_folder(tmp_path):
    inner = {"cats.zip": zip_of({"1.png": b"one"}), "more/dogs.tar.gz": tar_of({"2.png": b"two"})}
    assert read(tmp_path, zip_of(inner)) == {"cats/1.png": b"one", "more/dogs/2.png": b"two"}


def test_archives_inside_archives_end_somewhere(tmp_path):
    content = zip_of({"1.png": b"one"})
    for depth in range(4):
        content = zip_of({f"{depth}.zip": content})
    (sentence,) = read(tmp_path, content).values()
    assert "inside an archive inside an archive" in sentence


def test_broken_or_empty_archive_inside_costs_only_itself(tmp_path):
    inner = {"a.zip": zip_of({"1.png": b"one"}), "b.zip": zip_of(FILES)[:-40], "c.zip": zip_of({}), "d.zip": b"no zip"}
    found = read(tmp_path, zip_of(inner))
    assert found["a/1.png"] == b"one"
    assert "damaged" in found["b.zip"] and "no files" in found["c.zip"] and "damaged" in found["d.zip"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (zip_of(FILES)[:-30], "cut.zip", "cut.zip is damaged or not complete"),
        (tar_of({"a.png": bytes(range(256)) * 900})[:-300], "cut.tar.gz", "cut.tar.gz is damaged or not complete"),
        (b"\x1f\x8b\x08\0" + bytes(90), "odd.tgz", "odd.tgz is damaged or not complete"),
        (b"", "empty.zip", "0 bytes"),
        (b"hello", "hello.zip", "does not begin like one"),
        (zip_of({}), "nothing.zip", "holds no files"),
        (zip_of({"folder/": b""}), "folders.zip", "holds no files"),
        (tar_of({}), "nothing.tar.gz", "holds no files"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "a.7z", "RAR or 7z"),
        (b"Rar!\x1a\x07" + bytes(50), "a.rar", "RAR or 7z"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # a gzip holds the time at which it was made
)
def test_archive_that_cannot_be_read_says_why(tmp_path, content, name, words):
    with pytest.raises(DataError) as refusal:
        read(tmp_path, content, name)
    assert words in str(refusal.value)


def _locked(content: bytes) -> bytes:
    """Set the flag of encryption in every header of a zip."""
    changed = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def test_archive_with_a_password_says_so(tmp_path):
    with pytest.raises(DataError, match="protected by a password"):
        read(tmp_path, _locked(zip_of(FILES)))


def test_one_damaged_member_costs_only_itself(tmp_path):
    content = zip_of(FILES, zipfile.ZIP_STORED).replace(b"two", b"tvo", 1)
    found = read(tmp_path, content)
    assert found["cats/1.png"] == b"one"
    assert "damaged inside the archive" in found["dogs/2.png"]


def test_unknown_compression_is_named_for_the_member(tmp_path):
    content = bytearray(zip_of({"a.png": b"x" * 99}))
    central = content.find(b"PK\x01\x02")
    content[8:10] = content[central + 10 : central + 12] = struct.pack("<H", 9)  # Deflate64, as Windows writes it
    assert "compressed in a way that is not understood" in read(tmp_path, bytes(content))["a.png"]


@pytest.mark.parametrize("name", ["../up.png", "/etc/up.png", "a/../../up.png", "C:\\up.png", "..\\up.png"])
@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_paths_that_lead_out_are_refused(tmp_path, name, make):
    (sentence,) = read(tmp_path, make({name.replace("\\", "/"): b"x"})).values()
    assert "leads out of the archive" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["pictures.zip"]


def test_windows_separators_are_folders(tmp_path):
    assert list(read(tmp_path, zip_of({"cats\\1.png": b"one"}))) == ["cats/1.png"]


def test_names_without_the_utf8_flag_are_read_as_utf8(tmp_path):
    content = zip_of({"XXXXXXX.png": b"one"}).replace(b"XXXXXXX", "Käfer!".encode())
    assert list(read(tmp_path, content)) == ["Käfer!.png"]


def test_links_and_devices_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(link, "/etc/passwd")
    assert "A link" in read(tmp_path, buffer.getvalue())["link.png"]

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"{kind!r}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            file.addfile(info)
    sentences = read(tmp_path, buffer.getvalue(), "a.tar").values()
    assert len(sentences) == 4 and all("A link" in sentence for sentence in sentences)


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_too_many_members_are_refused(tmp_path, limits, make):
    limits("GRAFT_MAX_ARCHIVE_MEMBERS", 5)
    with pytest.raises(DataError, match="more than 5 files"):
        read(tmp_path, make({f"{n}.png": b"x" for n in range(6)}))


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_too_large_content_is_refused(tmp_path, limits, make):
    limits("GRAFT_MAX_ARCHIVE_MB", 1)
    with pytest.raises(DataError, match="larger than 1 MB"):
        read(tmp_path, make({f"{n}.png": bytes(400_000) for n in range(3)}))


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_bomb_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch, make):
    monkeypatch.setattr(budget, "RATIO_GRACE", 10**6)
    bomb = make({"big.png": bytes(8_000_000)})
    with pytest.raises(DataError, match="made to do harm"):
        read(tmp_path, bomb)


def test_bomb_inside_an_archive_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "RATIO_GRACE", 10**6)
    with pytest.raises(DataError, match="made to do harm"):
        read(tmp_path, zip_of({"inner.zip": zip_of({"big.png": bytes(8_000_000)})}))


def test_member_that_lies_about_its_size_is_refused(tmp_path):
    content = bytearray(zip_of({"a.png": bytes(100_000)}))
    central = content.find(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 10)
    assert "says something else" in read(tmp_path, bytes(content))["a.png"]


def test_giant_header_record_of_a_tar_is_refused(tmp_path, caplog):
    caplog.set_level("INFO", logger="graft")
    buffer = io.BytesIO()
    info = tarfile.TarInfo("a.png")
    info.pax_headers = {"comment": "x" * (tar_reader.MAX_HEADER + 1)}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as file:
        file.addfile(info)
    with pytest.raises(DataError, match="damaged or not complete"):
        read(tmp_path, buffer.getvalue(), "a.tar")
    assert "header is too large" in caplog.text


def test_file_too_large_for_memory_is_refused_without_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    found = read(tmp_path, zip_of({"a.png": bytes(2000), "b.png": b"x"}))
    assert "larger than" in found["a.png"] and found["b.png"] == b"x"


def test_full_disk_while_unpacking_is_no_damaged_archive(tmp_path, monkeypatch):
    class FullDisk:
        name = "copy.part"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write(self, _block):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.tempfile, "NamedTemporaryFile", lambda **_: FullDisk())
    with pytest.raises(UserError, match="No space left on device"):
        read(tmp_path, zip_of({"inner.zip": zip_of(FILES)}))


def test_memory_stays_flat_over_a_long_archive(tmp_path):
    import tracemalloc

    path = tmp_path / "long.zip"
    noise = encode(photo(1, 500, 500), "BMP")
    with zipfile.ZipFile(path, "w") as file:
        for number in range(60):  # 45 MB
            file.writestr(f"{number}.bmp", noise)
    tracemalloc.start()
    assert sum(1 for _ in archive.read(path, tmp_path)) == 60
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(noise)
