"""What is wrong with sounds, by their facts: silence, samples that are cut off, an offset, an unlike length."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.data import finding as shapes
from engine.data.modalities.sounds.sound_facts import SoundFacts, sound_facts_of

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord

SILENT = 0.001  # peak of full scale (-60 dB): what lies below is the noise of the machine
CLIPPED = 0.005  # share of samples that are cut off; single peaks are not heard
OFFSET = 0.02  # of full scale: a defect of the recorder, which takes room and says which recorder it was
FENCE = 3.0  # interquartile ranges beyond the quartile: far out (Tukey 1977)
LONGER = 2.0  # times the median; all clips of one length make any other one far out
MOST = 0.05  # of the set; more than that is how the set is


class _Known(NamedTuple):
    item: "ItemRecord"
    facts: SoundFacts


def findings(items: Sequence["ItemRecord"]) -> list[dict]:
    """Return what stands out among sounds; each can be taken out at once."""
    known = [_Known(item, sound_facts_of(item.facts)) for item in items]
    silent = [one for one in known if one.facts.peak < SILENT]
    heard = [one for one in known if one.facts.peak >= SILENT]
    found = [
        _silent(silent),
        _clipped([one for one in heard if one.facts.clipped > CLIPPED]),
        _offset([one for one in heard if abs(one.facts.dc) > OFFSET]),
        _odd_length(_unlike(heard)),
        _cut_short([one for one in known if one.facts.heard < one.facts.seconds - 1]),
    ]
    return [one for one in found if one]


def _unlike(known: Sequence[_Known]) -> list[_Known]:
    """Return those whose length is far from that of the others, shorter or longer."""
    if len(known) < 8:
        return []
    values = np.log([max(one.facts.seconds, 1e-3) for one in known])
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    reach = max(math.log(LONGER), FENCE * (high - low))
    named = [one for one, value in zip(known, values, strict=True) if abs(value - middle) > reach]
    return named if len(named) <= max(1, MOST * len(known)) else []


def _silent(found: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 sound is silent: there is nothing to be heard.",
        "{count} sounds are silent: there is nothing to be heard.",
        len(found),
    )
    return _told("silent", "warning", found, message)


def _clipped(found: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 sound is cut off at full scale: it was recorded too loud.",
        "{count} sounds are cut off at full scale: they were recorded too loud.",
        len(found),
    )
    return _told("clipped", "note", sorted(found, key=lambda one: -one.facts.clipped), message)


def _offset(found: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 sound has a constant offset (DC), as a faulty recorder leaves it.",
        "{count} sounds have a constant offset (DC), as a faulty recorder leaves it.",
        len(found),
    )
    return _told("dc_offset", "note", sorted(found, key=lambda one: -abs(one.facts.dc)), message)


def _odd_length(found: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 sound is far longer or shorter than the others: {shortest} to {longest} seconds.",
        "{count} sounds are far longer or shorter than the others: {shortest} to {longest} seconds.",
        len(found),
    )
    lengths = [one.facts.seconds for one in found]
    reach = {"shortest": f"{min(lengths, default=0):.3g}", "longest": f"{max(lengths, default=0):.3g}"}
    return _told("odd_length", "note", sorted(found, key=lambda one: one.facts.seconds), message, **reach)


def _cut_short(found: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 sound is very long: only its first {seconds} seconds are heard.",
        "{count} sounds are very long: only the first {seconds} seconds of each are heard.",
        len(found),
    )
    return _told("very_long", "note", found, message, seconds=round(max((one.facts.heard for one in found), default=0)))


def _told(kind: str, severity: str, known: list[_Known], message: str, **values) -> dict | None:
    if not known:
        return None
    fix = shapes.plural(
        "Listen to it. If a person could not tell its class, take it out.",
        "Listen to them. Take out those whose class a person could not tell.",
        len(known),
    )
    items = [one.item for one in known]
    fixes = [shapes.remove(items, shapes.plural("Take it out", "Take them out", len(items)))]
    return shapes.finding(kind, severity, items, message, fix, fixes=fixes, count=len(items), **values)
