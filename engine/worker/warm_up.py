"""What a worker loads before anybody waits for it, and what it learns about its machine meanwhile."""

import threading

from engine.compute.quiet_stderr import quiet_stderr
from engine.storage.workspace import Workspace, write_json

_warming = threading.Lock()


def warm_up(workspace: Workspace) -> dict:
    """Load what a training or a prediction needs; return and keep (caches/device.json) what this machine is."""
    with _warming:  # one worker may be warmed for several queues at once
        with quiet_stderr():  # frameworks greet at length
            import engine.worker.training_run  # noqa: F401  brings in everything a run uses
        from engine.backbones import catalogue, device, forward

        facts = device.device()
        write_json(workspace.device_facts, facts)
        forward.open_backbone(workspace, "sprout", catalogue.info("sprout").image_sizes[0])
        return facts
