"""Sounds of every kind become the same spectrogram, which goes with whatever learns from them."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine import graft
from engine.api.routes import ROUTES
from engine.data import split
from engine.data.importing.choices import Choices
from engine.data.importing.ingest import ingest
from engine.data.modalities import registry as modalities
from engine.data.modalities.sound import SOUND
from engine.data.modalities.sounds import mel, sound_findings, sound_samples
from engine.data.modalities.sounds.sound_facts import sound_facts_of
from engine.data.modalities.text import TEXT
from engine.errors import DataError
from engine.training.inputs import augment
from engine.training.inputs.pixels import Pixels, choose_fit
from tests.support.odd_files import encode, photo
from tests.support.sound_files import PITCH, every_kind, tone, written

HOW = mel.Mel(rate=16_000, seconds=0.5)


@pytest.fixture(scope="module")
def kinds() -> dict[str, bytes]:
    return every_kind()


def peak(content: bytes) -> float:
    """Return the pitch in Hz of the brightest row of a sound's picture, its middle in time."""
    pixels = SOUND.open_at(content, 160, f"stretch@{HOW.text()}")[..., 0]
    row = 159 - int(pixels[:, 60:100].mean(axis=1).argmax())
    edges = np.linspace(*(1127 * np.log1p(np.array([HOW.low, HOW.high]) / 700)), 160)
    return float(700 * np.expm1(edges[row] / 1127))


def test_every_kind_of_file_is_recognised_by_content_and_heard_alike(kinds):
    for name, content in kinds.items():
        assert modalities.of(content) is SOUND, name
        facts = sound_facts_of(SOUND.read(content).facts)
        assert facts.seconds == pytest.approx(0.5, abs=0.12), name
        assert facts.rms == pytest.approx(0.354, abs=0.06), name
        assert peak(content) == pytest.approx(PITCH, rel=0.06), name


def test_what_browsers_do_not_play_is_handed_to_them_as_plain_wav(kinds):
    kept = {name: SOUND.playback(content) for name, content in kinds.items()}
    assert [name for name, one in kept.items() if one.content] == [
        "PCM_32.wav",
        "DOUBLE.wav",
        "ALAW.wav",
        "ULAW.wav",
        "plain.aiff",
        "plain.au",
        "mp3-inside.wav",
    ]
    assert kept["plain.mp3"].kind == "audio/mpeg"
    assert kept["recorded.webm"].kind == "audio/webm"
    anew = kept["ULAW.wav"].content
    assert SOUND.playback(anew).content is None
    assert sound_facts_of(SOUND.read(anew).facts).rms == pytest.approx(0.354, abs=0.01)


def test_copies_in_formats_that_lose_nothing_are_one_sound(tmp_path, workspace):
    folder = tmp_path / "set" / "beep"
    folder.mkdir(parents=True)
    samples = np.round(tone() * 32767).astype(np.int16)
    (folder / "a.wav").write_bytes(written(samples))
    (folder / "b.wav").write_bytes(written(samples, "WAV", "ULAW"))
    (folder / "c.flac").write_bytes(written(samples, "FLAC"))
    assert split.duplicate_clusters(ingest(tmp_path / "set", workspace).used) == [0, 1, 0]


def test_the_spectrogram_is_that_of_keras():
    import keras

    samples = (tone(1.0) + np.random.default_rng(0).normal(size=16_000) * 0.05).astype(np.float32)
    how = mel.Mel(rate=16_000, window=64, hop=16, bands=40, low=40, high=7000)
    layer = keras.layers.MelSpectrogram(
        fft_length=1024, sequence_stride=256, num_mel_bins=40, sampling_rate=16_000, min_freq=40, max_freq=7000
    )
    theirs = np.asarray(layer(samples[None]))[0]
    ours = mel.decibels(samples, how)
    assert ours.shape[0] == theirs.shape[0] == 40
    # The very ends differ: Keras mirrors what lies beyond them, where here is silence.
    np.testing.assert_allclose(ours[:, 2:58], theirs[:, 2:58], atol=0.05)


