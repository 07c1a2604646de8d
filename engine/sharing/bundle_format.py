"""What a project bundle holds, and what may stand in it: names of files and shapes of rows, each checked on the way in.

A bundle is a zip: `bundle.json`, the registry's rows as a JSON Lines file a table, originals by content hash, and the
files of runs from a list of names. Somebody else made it, so nothing of it is believed.
"""

import json
import math
import re
from typing import Annotated, Literal

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.data.modalities import registry as modalities
from engine.errors import DataError
from engine.storage import runs
from engine.storage.history import CHANGEABLE
from engine.storage.project_rows import Rows
from engine.storage.status_file import STATUS

FORMAT, VERSION = "graft-bundle", 1
MANIFEST = "bundle.json"
TABLES = ("projects", "datasets", "items", "imports", "changes", "runs")
KEPT_MODEL, ANSWERING = "kept_model.json", ("network", "ngram")  # which model of a run answers
NGRAM = "ngram.npz"
LISTS = frozenset({"detection_thresholds.json"})  # of numbers; every other JSON file is a mapping
# What is taken along of a run. What names machines and processes stays (submitter.json, log.txt), as do checkpoints.
JSON_FILES = frozenset(
    {
        *(runs.RECIPE, STATUS, runs.EVALUATION, runs.EARLIER, runs.SEARCH, runs.RANGE_TEST),
        *("dataset.json", "left_out.json", "preparation.json", "answering.json", "thresholds.json"),
        *("robustness.json", "looks.json", "learning_curve.json", KEPT_MODEL, "detection_thresholds.json"),
    }
)
PARQUET_FILES = frozenset({runs.SNAPSHOT, runs.PREDICTIONS, runs.BEFORE, "ngram_predictions.parquet"})
ARRAYS = frozenset({"unknown.npz", NGRAM})
RUN_FILES = JSON_FILES | PARQUET_FILES | ARRAYS | {runs.EVENTS, runs.METRICS, runs.MODEL}
ENDED = ("finished", "stopped", "failed", "interrupted", "paused")
RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4,12}")
MOST_ITEM_IDS = 2**31 - 1
PLACEHOLDER = re.compile(r"\{\w*\}")


def check_sentence(told) -> None:
    """Raise ValueError unless this is a sentence of ours: text whose braces hold nothing but names of its values."""
    template, values = told["template"], told["values"]
    if not isinstance(template, str) or not isinstance(values, dict) or len(template) > 2000:
        raise TypeError("no sentence")
    plain = template.replace("{{", "").replace("}}", "")
    if "{" in PLACEHOLDER.sub("", plain) or "}" in PLACEHOLDER.sub("", plain):
        raise ValueError("a sentence that computes")
    template.format(**dict.fromkeys(values, ""))  # every name has its value
    for value in values.values():
        if isinstance(value, dict):
            check_sentence(value)
        elif not isinstance(value, str | int | float | bool | type(None)):
            raise TypeError("no plain value")


def _sentence(text: str) -> str:
    check_sentence(json.loads(text))
    return text


def _mapping(text: str) -> str:
    if not isinstance(json.loads(text), dict):
        raise TypeError("no mapping")
    return text


def _values(text: str) -> str:
    stored = json.loads(text)
    pairs = stored.items() if isinstance(stored, dict) else [(item, values) for values, ids in stored for item in ids]
    for item, values in pairs:
        if not values.keys() <= CHANGEABLE or not 0 < int(item) <= MOST_ITEM_IDS:
            raise ValueError("values of no item")
    return text


def _list(text: str) -> str:
    if not isinstance(json.loads(text), list):
        raise TypeError("no list")
    return text


def _boxes(text: str) -> str:
    for label, *numbers in json.loads(text):
        if not isinstance(label, str) or len(numbers) != 4 or not all(map(_finite, numbers)) or min(numbers[2:]) <= 0:
            raise ValueError("no boxes")
    return text


def _finite(value) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _known(name: str) -> str:
    modalities.named(name)
    return name


Id = Annotated[str, Field(pattern=r"^[0-9a-f]{6,32}$")]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT[\d:.]+(\+00:00)?$", max_length=32)]
Label = Annotated[str, Field(max_length=300)]
ItemId = Annotated[int, Field(gt=0, le=MOST_ITEM_IDS)]
Split = Literal["train", "validation", "test"] | None
Mapping = Annotated[str, AfterValidator(_mapping)]
Values = Annotated[str, AfterValidator(_values)]


