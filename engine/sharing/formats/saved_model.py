"""TensorFlow's SavedModel, for TensorFlow Serving and everything built on TensorFlow. A folder, kept as one zip."""

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.compute.quiet_stderr import quiet_stderr
from engine.sharing.formats.format import PIXELS, PROBABILITIES, Format, Material

FOLDER = "saved_model"


def _write(material: Material, target: Path) -> None:
    """Write the zip. Nothing in it may depend on when it was packed."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / FOLDER
        _export(material.model, folder)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.name != "fingerprint.pb":
                    archive.write(path, path.relative_to(place))


def _export(model, folder: Path) -> None:
    """Export with named input and output: Keras' own export calls the answer output_0."""
    import tensorflow as tf
    from keras.export import ExportArchive

    archive = ExportArchive()
    archive.track(model)
    signature = tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32, name=PIXELS)
    archive.add_endpoint("serve", lambda pixels: {PROBABILITIES: model(pixels, training=False)}, [signature])
    with quiet_stderr():
        archive.write_out(str(folder), verbose=False)


def _open(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as place:
        unpack(path, Path(place))
        loaded = tf.saved_model.load(str(Path(place) / FOLDER))

    def answer(pixels: np.ndarray) -> np.ndarray:
        # `loaded` is held here on purpose: with it its variables would be deleted.
        return loaded.serve(tf.constant(pixels))[PROBABILITIES].numpy()

    return answer


def unpack(path: Path, folder: Path) -> None:
    """Unpack an exported zip below a folder. It is one that Graft has written itself."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


SAVED_MODEL = Format(
    key="savedmodel",
    title="SavedModel",
    about="For TensorFlow Serving and programs built on TensorFlow.",
    file="saved_model.zip",
    packages=("tensorflow", "numpy", "pillow"),
    write=_write,
    open=_open,
)