def test_its_parameters_follow_from_the_lengths_and_the_lowest_rates_and_can_be_chosen():
    usual = mel.suited([0.6, 0.7, 0.62, 30.0] * 5, [44_100] * 18 + [8000] * 2)
    assert (usual.rate, usual.high, usual.seconds) == (8000, 4000, 10)
    assert (
        mel.suited([0.61] * 20, [44_100] * 20).text()
        == mel.parsed(mel.suited([0.61] * 20, [44_100] * 20).text()).text()
    )
    chosen = mel.parsed("bands=40, seconds=2", usual)
    assert (chosen.bands, chosen.seconds, chosen.rate) == (40, 2, 8000)
    assert Choices.from_options({"pixel_scale": "bands=40"}).pixel_scale == "bands=40"
    with pytest.raises(DataError, match="bands of a spectrogram is 4000. A number from 8 to 256 was expected."):
        Choices.from_options({"pixel_scale": "bands=4000"})
    with pytest.raises(DataError, match="does not say how sounds become spectrograms"):
        mel.parsed("bands=64,width=3")


def test_a_dataset_of_sounds_has_one_way_to_draw_them_and_it_is_asked_of_nothing_else(tmp_path, workspace, kinds):
    folder = tmp_path / "mixed" / "beep"
    folder.mkdir(parents=True)
    for name in ("PCM_16.wav", "plain.flac", "plain.mp3"):
        (folder / name).write_bytes(kinds[name])
    (folder / "photo.wav").write_bytes(encode(photo(), "PNG"))
    (folder / "empty.wav").write_bytes(written(np.zeros(0)))
    (folder / "cut.mp3").write_bytes(b"ID3" + bytes(40))
    (folder / "notes.txt").write_bytes(b"what was recorded on Monday")
    account = ingest(tmp_path / "mixed", workspace, reading={"pixel_scale": "bands=40"})
    assert account.layout["modality"] == "sound"
    assert account.layout["pixel_scale"].startswith("rate16000-") and "bands40" in account.layout["pixel_scale"]
    reasons = {refusal["file"]: refusal["reason"] for refusal in account.refused}
    assert reasons.keys() == {"beep/photo.wav", "beep/empty.wav", "beep/cut.mp3", "beep/notes.txt"}
    assert reasons["beep/photo.wav"].startswith("This is a picture, and this project holds files of another kind")
    assert reasons["beep/empty.wav"] == sound_samples.NO_SAMPLES
    assert reasons["beep/cut.mp3"] == sound_samples.DAMAGED
    assert reasons["beep/notes.txt"] == TEXT.foreign
    keys = [record.sha256 for record in account.used]
    fit = choose_fit(workspace, "crop", keys, account.layout["pixel_scale"])
    assert fit == f"stretch@{account.layout['pixel_scale']}"
    assert Pixels(workspace, 64, fit).read(keys).shape == (3, 64, 64, 3)


def test_a_very_long_recording_is_heard_in_blocks_and_only_its_beginning(monkeypatch):
    monkeypatch.setattr(sound_samples, "MOST_SECONDS", 2.0)
    monkeypatch.setattr(sound_samples, "BLOCK", 4096)
    heard = sound_samples.hear(written(tone(9.0, rate=8000), rate=8000), 8000)
    assert (heard.seconds, heard.heard, len(heard.samples)) == (9.0, 2.0, 16_000)


def test_of_a_long_clip_the_loudest_stretch_is_seen_and_a_short_one_is_padded_with_silence():
    quiet = tone(4.0, loud=0.001)
    quiet[32_000:40_000] = tone(0.5, loud=0.6)
    seen = np.asarray(mel.picture(quiet.astype(np.float32), HOW))
    assert seen.shape == (64, 50)
    assert seen.max(axis=0).min() > 200
    short = np.asarray(mel.picture(tone(0.2).astype(np.float32), HOW))
    assert short.shape == (64, 50)
    assert short[:, 25:].max() == 0 < short[:, :18].max()


