"""Feed a reader what atheris makes up: `python -m tests.fuzz archives|tables|models|pictures FOLDER [options]`.

The options are libFuzzer's. FOLDER keeps what was found; it begins with the hostile and the odd files of the tests.
Whatever is no UserError is a finding, as is a hang (`-timeout=10`) or too much memory (`-rss_limit_mb=1500`).
"""

import contextlib
import io
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris
import h5py

with atheris.instrument_imports(include=["engine", "zipfile", "tarfile"]):
    from engine.backbones.model_import import model_file
    from engine.data.importing import archive, tables
    from engine.data.modalities import image
from engine.errors import UserError
from tests.support import hostile_archives, hostile_pictures, odd_archives, odd_files

LARGEST_SEED = 40_000  # bytes: a fuzzer gets further with small files
PLAN = b'{"module": "keras", "class_name": "Sequential", "config": {"layers": []}, "registered_name": null}'


def read_archive(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(content)
        for _entry in archive.read(path, Path(folder)):
            pass


def read_table(content: bytes) -> None:
    table = tables.read(("t.csv", "t.json", "t.jsonl")[len(content) % 3], content)
    tables.match(table.rows, ["cats/1.png", "2.png"])


def read_model(content: bytes) -> None:
    """What is looked at before Keras is asked; the rest runs in a process that is killed.

    Packing and checksums would keep a fuzzer at the door: a plan or weights are fed as they are, and packed here.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.keras"
        if content.startswith(b"PK"):
            path.write_bytes(content)
        else:
            weights = content.startswith(model_file.HDF5_MAGIC)
            with zipfile.ZipFile(path, "w") as file:
                file.writestr(model_file.CONFIG, PLAN if weights else content)
                file.writestr(model_file.WEIGHTS, content if weights else NO_WEIGHTS)
        if model_file.kind_of(path) == "keras":
            model_file.read_plan(path)


def read_picture(content: bytes) -> None:
    image.open_image(content, max_pixels=1_000_000, target=(32, 32))


def archive_seeds() -> list[bytes]:
    return [case.content() for case in odd_archives.CASES.values()] + [
        make() for name, (_file, make, _words) in hostile_archives.HOSTILE.items() if "million" not in name
    ]


def model_seeds() -> list[bytes]:
    from tests.support.model_files import picture_network, saved

    with tempfile.TemporaryDirectory() as folder:
        path = saved(picture_network(), Path(folder) / "a.keras")
        with zipfile.ZipFile(path) as file:
            plan, weights = file.read(model_file.CONFIG), file.read(model_file.WEIGHTS)
        return [path.read_bytes(), plan, weights, PLAN, NO_WEIGHTS]


def empty_weights() -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("layers/look/vars/0", data=[0.0])
    return content.getvalue()


def table_seeds() -> list[bytes]:
    return [
        b"file,label,group,split\ncats/1.png,a,g,train\n",
        b'[{"file": "1.png", "labels": ["a", "b"]}]',
        b"\xff\xfef",
    ]


def picture_seeds() -> list[bytes]:
    odd = [make() for make in odd_files.USED.values()] + [make() for make, _reason in odd_files.REFUSED.values()]
    return [*odd, hostile_pictures.directory_of_copies(50, 1000), hostile_pictures.jpeg_of_scans(3)]


NO_WEIGHTS = empty_weights()
READERS: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    "archives": (read_archive, archive_seeds),
    "tables": (read_table, table_seeds),
    "models": (read_model, model_seeds),
    "pictures": (read_picture, picture_seeds),
}


def main() -> None:
    read, seeds = READERS[sys.argv[1]]
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds()):
        if len(content) <= LARGEST_SEED:
            (folder / f"seed-{number}").write_bytes(content)

    def feed(content: bytes) -> None:
        with contextlib.suppress(UserError):
            read(content)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
