"""A new kind of file is one file beside the others and a line in the table: everything else asks its modality."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from engine.data import thumbnails
from engine.data.importing import preview
from engine.data.importing.ingest import ingest
from engine.data.modalities import registry as modalities
from engine.data.modalities.image import IMAGE
from engine.data.modalities.image_facts import ImageFacts, image_facts
from engine.data.modalities.modality import Augmentations, Reading
from engine.errors import DataError
from engine.evaluation import predict
from engine.storage.registry import Registry
from engine.training.inputs.pixels import Pixels, choose_fit
from tests.support.odd_files import encode, photo

BEEP = b"BEEP"


class Beeps:
    """A made-up sound: a mark, then the loudness of every moment; seen as that many grey columns."""

    name = "beep"
    fits, plays = ("stretch",), False
    foreign = "This is a beep, and this project holds files of another kind. Add it to a project of its own."
    not_one = "This is no beep. Record it again."
    augmentations = Augmentations({"crop": 0.05, "noise": 0.08}, {}, {}, (), filled=("noise",), plain=())

    def recognises(self, head: bytes) -> bool:
        return head.startswith(BEEP)

    def may_be(self, name: str) -> bool:
        return name.endswith(".wav")

    def scale_of(self, files) -> str:
        return ""

    def scale_of_facts(self, facts, wanted="") -> str:
        return f"moments{len(facts)}"

    def reads_scale(self, scale: str) -> bool:
        return scale.startswith("moments")

    def findings(self, items) -> list[dict]:
        return []

    def read(self, source, scale: str = "") -> Reading:
        drawn, (moments, _height) = self.picture(source, 16)
        return Reading(f'{{"moments":{moments}}}', drawn, drawn)

    def picture(self, source, side: int) -> tuple[Image.Image, tuple[int, int]]:
        content = source if isinstance(source, bytes) else source.read_bytes()
        moments = np.frombuffer(content[len(BEEP) :], np.uint8)
        if not len(moments):
            raise DataError("This sound is empty.")
        drawn = Image.fromarray(np.repeat(moments[None], 16, axis=0)).convert("RGB")
        return drawn, drawn.size

    def open_at(self, source, image_size: int, fit: str) -> np.ndarray:
        return np.asarray(self.picture(source, image_size)[0].resize((image_size, image_size)))


@pytest.fixture
def beeps(monkeypatch) -> None:
    """One more modality, in the table as any other would be."""
    monkeypatch.setattr(modalities, "MODALITIES", (Beeps(), IMAGE))


@pytest.fixture
def mixed(tmp_path, beeps):
    """A folder of sounds and pictures under each other's names, and an empty sound."""
    folder = tmp_path / "mixed" / "low"
    folder.mkdir(parents=True)
    (folder / "sound.png").write_bytes(BEEP + bytes([10, 20, 30, 40]))
    (folder / "picture.wav").write_bytes(encode(photo(1, 60, 40), "PNG"))
    (folder / "empty.wav").write_bytes(BEEP)
    (folder / "other.png").write_bytes(BEEP + bytes([15, 25, 35, 45]))
    (folder / "notes.wav").write_bytes(b"nothing that anybody knows \xff\xfe")
    return folder.parent


def test_every_file_comes_in_through_its_modality_whatever_its_name_says(mixed, workspace):
    account = ingest(mixed, workspace)
    sound = next(record for record in account.used if record.name == "low/sound.png")
    assert (sound.modality, sound.facts) == ("beep", '{"moments":4}')
    assert image_facts(sound) == ImageFacts()
    assert account.layout["pixel_scale"] == "moments2", "its modality reads one scale off all of them"


def test_a_dataset_has_one_modality_and_files_of_another_are_refused_by_name(mixed, workspace):
    account = ingest(mixed, workspace)
    assert account.layout["modality"] == "beep", "that of most of the files"
    assert {record.name for record in account.used} == {"low/sound.png", "low/other.png"}
    reasons = {refusal["file"]: refusal["reason"] for refusal in account.refused}
    assert reasons == {
        "low/picture.wav": IMAGE.foreign,
        "low/notes.wav": Beeps.not_one,
        "low/empty.wav": "This sound is empty.",
    }
    again = ingest(mixed, workspace, modality="image")
    assert [(record.name, image_facts(record).width) for record in again.used] == [("low/picture.wav", 60)]
    reasons = {refusal["file"]: refusal["reason"] for refusal in again.refused}
    assert (reasons["low/sound.png"], reasons["low/empty.wav"]) == (Beeps.foreign, Beeps.foreign)


def test_names_alone_tell_of_which_modality_most_files_are(mixed, tmp_path):
    seen = preview.look(mixed, tmp_path)
    assert (seen["modality"], seen["pictures"]) == ("beep", 3)
    assert seen["others"]["names"] == ["low/other.png", "low/sound.png"]


def test_a_modality_with_one_way_to_fill_a_square_is_always_fitted_so(mixed, workspace):
    keys = [record.sha256 for record in ingest(mixed, workspace).used]
    assert [choose_fit(workspace, fit, keys, "moments2") for fit in ("auto", "crop")] == ["stretch@moments2"] * 2


def test_it_is_kept_shown_and_seen_by_a_network_as_its_modality_says(mixed, workspace, tmp_path):
    registry = Registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    dataset_id = registry.create_project("Mixed").dataset_id
    registry.add_import(dataset_id, "one", "mixed", ingest(mixed, workspace).used, [])
    sound = next(item for item in registry.items(dataset_id) if item.modality == "beep")
    registry.close()
    assert modalities.named(sound.modality).name == "beep"
    assert thumbnails.read(workspace, sound.sha256)[:2] == b"\xff\xd8"
    pixels = Pixels(workspace, 32, "letterbox").read([sound.sha256])[0]
    assert pixels.shape == (32, 32, 3)
    assert pixels[:, 0].max() < pixels[:, -1].min(), "the columns of the sound, the last the loudest"


def test_what_may_be_changed_is_what_all_of_the_files_survive(mixed, workspace):
    both = [*ingest(mixed, workspace).used, *ingest(mixed, workspace, modality="image").used]
    keys = [record.sha256 for record in both]
    kinds = {key: modalities.of(workspace.blob_path(key)).name for key in keys}
    pixels = Pixels(workspace, 32, "letterbox")
    assert pixels.augmentations([key for key in keys if kinds[key] == "image"]) == IMAGE.augmentations
    assert pixels.augmentations(keys).tolerance == {"crop": 0.05}
    assert pixels.augmentations(keys).filled == ()


def test_what_nobody_recognises_is_an_image_that_says_what_is_wrong_with_it(beeps, tmp_path):
    assert modalities.of(b"RIFF0000WEBP") is IMAGE
    assert modalities.of(tmp_path / "gone.png") is IMAGE
    with pytest.raises(DataError, match="This is a PDF document, not a picture"):
        modalities.of(b"%PDF-1.7").read(b"%PDF-1.7")


def test_an_answer_about_a_file_goes_the_same_way(beeps, monkeypatch, tmp_path):
    seen: list[np.ndarray] = []
    loaded = SimpleNamespace(image_size=8, fit="crop", model=None, modality="beep")
    monkeypatch.setattr(predict, "load", lambda _run: loaded)
    monkeypatch.setattr(predict, "predict_pixels", lambda _model, pixels: seen.append(pixels))
    predict.predict(tmp_path, [BEEP + bytes([0, 255])])
    assert seen[0].shape == (1, 8, 8, 3)
    with pytest.raises(DataError, match="This is no beep"):
        predict.predict(tmp_path, [encode(photo(), "PNG")])
