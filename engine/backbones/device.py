"""What this process computes on: processor or graphics card, how many cores, how much memory, which Keras backend."""

import functools
import os
import platform
import subprocess

import keras
import psutil


@functools.cache
def device() -> dict:
    """Return {"kind": "cpu" | "gpu", "name", "cores", "memory_gb", "backend"}; the memory is the device's own."""
    facts = {"cores": cores(), "backend": keras.backend.backend()}
    name = _graphics_card() if has_gpu() else None
    if name:
        title, memory_mb = name
        return {**facts, "kind": "gpu", "name": title, "memory_gb": round(memory_mb / 1024, 1)}
    memory = psutil.virtual_memory().total / 2**30
    return {**facts, "kind": "gpu" if has_gpu() else "cpu", "name": processor(), "memory_gb": round(memory, 1)}


@functools.cache
def has_gpu() -> bool:
    """Tell whether Keras' backend sees an accelerator."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    return any(not str(name).startswith("cpu") for name in keras.distribution.list_devices())


def gpus() -> int:
    """Return the number of accelerators that Keras' backend sees."""
    return len(keras.distribution.list_devices("gpu")) if has_gpu() else 0


@functools.cache
def computes_bfloat16() -> bool:
    """Tell whether every graphics card computes in bfloat16 at full speed: NVIDIA's do since Ampere (2020)."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        cards = tf.config.list_physical_devices("GPU")
        found = [tf.config.experimental.get_device_details(card).get("compute_capability", (0,))[0] for card in cards]
    else:
        import jax

        found = [float(getattr(card, "compute_capability", 0)) for card in jax.devices()]
    return bool(found) and min(found) >= 8


def cores() -> int:
    """Return the number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _graphics_card() -> tuple[str, float] | None:
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
        name, memory = output.splitlines()[0].rsplit(",", 1)
        return name.strip(), float(memory)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
