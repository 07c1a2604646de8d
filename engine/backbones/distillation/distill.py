"""Feature distillation: how a network like Sprout grows from unlabelled pictures.

The student learns to say, through one linear layer that is thrown away afterwards, what a pretrained teacher's features
say about the same view, and its inner layers where they are named (after FitNets, Romero et al. 2015). No labels are
needed. A training that is taken up again goes on where it ended, optimiser state included.
"""

import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
from keras import layers

from engine.backbones import device, forward
from engine.backbones.build import architecture, build
from engine.backbones.catalogue import info, last_only
from engine.backbones.distillation.plan import Plan
from engine.backbones.distillation.random_views import Pictures, Views, find_pictures
from engine.backbones.local_weights import SPROUT_WEIGHTS
from engine.backbones.pretrained import weights_hash, weights_path
from engine.backbones.sprout import save_weights
from engine.errors import BackboneError
from engine.storage.workspace import Workspace, write_atomic, write_json

# Views from which the teacher's mean and deviation, and the first projection, are estimated.
SAMPLE_BATCHES = 32
# Keeps features that hardly vary from being blown up to full size.
DEVIATION_FLOOR = 0.05
RIDGE = 0.03
WARM_UP = 300
WEIGHT_DECAY = 0.02
CLIP_NORM = 1.0
REPORT_EVERY = 100
CHECKPOINT_EVERY = 500


def distill(plan: Plan, out: Path, weights_dir: Path | None = None) -> Path:
    """Train (or go on training) in the folder `out`; return the finished half-precision weights, out/sprout.npz.

    Raises BackboneError when `out` belongs to another plan, the teacher cannot be had, there are no pictures, or a
    choice makes no sense.
    """
    plan.validate()
    plan.check_folder(out)
    student = _student(plan)
    weights_path(plan.teacher, weights_dir)
    pictures = _pictures(plan, out)
    views = Views(pictures, (plan.student_size, plan.seen_by_teacher), plan.batch_size, plan.seed)
    teacher = _teacher(plan, out, weights_dir)
    # Only now: a choice that was refused above may be put right in the same folder.
    plan.keep(out)
    scale = _scale(out, views, teacher, student)
    trainer = _trainer(plan, student, scale)
    step = _restore(trainer, out)
    if step < plan.steps:
        _train(trainer, student, _targets(views, teacher, scale, step, plan.steps), out, plan)
    return _publish(student, out / "sprout.npz")


def warm_start(model: keras.Model, path: Path) -> None:
    """Fill `model` with earlier weights. Where it is wider, the old channels compute exactly what they did before.

    Raises BackboneError when the file holds another kind of network.
    """
    with _arrays(path) as arrays:
        for weight in model.weights:
            if weight.path not in arrays:
                raise _foreign(path)
            weight.assign(_grown(keras.ops.convert_to_numpy(weight), arrays[weight.path].astype("float32")))


def _arrays(path: Path):
    try:
        return np.load(path)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _foreign(path) from error


def _foreign(path: Path) -> BackboneError:
    return BackboneError("{file} does not hold weights of this network.", file=str(path))


