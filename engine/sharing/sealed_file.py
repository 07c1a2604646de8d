"""A file that only a passphrase opens: AES-GCM in chunks, so that not one byte can be changed, moved, added or cut off.

The key comes from the passphrase by scrypt (RFC 7914). Each chunk is sealed under a nonce that counts and says whether
it is the last (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár 2015), with the header as associated data.
"""

import os
import struct
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from engine.errors import DataError

MAGIC = b"GRAFTSEALED\x01"
# Magic, log2 of scrypt's n, r, p, salt, the first bytes of every nonce, bytes of a chunk.
HEADER = struct.Struct(">12sBBB16s7sI")
COST, BLOCK_SIZE, PARALLEL = 17, 8, 1  # 128 MB and half a second for every guess (OWASP's advice of 2025)
CHEAPEST, DEAREST = 10, 18  # a file of a stranger may not ask for more than 256 MB
CHUNK, TAG = 2**20, 16
SHORTEST = 8  # characters of a passphrase

WRONG = "The passphrase is not the right one, or the file has been changed. Type it again, or ask for the file anew."
DAMAGED = "The file has been changed or is not complete. Nothing was brought in. Ask for it anew."
NEEDED = "This file is encrypted. Give the passphrase it was made with."


def is_sealed(path: Path) -> bool:
    """Tell whether a file is one of these, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal(source: IO[bytes], target: IO[bytes], passphrase: str) -> None:
    """Write what `source` holds, encrypted, to `target`. Raises DataError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise DataError(
            "The passphrase has {n} characters. At least {least} are needed; several words are best.",
            n=len(passphrase),
            least=SHORTEST,
        )
    salt, nonces = os.urandom(16), os.urandom(7)
    header = HEADER.pack(MAGIC, COST, BLOCK_SIZE, PARALLEL, salt, nonces, CHUNK)
    cipher = _cipher(passphrase, salt, COST)
    target.write(header)
    for number, chunk, last in _chunks(source, CHUNK):
        target.write(cipher.encrypt(_nonce(nonces, number, last), chunk, header))


def unseal(source: IO[bytes], target: IO[bytes], passphrase: str) -> None:
    """Write what a sealed file holds to `target`, which is to be trusted only once this returns.

    Raises DataError for a wrong passphrase, and for a file that is not as it was written, to the byte.
    """
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        raise DataError(DAMAGED)
    magic, cost, block_size, parallel, salt, nonces, size = HEADER.unpack(header)
    known = (magic, block_size, parallel, size) == (MAGIC, BLOCK_SIZE, PARALLEL, CHUNK)
    if not known or not CHEAPEST <= cost <= DEAREST:
        raise DataError(DAMAGED)
    cipher = _cipher(passphrase, salt, cost)
    for number, chunk, last in _chunks(source, size + TAG):
        try:
            target.write(cipher.decrypt(_nonce(nonces, number, last), chunk, header))
        except (InvalidTag, ValueError) as error:
            raise DataError(DAMAGED if number else WRONG) from error


def _cipher(passphrase: str, salt: bytes, cost: int) -> AESGCM:
    return AESGCM(Scrypt(salt, length=32, n=2**cost, r=BLOCK_SIZE, p=PARALLEL).derive(passphrase.encode()))


def _nonce(first: bytes, number: int, last: bool) -> bytes:
    return first + struct.pack(">I", number) + bytes([last])


def _chunks(source: IO[bytes], size: int):
    """Yield (number, chunk, whether it is the last); an empty file is one empty chunk."""
    number, chunk = 0, source.read(size)
    while True:
        following = source.read(size) if len(chunk) == size else b""
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following
