"""Commands that use warm workers, as the machines of a team do."""

import pytest

from engine import settings
from engine.graft import Graft


def join(patch: pytest.MonkeyPatch, graft: Graft) -> None:
    """Let what is started from now on use the workers of `graft`: their address, and the keys they ask for."""
    cluster = graft.compute.cluster
    keys = graft.workspace.root / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    guard = cluster.security
    parts = {"CA": guard.tls_ca_file, "CERT": guard.tls_client_cert, "KEY": guard.tls_client_key}
    for name, text in parts.items():
        path = keys / f"{name.lower()}.pem"
        path.write_text(text)
        path.chmod(0o600)
        patch.setenv(f"GRAFT_TLS_{name}", str(path))
    patch.setenv("GRAFT_SCHEDULER", cluster.scheduler_address)
    settings.current.cache_clear()
