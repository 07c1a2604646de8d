"""Train the same run on one and on two devices; print how far weights moved and how far apart the two have ended.

A process of its own, since devices are fixed when a backend starts. It runs with KERAS_BACKEND=jax too.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import keras
import numpy as np

from engine.storage import runs
from engine.training.fine_tuning import checkpoint, hardware, optimizer, replicas
from tests.conftest import use_workspace
from tests.support.tiny_runs import discs, train

# Five pictures a step cannot be divided by two.
SMALL = {
    "name": "balanced",
    "epochs": 2,
    "batch_size": 5,
    "augmentation": [],
    "optimizer": "sgd",
    "learning_rate": 0.03,
}


def main() -> None:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        [cpu] = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    checkpoint.forget = lambda _folder: None  # the weights after the last epoch are in it
    workspace = use_workspace(Path(tempfile.mkdtemp()))
    optimizer.CLIP_NORM = 1e6  # TensorFlow clips gradients on each device, before they are added up
    items = discs(workspace, labels=("red", "blue"))
    items = [replace(item, label="ab"[number % 2]) for number, item in enumerate(items)]  # much is left to learn
    weights, spread, original = [], [], replicas.train_on_batch

    def note(part, *batch):
        if not spread:
            weights.append(np.concatenate([np.array(variable).ravel() for variable in part.variables]))
        spread.append(replicas.count(part))
        return original(part, *batch)

    replicas.train_on_batch = note
    for devices in (1, 2):
        hardware.here = lambda devices=devices: hardware.Hardware(devices=devices)
        run_dir = train(workspace, items, **SMALL)
        assert runs.read_status(run_dir)["state"] == "finished", runs.read_status(run_dir)
        values = checkpoint.load(run_dir / "checkpoint").variables
        weights.append(np.concatenate([value.ravel() for value in values]))
        assert max(spread) == devices
    before, one, two = weights
    print(float(np.abs(one - before).max()), float(np.abs(two - one).max()))


if __name__ == "__main__":
    main()
