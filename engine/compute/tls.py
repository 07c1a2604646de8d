"""Keys of a team's cluster: whoever may speak to a scheduler or a worker runs code there, so all of them show one."""

from pathlib import Path

from distributed import Security

from engine import settings
from engine.errors import ComputeError

ALL_THREE = "{missing} is not set, and {known} is. A cluster with TLS needs all three: GRAFT_TLS_CA, _CERT and _KEY."
NO_FILE = "{name} names {file}, which cannot be read. Check the path, and who may read it."
NEEDED = (
    "The scheduler {address} speaks TLS, and there is no key to show it. Set GRAFT_TLS_CA, GRAFT_TLS_CERT and "
    "GRAFT_TLS_KEY, as docs/cluster.md says."
)


def of_team(scheduler: str) -> Security | None:
    """Return what proves to a team's scheduler who asks; None where its address is without TLS and so are the settings.

    Raises ComputeError for settings that are not whole.
    """
    files = dict(zip(settings.TLS, settings.current().tls, strict=True))
    known = [name for name, file in files.items() if file]
    if not known:
        if scheduler.startswith("tls://"):
            raise ComputeError(NEEDED, address=scheduler)
        return None
    for name, file in files.items():
        if not file:
            raise ComputeError(ALL_THREE, missing=name, known=known[0])
        if not Path(file).is_file():
            raise ComputeError(NO_FILE, name=name, file=file)
    authority, certificate, key = files.values()
    return Security(require_encryption=True, tls_ca_file=authority, tls_client_cert=certificate, tls_client_key=key)
