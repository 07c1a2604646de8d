"""The modalities there are. A new one is a file beside this and a line here; nobody else asks which one a file has."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.modalities import bit_depth
from engine.data.modalities.image import IMAGE
from engine.data.modalities.modality import Augmentations, Modality, Source
from engine.data.modalities.sound import SOUND
from engine.data.modalities.text import TEXT, beginning
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord

# The last one takes what no other recognises, and says what is wrong with it.
MODALITIES: tuple[Modality, ...] = (SOUND, TEXT, IMAGE)
HEAD = 4096  # bytes of a file that tell what it is
TEXTS_BESIDE = 4  # texts for each file of another kind that may belong to it
FIRST = IMAGE.name  # the modality of what was kept before there were others, and nobody has noted any


def of(file: Source) -> Modality:
    """Return the modality of a file (a path, or what is in it) by its content, whatever its name says."""
    *others, last = MODALITIES
    if not others:
        return last
    head = _head(file)
    return next((modality for modality in others if modality.recognises(head)), last)


def of_arriving(name: str, content: bytes) -> Modality:
    """Return the modality of a file that comes in: letters in a file that is called no text are no text."""
    found = of(content)
    if found is TEXT or (found is MODALITIES[-1] and TEXT.may_be(name)):
        return TEXT if TEXT.may_be(name) else MODALITIES[-1]
    return found


def of_pixels() -> Modality:
    """Return the modality of pictures, whatever a file is: what networks are grown from."""
    return MODALITIES[-1]


def named(name: str) -> Modality:
    """Return the modality that the registry calls so. Raises KeyError for one that this Graft does not know."""
    return {modality.name: modality for modality in MODALITIES}[name]


def expected(file: Source, name: str) -> Modality:
    """Return the modality called so, to open a file with. Raises DataError where the file is of another one."""
    if reason := refusal(of(file).name, name, readable=False):
        raise DataError(reason)
    return named(name)


def refusal(own: str, wanted: str, *, readable: bool = True) -> str:
    """Return why a file of the modality `own` is refused where another one is wanted, "" where it is the same.

    readable: whether it could be read; the last modality takes what nobody knows, and is blamed for none of it.
    """
    if own == wanted:
        return ""
    return named(wanted).not_one if own == MODALITIES[-1].name and not readable else named(own).foreign


def kind_of_most(counts: Mapping[str, int]) -> str:
    """Return the modality of most files, by how many there are of each; "" where there are none.

    Texts come beside files of other kinds, to describe them, so that these count for more.
    """
    others = {name: count for name, count in counts.items() if name != TEXT.name}
    most = max(others, key=others.__getitem__, default="")
    texts = counts.get(TEXT.name, 0)
    return most if not texts or others.get(most, 0) * TEXTS_BESIDE >= texts else TEXT.name


def may_hold_texts(modality: str) -> bool:
    """Tell whether texts are welcome where files of this modality are; "" where there are none yet."""
    return modality in ("", TEXT.name)


def words_of(files: Sequence[Source]) -> list[str]:
    """Return the beginning of what stands in each of these files, which are of one modality; "" where nothing does."""
    if not files or of(files[0]) is not TEXT:
        return [""] * len(files)
    return [beginning(file) for file in files]


def file_name(name: str, modality: str) -> str:
    """Return what an item is called as a file of its own: a line of a table gets the suffix of texts."""
    return f"{name}{TEXT.SUFFIX}" if modality == TEXT.name and not TEXT.may_be(name) else name


def by_name(file: str) -> str:
    """Return the name of the modality that a file may be of by its name alone, "" where it can be none."""
    return next((modality.name for modality in MODALITIES if modality.may_be(file)), "")


def check_scale(text: str) -> None:
    """Raise DataError unless a text is a scale of some modality."""
    if not any(modality.reads_scale(text) for modality in MODALITIES):
        bit_depth.typed(text)


def findings(items: Sequence["ItemRecord"]) -> list[dict]:
    """Return what stands out among items, each modality asked about its own."""
    return [
        finding
        for modality in MODALITIES
        for finding in modality.findings([item for item in items if item.modality == modality.name])
    ]


def scale_of(files: Sequence[Path]) -> str:
    """Return which values are the least and the most in all these files alike, "" where each says it itself."""
    own = [(modality, [file for file in files if of(file) is modality]) for modality in MODALITIES]
    return next((scale for modality, mine in own if (scale := modality.scale_of(mine))), "")


def augmentations_of(files: list[Path]) -> Augmentations:
    """Return what all these files allow: where there are several modalities, only what is safe for each."""
    found = list({(modality := of(file)).name: modality.augmentations for file in files}.values())
    if len(found) == 1:
        return found[0]
    return Augmentations(
        tolerance=_lowest(each.tolerance for each in found),
        stronger=_lowest(each.stronger for each in found),
        mixtures=_lowest(each.mixtures for each in found),
        without_asking=_shared(each.without_asking for each in found),
        filled=_shared(each.filled for each in found),
        plain=_shared(each.plain for each in found),
    )


def _lowest(limits: Iterable[Mapping[str, float]]) -> dict[str, float]:
    every = list(limits)
    return {name: min(each[name] for each in every) for name in _shared(every)}


def _shared(names: Iterable[Collection[str]]) -> tuple[str, ...]:
    first, *others = names
    return tuple(name for name in first if all(name in each for each in others))


def _head(file: Source) -> bytes:
    if isinstance(file, bytes):
        return file[:HEAD]
    try:
        with open(file, "rb") as opened:
            return opened.read(HEAD)
    except OSError:
        return b""  # whoever opens it says why it cannot be
