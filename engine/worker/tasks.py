"""What a worker may be asked, by name, and the function that answers: it stands in the module that owns the feature.

`compute.submit("train", ...)` or `compute.ask("predict", ...)` names one of these; anything else is refused by the
door (engine/worker/door.py). Names only: the server never imports what they name.
"""

TASKS = {
    # runs
    "warm_up": "engine.worker.warm_up:warm_up",
    "train": "engine.worker.training_run:carry_out",
    "trial": "engine.worker.trial:carry_out",
    "embed_piece": "engine.training.features.distributed_embed:embed_piece",
    # datasets
    "preview_import": "engine.data.importing.import_job:look",
    "import": "engine.data.importing.import_job:carry_out",
    "export_dataset": "engine.data.dataset_zip:carry_out",
    "check_dataset": "engine.curation.feature_checks:carry_out",
    "map": "engine.curation.projection:carry_out",
    "suggest_labels": "engine.curation.label_suggestions:carry_out",
    # before a run
    "estimate": "engine.training.estimate:in_numbers",
    "measure_speed": "engine.training.fine_tuning.speed:embedding",
    "augment_preview": "engine.training.fine_tuning.safe_augmentation:preview",
    "fit_preview": "engine.training.inputs.pixels:fit_preview",
    "read_model_file": "engine.backbones.model_import.import_model:look",
    "keep_model_file": "engine.backbones.model_import.import_model:keep",
    # a run that has ended
    "predict": "engine.evaluation.reliability.nearest_examples:answers",
    "detect": "engine.evaluation.detect:answers",
    "warm_detector": "engine.evaluation.detect:warm_up",
    "warm_model": "engine.evaluation.reliability.nearest_examples:warm_up",
    "explain": "engine.evaluation.explain.explain:explain",
    "check_explanation": "engine.evaluation.explain.explain:check",
    "warm_explanations": "engine.evaluation.explain.explain:warm_up",
    "learning_curve": "engine.evaluation.learning_curve:measure",
    "measure_run": "engine.evaluation.measurements:carry_out",
    "export_model": "engine.sharing.export_job:carry_out",
    "pack_model": "engine.sharing.pack_job:carry_out",
}
