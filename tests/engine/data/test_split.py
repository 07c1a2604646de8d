"""The split is decided once, per class, and nothing that shows the same thing lies on two sides."""

import random
from collections import Counter, defaultdict
from dataclasses import asdict, replace

import pytest

from engine.data import fingerprint, run_membership, split
from engine.data.importing.ingest import ingest
from engine.data.label_kinds import multi_label
from engine.data.modalities.image import IMAGE
from engine.data.modalities.image_facts import ImageFacts, image_facts
from engine.data.run_membership import Found
from engine.storage.registry import ItemRecord
from tests.support.item_records import record, records
from tests.support.odd_files import encode, photo


def by_class(items: list[ItemRecord], splits: list[str]) -> dict[str, Counter]:
    counts: dict[str, Counter] = defaultdict(Counter)
    for item, part in zip(items, splits, strict=True):
        counts[item.label][part] += 1
    return counts


def seen(content: bytes, name: str, **values) -> ItemRecord:
    """Return a record with the fingerprints of a real picture."""
    return record(name, facts=IMAGE.read(content).facts, **values)


def test_every_class_is_divided_by_the_fractions():
    items = records(a=100, b=40)
    counts = by_class(items, split.assign(items))
    assert counts["a"] == {"train": 70, "validation": 15, "test": 15}
    assert counts["b"] == {"train": 28, "validation": 6, "test": 6}


@pytest.mark.parametrize("count", range(3, 30))
def test_class_with_three_pictures_or_more_is_in_every_part(count):
    items = records(a=count, b=7)
    assert min(by_class(items, split.assign(items))["a"][part] for part in split.SPLITS) >= 1


def test_tiny_classes_never_fail():
    for count in (0, 1, 2):
        items = records(a=count, b=5)
        assert len(split.assign(items)) == len(items)
    assert split.assign([]) == []


def test_the_same_pictures_give_the_same_split_in_any_order():
    items = records(a=30, b=20)
    first = dict(zip([item.name for item in items], split.assign(items), strict=True))
    random.Random(0).shuffle(items)
    assert dict(zip([item.name for item in items], split.assign(items), strict=True)) == first
    assert dict(zip([item.name for item in items], split.assign(items, seed=1), strict=True)) != first


def test_added_pictures_fill_up_what_is_lacking_and_leave_the_others_where_they_were():
    stored: list[ItemRecord] = []
    for item in records(a=40):  # one at a time, as a webcam brings them
        (part,) = split.assign([item], existing=stored)
        stored.append(replace(item, split=part))
    assert Counter(item.split for item in stored) == {"train": 28, "validation": 6, "test": 6}


def test_complete_given_split_is_kept():
    items = [replace(item, split=split.SPLITS[n % 3]) for n, item in enumerate(records(a=9, b=12))]
    assert split.assign(items) == [item.split for item in items]
    assert split.moved(items, split.assign(items)) == []


def test_validation_part_is_cut_from_train_when_only_test_was_given():
    items = [replace(item, split="test" if n % 4 == 0 else "train") for n, item in enumerate(records(a=80, b=80))]
    splits = split.assign(items)
    counts = by_class(items, splits)
    assert counts["a"] == {"train": 49, "validation": 11, "test": 20}
    assert all(part == "test" for item, part in zip(items, splits, strict=True) if item.split == "test")
    assert split.moved(items, splits) == []


def test_given_train_alone_is_divided_into_all_parts():
    items = [replace(item, split="train") for item in records(a=20)]
    assert set(split.assign(items)) == set(split.SPLITS)


def test_given_split_without_a_training_part_is_no_split():
    items = [replace(item, split="test") for item in records(a=20)]
    assert set(split.assign(items)) == set(split.SPLITS)


def test_copies_lie_on_one_side_and_the_most_held_out_wins():
    items = [
        record("1", split="train", sha256="same"),
        record("2", split="test", sha256="same"),
        record("3", split="train", facts=ImageFacts(pixels_hash="p").text()),
        record("4", split="validation", facts=ImageFacts(pixels_hash="p").text()),
        record("5", split="train"),
        record("6", split="test"),
        record("7", split="validation"),
    ]
    splits = split.assign(items)
    assert splits == ["test", "test", "validation", "validation", "train", "test", "validation"]
    assert [item.name for item in split.moved(items, splits)] == ["1", "3"]


def test_copies_of_stored_pictures_follow_them():
    stored = [record("old", sha256="same", split="train"), *(replace(r, split="test") for r in records(b=4))]
    assert split.assign([record("new", sha256="same", split="test")], existing=stored) == ["train"]


