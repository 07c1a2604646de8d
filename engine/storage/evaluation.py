"""evaluation.json as a type: what a finished run says about itself. docs/run-directory.md explains the numbers."""

from typing import NotRequired, TypedDict

# "class" is no name that a class body can give a key.
ClassReport = TypedDict(
    "ClassReport",
    {
        "class": str,
        "precision": float,
        "recall": float,
        "f1": float,
        "support": int,
        "precision_interval": list[float],
        "recall_interval": list[float],
        "f1_interval": list[float],
        # one class a picture
        "before_recall": NotRequired[float],
        # several classes a picture
        "threshold": NotRequired[float],
        "average_precision": NotRequired[float | None],
        "before_average_precision": NotRequired[float | None],
        "found": NotRequired[int],
        "missed": NotRequired[int],
        "false_alarms": NotRequired[int],
        "rightly_not": NotRequired[int],
    },
)


class GroupReport(TypedDict):
    """How many test pictures of a group are right."""

    group: str
    accuracy: float
    support: int
    interval: list[float]
    before_accuracy: float


class Ngram(TypedDict):
    """Character n-grams beside the network, where the files are texts (engine.evaluation.beside_network)."""

    accuracy: float
    accuracy_interval: list[float]
    validation_accuracy: float
    only_network: int
    only_ngram: int
    chance: float


class Baselines(TypedDict):
    """What the accuracy is to be compared with. Older runs did not ask the network before training."""

    majority: float
    majority_answer: NotRequired[str]
    before_fine_tuning: NotRequired[float]
    before_mean_average_precision: NotRequired[float]
    ngram: NotRequired[Ngram]


class Labels(TypedDict):
    """All labels of all test pictures together, where pictures may show several classes."""

    count: int
    found: float
    found_interval: list[float]
    precision: float
    f1: float


class Base(TypedDict):
    """What the network a run started from knew: test pictures that are left out, and whether it may know others."""

    left_out: int
    unknown: bool


class Copies(TypedDict):
    """Test pictures (item ids) with copies among what is learned from, those copies, and whether they were left out."""

    test: list[int]
    learned: list[int]
    left_out: bool


class Transfer(TypedDict):
    """Learned from one group, asked about another (engine.evaluation.transfer)."""

    groups: list[str]
    train: list[int]
    test: list[int]
    accuracy: list[list[float]]
    intervals: list[list[list[float]]]
    without: list[float]
    without_intervals: list[list[float]]


class Evaluation(TypedDict):
    """The file as it is read. What stands below "older runs" may be missing in one of an earlier version of Graft."""

    task: str
    class_names: list[str]
    counts: dict[str, int]
    accuracy: float
    accuracy_interval: list[float]
    macro_f1: float
    per_class: list[ClassReport]
    groups: list[GroupReport]
    baselines: Baselines
    # older runs have not
    validation_accuracy: NotRequired[float]
    interval_groups: NotRequired[int]
    log_loss: NotRequired[float]
    calibration_error: NotRequired[float]
    calibration: NotRequired[dict]
    probe: NotRequired[dict[str, float]]
    chosen: NotRequired[str]
    image_size: NotRequired[int]
    fit: NotRequired[str]
    modality: NotRequired[str]
    hardware: NotRequired[dict]
    images_per_second: NotRequired[float | None]
    seconds: NotRequired[dict[str, float]]
    versions: NotRequired[dict[str, str]]
    base: NotRequired[Base]
    copies: NotRequired[Copies]
    unknown: NotRequired[dict]
    transfer: NotRequired[Transfer]
    # one class a picture
    confusion_matrix: NotRequired[list[list[int]]]
    weighted_f1: NotRequired[float]
    balanced_accuracy: NotRequired[float]
    cohens_kappa: NotRequired[float]
    top_k: NotRequired[dict[str, float]]
    # several classes a picture
    thresholds: NotRequired[list[float]]
    labels: NotRequired[Labels]
    micro_f1: NotRequired[float]
    mean_average_precision: NotRequired[float]
    hamming_loss: NotRequired[float]
    co_occurrence: NotRequired[list[list[int]]]