def test_silence_stays_black_and_loudness_alone_changes_nothing():
    assert np.asarray(mel.picture(np.zeros(8000, np.float32), HOW)).max() == 0
    loud, soft = (np.asarray(mel.picture(tone(0.5, loud=gain).astype(np.float32), HOW), int) for gain in (0.8, 0.08))
    assert np.abs(loud - soft).max() <= 1


def test_checks_name_silence_clipping_an_offset_and_a_length_unlike_the_others(tmp_path, workspace):
    folder = tmp_path / "set" / "beep"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"fine-{number:02}.wav").write_bytes(written(tone(0.5, 300 + 20 * number)))
    (folder / "silent.wav").write_bytes(written(np.zeros(8000)))
    (folder / "loud.wav").write_bytes(written(np.clip(tone(0.5, loud=4), -1, 1)))
    (folder / "offset.wav").write_bytes(written(tone(0.5, loud=0.3) + 0.1))
    (folder / "long.wav").write_bytes(written(tone(5.0)))
    found = sound_findings.findings(ingest(tmp_path / "set", workspace).used)
    named = {one["kind"]: [name.removeprefix("beep/") for name in one["files"]] for one in found}
    assert named == {
        "silent": ["silent.wav"],
        "clipped": ["loud.wav"],
        "dc_offset": ["offset.wav"],
        "odd_length": ["long.wav"],
    }
    assert found[3]["values"]["longest"] == "5"


def test_a_spectrogram_is_shifted_made_louder_and_masked_but_never_mirrored_or_tilted():
    offered = SOUND.augmentations
    names = {*offered.tolerance, *offered.stronger, *offered.filled, *offered.plain, *offered.without_asking}
    assert names == {"time_shift", "gain", "hiss", "time_mask", "frequency_mask"}
    assert set(offered.mixtures) == {"mixup"}
    seen = SOUND.open_at(written(tone()), 96, f"stretch@{HOW.text()}")
    for name in names:
        changed = augment.certain(seen[None], ["f" * 64], name, seed=1)[0]
        assert changed.shape == seen.shape and (changed != seen).any(), name
    shifted = augment.certain(seen[None], ["e" * 64], "time_shift", seed=1)[0]
    rows = [picture[..., 0].mean(axis=1).argmax() for picture in (seen, shifted)]
    assert rows[0] == rows[1], "tones keep their pitch"


def test_the_facts_of_a_sound_are_plain_json():
    facts = json.loads(SOUND.read(written(tone())).facts)
    assert (facts["rate"], facts["channels"], facts["seconds"]) == (16_000, 1, 0.5)


def test_a_stored_sound_is_served_as_it_is_or_written_anew_and_in_parts(workspace, monkeypatch, kinds, tmp_path):
    for name in ("PCM_16.wav", "ULAW.wav"):
        (tmp_path / name).write_bytes(kinds[name])
    keys = {
        name: ingest(tmp_path / name, workspace, label="beep").used[0].sha256 for name in ("PCM_16.wav", "ULAW.wav")
    }
    monkeypatch.setattr(graft, "_current", SimpleNamespace(workspace=workspace))
    client = TestClient(Starlette(routes=ROUTES))
    whole = client.get(f"/api/media/{keys['PCM_16.wav']}")
    assert (whole.headers["content-type"], whole.content) == ("audio/wav", kinds["PCM_16.wav"])
    part = client.get(f"/api/media/{keys['PCM_16.wav']}", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    anew = client.get(f"/api/media/{keys['ULAW.wav']}").content
    assert anew != kinds["ULAW.wav"] and SOUND.playback(anew).content is None
    assert client.get(f"/api/media/{'0' * 64}").status_code == 404
