"""Every setting, read once from the environment. The README holds the same list as a table."""

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UserError

TLS = ("GRAFT_TLS_CA", "GRAFT_TLS_CERT", "GRAFT_TLS_KEY")


@dataclass(frozen=True)
class Settings:
    """Where things are kept and how much is accepted."""

    workspace: Path
    database_url: str
    scheduler: str | None
    weights_dir: Path | None
    max_upload_mb: int
    max_archive_mb: int
    max_archive_members: int
    max_expansion_ratio: int
    max_pixels: int
    max_import_seconds: int = 120
    train_workers: int = 1
    hosts: tuple[str, ...] = ()
    max_uploads_mb: int = 20_480
    tls: tuple[str, str, str] = ("", "", "")  # files of the authority, the certificate and the key
    server_folders: tuple[Path, ...] = ()


@functools.cache
def current() -> Settings:
    """Return the settings of this process. Raises UserError when a variable holds something that is no number."""
    workspace = Path(os.environ.get("GRAFT_WORKSPACE") or "workspace").expanduser().resolve()
    weights_dir = os.environ.get("GRAFT_WEIGHTS_DIR")
    return Settings(
        workspace=workspace,
        database_url=os.environ.get("GRAFT_DATABASE_URL") or f"sqlite:///{workspace / 'registry.sqlite'}",
        scheduler=os.environ.get("GRAFT_SCHEDULER") or None,
        weights_dir=Path(weights_dir).expanduser().resolve() if weights_dir else None,
        max_upload_mb=_number("GRAFT_MAX_UPLOAD_MB", 4096),
        max_archive_mb=_number("GRAFT_MAX_ARCHIVE_MB", 20_480),
        max_archive_members=_number("GRAFT_MAX_ARCHIVE_MEMBERS", 500_000),
        max_expansion_ratio=_number("GRAFT_MAX_EXPANSION_RATIO", 200),
        max_pixels=_number("GRAFT_MAX_PIXELS", 100_000_000),
        max_import_seconds=_number("GRAFT_MAX_IMPORT_SECONDS", 120),
        train_workers=_number("GRAFT_TRAIN_WORKERS", 1),
        hosts=tuple(os.environ.get("GRAFT_HOSTS", "").replace(",", " ").split()),
        tls=(os.environ.get(TLS[0], ""), os.environ.get(TLS[1], ""), os.environ.get(TLS[2], "")),
        max_uploads_mb=_number("GRAFT_MAX_UPLOADS_MB", 20_480),
        server_folders=_folders("GRAFT_SERVER_FOLDERS"),
    )


def _folders(name: str) -> tuple[Path, ...]:
    listed = (part.strip() for part in os.environ.get(name, "").split(os.pathsep))
    return tuple(Path(part).expanduser().resolve() for part in listed if part)


def _number(name: str, default: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        raise UserError("{name} is '{text}'. A whole number above 0 was expected.", name=name, text=text)
    return int(text)
