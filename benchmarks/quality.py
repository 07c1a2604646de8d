"""How good each recipe is on a labelled set, against the network before any training of ours.

python -m benchmarks.quality --source clothing.zip [--recipes instant+balanced+best] [--epochs N]

The source's own split is respected; otherwise it is drawn with the seed. The last row is made with ordinary tools:
Keras' predict for the features, scikit-learn's LogisticRegressionCV for the probe, pictures cut and shrunk by Pillow.
"""

import tempfile

import numpy as np

from benchmarks.common import arguments, bring_in, row, train, workspace_in


def main() -> None:
    options = arguments(
        __doc__,
        source="example:digits",
        backbone="sprout",
        seed=0,
        seeds=1,
        workspace="",
        recipes="instant+balanced",
        epochs=0,
    )
    with tempfile.TemporaryDirectory() as temporary:
        workspace = workspace_in(options.workspace or temporary)
        items = bring_in(options.source, workspace)
        row(
            "recipe",
            "seed",
            "test",
            "95 % interval",
            "validation",
            "macro F1",
            "calibration error",
            "chosen",
            "seconds",
        )
        row(*["---"] * 9)
        for seed in range(options.seed, options.seed + options.seeds):
            for position, name in enumerate(options.recipes.split("+")):
                fewer = {"epochs": options.epochs} if options.epochs and name != "instant" else {}
                evaluation = train(workspace, items, name=name, backbone=options.backbone, seed=seed, **fewer)
                if position == 0:
                    row("before fine-tuning", seed, evaluation["baselines"]["before_fine_tuning"], *["-"] * 6)
                _show(name, seed, evaluation)
        accuracy = ordinary_probe(workspace, items, options.backbone, evaluation["image_size"])
        row("ordinary probe", "-", accuracy, *["-"] * 6)


def _show(name: str, seed: int, evaluation: dict) -> None:
    low, high = evaluation["accuracy_interval"]
    numbers = (evaluation[key] for key in ("validation_accuracy", "macro_f1", "calibration_error", "chosen"))
    row(name, seed, evaluation["accuracy"], f"{low:.3f}-{high:.3f}", *numbers, evaluation["seconds"]["total"])


def ordinary_probe(workspace, items, backbone: str, image_size: int) -> float:
    """Return the test accuracy of a linear probe made without Graft's training code; pictures cut to their middle."""
    from PIL import Image, ImageOps
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from engine.backbones.build import build

    opened = (Image.open(workspace.blob_path(item.sha256)).convert("RGB") for item in items)
    pixels = np.stack([np.asarray(ImageOps.fit(image, (image_size, image_size))) for image in opened])
    features = build(backbone, image_size).predict(pixels, batch_size=64, verbose=0)
    labels = np.array([item.label for item in items])
    is_train, is_test = (np.array([item.split == part for item in items]) for part in ("train", "test"))
    regression = LogisticRegressionCV(
        Cs=np.logspace(-4, 0, 7), cv=3, scoring="accuracy", max_iter=300, use_legacy_attributes=False
    )
    probe = make_pipeline(StandardScaler(), regression).fit(features[is_train], labels[is_train])
    return float(probe.score(features[is_test], labels[is_test]))


if __name__ == "__main__":
    main()