@pytest.mark.parametrize("change", ["jpeg", "half", "twice"])
def test_photo_that_was_resized_or_saved_anew_stays_with_its_original(change, tmp_path, workspace):
    original = photo(1, 240, 180)
    copy = {
        "jpeg": encode(original, "JPEG", quality=50),
        "half": encode(original.resize((120, 90)), "PNG"),
        "twice": encode(original.resize((480, 360)), "PNG"),
    }[change]
    files = {"train/a/one.png": encode(original, "PNG"), "test/a/two": copy}
    files |= {f"train/b/x{n}.png": encode(photo(51 + n, 240, 180), "PNG") for n in range(3)}
    for name, content in files.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(content)
    used = {record.name: record for record in ingest(tmp_path / "set", workspace).used}
    one, two = used.pop("train/a/one.png"), used.pop("test/a/two")
    known = run_membership.of_run([asdict(each) for each in (one, *used.values())], [one, *used.values()])
    assert run_membership.find(copy, known, workspace) == Found("train", "a", exact=False)
    assert run_membership.find(encode(photo(90, 240, 180), "PNG"), known, workspace) is None
    others = [*used.values(), record("v", split="validation"), record("w", split="train")]
    assert split.assign([one, two, *others])[:3] == ["test", "test", "train"]


def test_different_pictures_are_not_taken_for_copies():
    items = [seen(encode(photo(seed, 60, 60), "PNG"), str(seed)) for seed in range(200)]
    plain = [seen(encode(photo(0, 8, 8).resize((1, 1)).resize((40, 40 + n)), "PNG"), f"plain{n}") for n in range(9)]
    assert fingerprint.near_duplicates([image_facts(item) for item in (*items, *plain)]) == []


def test_many_groups_stay_on_one_side_each():
    items = [record(f"{n}", "ab"[n % 2], group=f"speaker {n % 8}") for n in range(160)]
    splits = split.assign(items)
    sides = defaultdict(set)
    for item, part in zip(items, splits, strict=True):
        sides[item.group].add(part)
    assert all(len(parts) == 1 for parts in sides.values())
    assert set(splits) == set(split.SPLITS)


def test_few_groups_are_in_every_part_unless_asked_otherwise():
    items = [record(f"{n}", "ab"[n % 2], group=f"language {n // 2 % 3}") for n in range(120)]
    parts = defaultdict(set)
    for item, part in zip(items, split.assign(items), strict=True):
        parts[item.group].add(part)
    assert all(found == set(split.SPLITS) for found in parts.values())
    apart = dict(zip([item.group for item in items], split.assign(items, groups_apart="yes"), strict=True))
    assert sorted(apart.values()) == sorted(split.SPLITS)


@pytest.mark.parametrize("seed", range(3))
def test_where_pictures_show_several_classes_the_test_is_neither_easier_nor_without_a_class(seed):
    draws, often = random.Random(seed), {"a": 0.5, "b": 0.4, "c": 0.3, "d": 0.2}
    shown = [[name for name, share in often.items() if draws.random() < share] for _picture in range(600)]
    items = [record(f"{seed} {n}", multi_label.joined(names)) for n, names in enumerate(shown)]
    parts = split.assign(items, label_kind=multi_label)
    held_out = [names for names, part in zip(shown, parts, strict=True) if part == "test"]
    for name in often:
        all_of_it, tested = (sum(name in names for names in some) for some in (shown, held_out))
        assert tested == pytest.approx(0.15 * all_of_it, abs=2)
    richness = [sum(map(len, some)) / len(some) for some in (shown, held_out)]
    assert richness[1] == pytest.approx(richness[0], rel=0.25)


def test_given_splits_are_not_overruled_by_groups_by_themselves():
    items = [record(f"{n}", group=f"{n % 10}", split=split.SPLITS[n % 3]) for n in range(60)]
    assert split.assign(items) == [item.split for item in items]


def test_random_data_sets_keep_every_promise():
    for seed in range(60):
        draws = random.Random(seed)
        items = [
            record(
                str(n),
                draws.choice("abc"),
                sha256=f"h{draws.randint(0, 40)}",
                facts=ImageFacts(pixels_hash=f"p{draws.randint(0, 60)}").text(),
            )
            for n in range(draws.randint(1, 60))
        ]
        splits = split.assign(items, seed=seed)
        clusters = split.duplicate_clusters(items)
        side = dict(zip(clusters, splits, strict=True))
        assert [side[cluster] for cluster in clusters] == splits


@pytest.mark.parametrize(("groups", "classes", "count"), [(4, 10, 700), (3, 2, 90), (2, 5, 200)])
def test_groups_that_are_not_kept_apart_are_spread_evenly_over_the_parts(groups, classes, count):
    draws = random.Random(groups)
    items = [record(str(n), f"c{draws.randrange(classes)}", group=f"g{n % groups}") for n in range(count)]
    parts = split.assign(items)
    for part, fraction in zip(split.SPLITS, split.FRACTIONS, strict=True):
        held = Counter(item.group for item, own in zip(items, parts, strict=True) if own == part)
        expected = fraction * count / groups
        assert all(abs(held[f"g{n}"] - expected) <= max(2, 0.2 * expected) for n in range(groups)), (part, held)
    by_label = by_class(items, parts)
    assert all(min(by_label[label][part] for part in split.SPLITS) >= 1 for label in by_label)
