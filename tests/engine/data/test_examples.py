"""The examples need no download, come out the same every time, and go through the same door as everything else."""

import hashlib
import io
import random
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from engine.data import split
from engine.data.examples import catalogue as examples
from engine.data.examples import signs
from engine.data.importing.ingest import ingest


def test_signs_have_a_class_per_meaning_a_group_per_language_and_all_of_both_in_every_part(workspace, monkeypatch):
    monkeypatch.setattr(examples, "PICTURES_PER_WORD", 10)  # of 50: the split repeats after ten
    account = ingest("example:signs", workspace)
    assert (account.received, len(account.used), account.source) == (180, 180, "example:signs")
    assert split.assign(account.used) == [record.split for record in account.used]
    for part in split.SPLITS:
        inside = [record for record in account.used if record.split == part]
        assert {(r.label, r.group) for r in inside} == {(m, g) for m, g, _ in signs.words()}
    assert list(workspace.incoming.iterdir()) == []


def test_digits_are_the_ten_classes_of_scikit_learn(workspace):
    account = ingest("example:digits", workspace)
    assert len(account.used) == 1797
    assert set(Counter(record.label for record in account.used)) == set("0123456789")


def test_the_same_sign_is_drawn_every_time():
    first, second = (signs.draw("ARRÊT", "stop", random.Random("x")) for _ in range(2))
    assert np.array_equal(np.asarray(first), np.asarray(second))
    assert not np.array_equal(np.asarray(first), np.asarray(signs.draw("ARRÊT", "stop", random.Random("y"))))


@pytest.mark.parametrize(("meaning", "language", "word"), list(signs.words()))
def test_word_fits_its_plate_and_stands_out_from_it(meaning, language, word):
    for number in range(2):
        picture = signs.draw(word, meaning, random.Random(f"{word} {number}"))
        assert picture.size == (signs.WIDTH, signs.HEIGHT)
        middle = np.asarray(picture.convert("L"), np.float32)[40:104, 30:194]
        assert middle.std() > 12


def test_examples_are_written_as_a_zip_a_person_can_open(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "PICTURES_PER_WORD", 2)
    one, two = (examples.draw("signs", tmp_path / name) for name in "ab")
    assert one.name == "signs.zip"
    assert hashlib.sha256(_first_picture(one)).digest() == hashlib.sha256(_first_picture(two)).digest()


def _first_picture(path) -> bytes:
    import zipfile

    with zipfile.ZipFile(path) as file:
        content = file.read(file.namelist()[0])
    assert Image.open(io.BytesIO(content)).format == "JPEG"
    return content