class Row(BaseModel):
    """A row of a table. What the registry learned to keep since its first version has a default: older rows lack it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Project(Row):
    id: Id
    name: Annotated[str, Field(min_length=1, max_length=100)]
    created: Time


class Dataset(Row):
    id: Id
    project_id: Id
    created: Time
    options: Mapping
    revision: int | None = 0


class Item(Row):
    id: ItemId
    dataset_id: Id
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    name: Annotated[str, Field(max_length=5000)]
    label: Label | None
    group: Label | None = None
    split: Split = None
    given_split: Annotated[str, Field(max_length=16)] | None = None
    bytes: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = 0
    modality: Annotated[str, AfterValidator(_known)] = "image"
    facts: Mapping = "{}"
    added: Time
    removed: bool
    ambiguous: bool | None = False
    boxes: Annotated[str, AfterValidator(_boxes)] | None = None


class Import(Row):
    id: Annotated[str, Field(pattern=r"^import-[0-9a-f]{6,24}$")]
    dataset_id: Id
    created: Time
    source: Annotated[str, Field(max_length=5000)]
    received: int
    used: int
    refused: Annotated[str, AfterValidator(_list)]
    seconds: float | None = 0.0
    layout: Mapping | None = None


class Change(Row):
    id: int
    dataset_id: Id
    created: Time
    summary: Annotated[str, AfterValidator(_sentence)]
    before: Values
    after: Values | None = None
    options: Annotated[str, AfterValidator(_list)] | None = None
    undone: bool
    who: Annotated[str, Field(max_length=200)] | None = ""
    kind: Literal["items", "import"] | None = "items"
    import_id: Annotated[str, Field(max_length=32)] | None = ""
    pictures: int | None = 0
    sample: Annotated[str, AfterValidator(_list)] | None = "[]"


class Run(Row):
    id: Annotated[str, Field(pattern=f"^{RUN_ID.pattern}$")]
    project_id: Id
    dataset_id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    created: Time
    owner: Annotated[str, Field(max_length=200)] = ""


ROW_OF: dict[str, type[Row]] = {
    "projects": Project,
    "datasets": Dataset,
    "items": Item,
    "imports": Import,
    "changes": Change,
    "runs": Run,
}


def rows_of(table: str, content: bytes) -> list[dict]:
    """Return the checked rows of a table. Raises DataError where one is not as it should be."""
    try:
        found = [ROW_OF[table].model_validate_json(line).model_dump() for line in content.splitlines()]
    except (pydantic.ValidationError, KeyError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise not_ours(f"{table}.jsonl") from error
    return found


def check_together(rows: Rows) -> None:
    """Raise DataError unless the rows belong to one project with one dataset, and no id stands twice."""
    if len(rows["projects"]) != 1 or len(rows["datasets"]) != 1:
        raise not_ours("projects.jsonl")
    project, dataset = rows["projects"][0]["id"], rows["datasets"][0]["id"]
    for table in ("items", "imports", "changes", "runs"):
        ids = [row["id"] for row in rows[table]]
        strangers = any(row["dataset_id"] != dataset for row in rows[table])
        if strangers or len(set(ids)) < len(ids):
            raise not_ours(f"{table}.jsonl")
    if any(row["project_id"] != project for row in (*rows["runs"], *rows["datasets"])):
        raise not_ours("runs.jsonl")
    known = {row["id"] for row in rows["items"]}
    _check_items_known(rows["changes"], known)


def _check_items_known(changes: list[dict], known: set[int]) -> None:
    for change in changes:
        for text in (change["before"], change["after"]):
            stored = json.loads(text or "[]")
            ids = map(int, stored) if isinstance(stored, dict) else (item for _values, own in stored for item in own)
            if not set(ids) <= known:
                raise not_ours("changes.jsonl")


def not_ours(part: str) -> DataError:
    """Return the sentence for a bundle that Graft did not write like this."""
    return DataError(
        "The bundle is not as Graft writes it ({part}). Nothing was brought in. Ask for it anew from whoever made it.",
        part=part,
    )
