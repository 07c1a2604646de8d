"""Where a network's weights come from: the package itself, GRAFT_WEIGHTS_DIR, Keras' own cache, or Keras' download."""

import contextlib
import functools
import hashlib
import sys
from pathlib import Path

import keras

from engine.backbones import catalogue, custom, packaged_weights, scratch
from engine.backbones.catalogue import BackboneInfo
from engine.backbones.local_weights import SPROUT_WEIGHTS, check_reachable, keras_folder, local_path, unreachable


def weights_path(key: str, weights_dir: Path | None = None, *, download: bool = True) -> Path:
    """Return the file with the weights of a network, downloading it by Keras' own loader when it is nowhere here.

    Raises BackboneError, with what to do instead, when the file is missing and cannot be fetched.
    """
    key = catalogue.plain(key)
    if custom.is_own(key):
        return custom.path_of(key)
    info = catalogue.info(key)
    if info.package is not None:
        return packaged_weights.convert(info, keras_folder())
    if info.url is None:
        return SPROUT_WEIGHTS
    found = local_path(key, weights_dir)
    if found is not None:
        return found
    if not download:
        raise unreachable(info, "no download was asked for")
    return _download(info)


def weights_hash(key: str, weights_dir: Path | None = None) -> str:
    """Return 16 hex digits that name the weights and what is read out of them: every cache key holds them.

    Those of the SHA-256 of the weights file where the last map alone is read out.
    """
    if catalogue.from_nothing(key):
        return scratch.HASH
    path = weights_path(key, weights_dir)
    stat = path.stat()
    weights = _file_hash(path, stat.st_size, stat.st_mtime_ns)
    inner = () if custom.is_own(key) else catalogue.info(key).inner
    return hashlib.sha256(f"{weights} {inner}".encode()).hexdigest()[:16] if inner else weights


def cache_name(key: str, weights_dir: Path | None = None) -> str:
    """Return what names a network in caches. The last map alone has the name it had before inner layers were read."""
    return f"{key.removesuffix(catalogue.LAST)}-{weights_hash(key, weights_dir)}"


@functools.lru_cache(maxsize=64)
def _file_hash(path: Path, _size: int, _modified: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _download(info: BackboneInfo) -> Path:
    check_reachable(info)
    application = getattr(keras.applications, str(info.application))
    try:
        # Keras draws its progress bar on standard output, which belongs to the answer of a command.
        with contextlib.redirect_stdout(sys.stderr):
            application(include_top=False, weights="imagenet", **info.arguments)
    except Exception as error:
        raise unreachable(info, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return keras_folder() / str(info.weights_file)