def _grown(fresh: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Return `old` in a corner of `fresh`: new outputs start at random, old outputs do not hear new inputs."""
    if any(new < earlier for new, earlier in zip(fresh.shape, old.shape, strict=True)):
        raise BackboneError("The earlier weights are wider than the network that should start from them.")
    grown = fresh.copy()
    if fresh.ndim == 4:
        grown[:, :, old.shape[2] :, : old.shape[3]] = 0
    grown[tuple(slice(length) for length in old.shape)] = old
    return grown


def _pictures(plan: Plan, out: Path) -> Pictures:
    files = find_pictures([Path(folder) for folder in plan.images])
    pictures = Pictures(out / f"pictures-{plan.picture_size}", files, plan.picture_size)
    write_json(out / "skipped.json", [{"file": name, "reason": reason} for name, reason in pictures.skipped])
    _say(f"{len(pictures)} pictures, {len(pictures.skipped)} skipped (see skipped.json)")
    if not len(pictures):
        raise BackboneError("None of the {count} files is a picture.", count=len(files))
    return pictures


def _teacher(plan: Plan, out: Path, weights_dir: Path | None) -> forward.Forward:
    """Return what the student imitates: the teacher's features, then means and maxima of its `teacher_layers`."""
    if not plan.teacher_layers:
        return forward.open_backbone(Workspace(out), last_only(plan.teacher), plan.seen_by_teacher, weights_dir)
    hashed = weights_hash(last_only(plan.teacher), weights_dir)
    name = "-".join((plan.teacher, hashed, str(plan.seen_by_teacher), *plan.teacher_layers))
    return forward.open_model(Workspace(out), name, lambda: _with_layers(plan, weights_dir))


def _with_layers(plan: Plan, weights_dir: Path | None) -> keras.Model:
    model = build(last_only(plan.teacher), plan.seen_by_teacher, weights_dir)
    known = [layer.name for layer in model.layers if len(layer.output.shape) == 4]
    unknown = [name for name in plan.teacher_layers if name not in known]
    if unknown:
        raise BackboneError(
            "{title} has no layer '{layer}' to learn from. It has these: {known}.",
            title=info(plan.teacher).title,
            layer=unknown[0],
            known=", ".join(known),
        )
    inner = [model.get_layer(name).output for name in plan.teacher_layers]
    told = [pool()(x) for x in inner for pool in (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)]
    return keras.Model(model.input, layers.Concatenate()([model.output, *told]))


def _student(plan: Plan) -> keras.Model:
    keras.utils.set_random_seed(plan.seed)
    model = architecture("sprout", plan.student_size)
    if plan.start != "random":
        warm_start(model, SPROUT_WEIGHTS if plan.start == "sprout" else Path(plan.start))
    return model


def _scale(out: Path, views: Views, teacher: forward.Forward, student: keras.Model) -> dict[str, np.ndarray]:
    """Return what is fitted once: the teacher's mean and deviation, and the projection that fits the student best."""
    path = out / "scale.npz"
    if not path.exists():
        small, large = zip(*(views.batch(number) for number in range(SAMPLE_BATCHES)), strict=True)
        wanted = np.concatenate([forward.run(teacher, batch) for batch in large])
        scale = {"mean": wanted.mean(axis=0), "deviation": wanted.std(axis=0) + DEVIATION_FLOOR}
        said = np.concatenate([np.asarray(student.predict_on_batch(batch)) for batch in small])
        scale["kernel"], scale["bias"] = _ridge(said, (wanted - scale["mean"]) / scale["deviation"])
        temporary = out / "scale.part.npz"
        np.savez(temporary, **scale)
        temporary.replace(path)
    with np.load(path) as arrays:
        return dict(arrays)


def _ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of the ridge regression from x (N, D) to y (N, T).

    A projection drawn at random would first pull the student away from what it knows.
    """
    mean = x.mean(axis=0)
    centred = (x - mean).astype(np.float64)
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram) + 1e-6
    kernel = np.linalg.solve(gram, centred.T @ y)
    return kernel.astype(np.float32), (y.mean(axis=0) - mean @ kernel).astype(np.float32)


def _trainer(plan: Plan, student: keras.Model, scale: dict[str, np.ndarray]) -> keras.Model:
    projection = keras.layers.Dense(scale["kernel"].shape[1], name="projection")
    trainer = keras.Model(student.input, projection(student.output))
    projection.set_weights([scale["kernel"], scale["bias"]])
    warm_up = min(WARM_UP, plan.steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, plan.steps - warm_up, warmup_target=plan.learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM)
    # XLA's convolutions are slower than TensorFlow's own on a processor.
    plain = keras.backend.backend() == "tensorflow" and not device.has_gpu()
    trainer.compile(optimizer, "mse", jit_compile=False if plain else "auto")
    optimizer.build(trainer.trainable_variables)
    return trainer


def _targets(views: Views, teacher: forward.Forward, scale: dict, start: int, end: int) -> Iterator[tuple]:
    """Yield (student's views, standardised features of the teacher) per step, one batch prepared ahead."""

    def prepare(step: int) -> tuple[np.ndarray, np.ndarray]:
        small, large = views.batch(SAMPLE_BATCHES + step)
        return small, (forward.run(teacher, large) - scale["mean"]) / scale["deviation"]

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(prepare, start)
        for step in range(start, end):
            ready = coming.result()
            if step + 1 < end:
                coming = ahead.submit(prepare, step + 1)
            yield ready


def _train(trainer: keras.Model, student: keras.Model, targets: Iterator[tuple], out: Path, plan: Plan) -> None:
    step, losses, begun = int(trainer.optimizer.iterations), [], time.monotonic()
    for x, y in targets:
        losses.append(float(trainer.train_on_batch(x, y)))
        step += 1
        if step % REPORT_EVERY == 0 or step == plan.steps:
            speed = len(losses) * plan.batch_size / (time.monotonic() - begun)
            _report(out, step, plan.steps, float(np.mean(losses)), speed)
            losses, begun = [], time.monotonic()
        if step % CHECKPOINT_EVERY == 0 or step == plan.steps:
            _save(trainer, out)
            _publish(student, out / "sprout-latest.npz")


def _report(out: Path, step: int, steps: int, loss: float, speed: float) -> None:
    log = out / "log.csv"
    if not log.exists():
        log.write_text("step,loss,pictures_per_second\n", encoding="utf-8")
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{step},{loss:.5f},{speed:.1f}\n")
    _say(f"step {step} of {steps}: loss {loss:.4f}, {speed:.0f} pictures/s")


def _save(trainer: keras.Model, out: Path) -> None:
    temporary = out / "checkpoint.part.weights.h5"
    trainer.save_weights(temporary)  # the optimiser's state goes with them
    temporary.replace(out / "checkpoint.weights.h5")


def _restore(trainer: keras.Model, out: Path) -> int:
    """Load the last checkpoint if there is one; return the number of steps done."""
    if (out / "checkpoint.weights.h5").exists():
        trainer.load_weights(out / "checkpoint.weights.h5")
    return int(trainer.optimizer.iterations)


def _publish(student: keras.Model, path: Path) -> Path:
    write_atomic(path, save_weights(student))
    return path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
