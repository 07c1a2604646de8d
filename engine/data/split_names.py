"""How people call the parts of a dataset: in folders, in columns and in their values, in several languages.

A name is taken apart into words: what is left beside the word for a part must say nothing ("training_set",
"val2017") or the same in every name ("seg_train", "seg_test"), so that "train_station" stays a class.
"""

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from engine.data.unicode_form import composed

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
MAX_WORD = 200  # characters of a name that are looked at
NONE = "none"  # what a person writes for "this is no part"

WORDS = {
    TRAIN: (
        *("train", "training", "trn", "trainval", "learn", "learning", "trainieren", "trainings", "lernen", "lern"),
        *("apprentissage", "entrainement", "entrenamiento", "treino", "treinamento", "addestramento", "treningowy"),
        *("обучение", "обучающая", "训练", "训练集", "訓練", "学習", "학습"),
    ),
    VALIDATION: (
        *("val", "valid", "validation", "validate", "validating", "vali", "dev", "devel", "development", "tune"),
        *("tuning", "validierung", "validierungs", "validieren", "validacion", "validacao", "validazione", "valider"),
        *("валидация", "валидационная", "验证", "验证集", "検証", "검증"),
    ),
    TEST: (
        *("test", "testing", "tests", "tst", "holdout", "heldout", "testen", "prufung", "prueba", "pruebas", "teste"),
        *("prova", "essai", "essais", "тест", "тестовая", "测试", "测试集", "測試", "テスト", "테스트"),
    ),
}
# A second look: where a test part is there beside it, it chooses; alone, it measures.
EVALUATION = ("eval", "evaluation", "evaluate", "evaluierung", "auswertung", "bewertung", "publictest")
FINAL = ("privatetest",)
KNOWN = {word: split for split, words in WORDS.items() for word in words}
FILLERS = {
    *("set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "pic", "pics", "picture"),
    *(
        "pictures",
        "photo",
        "photos",
        "split",
        "splits",
        "part",
        "partition",
        "subset",
        "folder",
        "dir",
        "files",
        "file",
    ),
    *("samples", "sample", "examples", "raw", "full", "final", "crops", "cropped", "resized", "the", "of", "stage"),
    *("satz", "menge", "daten", "datensatz", "bilder", "bild", "fotos", "teil", "ordner", "jeu", "ensemble"),
    "donnees",
    *("de", "d", "du", "des", "la", "le", "partie", "dossier", "conjunto", "datos", "imagenes", "imagens", "dados"),
    *("label", "labels", "list", "csv", "metadata", "meta", "annotations", "info", "public", "new", "v"),
    *("held", "out", "hold"),
}
GLUED = "|".join(sorted((word for word in FILLERS if len(word) > 2), key=len, reverse=True))
UNLABELLED = {"pred", "predict", "prediction", "predictions", "unlabeled", "unlabelled", "unlabel", "unknown"}
PICTURES = {
    *("image", "images", "img", "imgs", "picture", "pictures", "pics", "photo", "photos", "jpeg", "jpegimages", "jpg"),
    *("jpgs", "png", "pngs", "bilder", "bild", "fotos", "imagenes", "imagens", "immagini", "画像", "图片", "frames"),
}
DRAWINGS = {
    *("mask", "masks", "annotation", "annotations", "annot", "annots", "segmentation", "segmentations", "groundtruth"),
    *("segmentationclass", "segmentationobject", "gt", "label", "labels", "trimap", "trimaps", "maske", "masken"),
    *("annotationen", "masque", "masques", "bbox", "bboxes", "boxes", "imagesets", "depth", "heatmap", "heatmaps"),
}
YES = {"1", "1.0", "true", "yes", "y", "t", "x", "ja", "wahr", "oui", "vrai", "si"}
NO = {"0", "0.0", "false", "no", "n", "f", "", "nein", "falsch", "non", "faux"}


def words(text: str) -> list[str]:
    """Return the words of a name in small letters, without accents; "PublicTest_v2" has public, test, v and 2."""
    text = composed(text)[:MAX_WORD]
    text = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", text)
    text = re.sub(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", " ", text)
    return [word for word in re.split(r"[\W_]+", folded(text)) if word]


def folded(text: str) -> str:
    """Return a text in small letters and without accents: "Catégorie" is "categorie"."""
    letters = unicodedata.normalize("NFD", text[:MAX_WORD].casefold())
    kept = "".join(letter for letter in letters if not (unicodedata.combining(letter) and ord(letter) < 0x0370))
    return unicodedata.normalize("NFC", kept)


def split_of(name: str) -> str | None:
    """Return the split that a name says by itself, None where it says none."""
    return splits_of([name])[name]


def splits_of(names: Collection[str]) -> dict[str, str | None]:
    """Return the split of each of the names that stand side by side, None for those that say none."""
    found = {name: _taken_apart(name) for name in names}
    rests = defaultdict(set)
    for split, rest in found.values():
        if split:
            rests[rest].add(split)
    plain = {name: split for name, (split, rest) in found.items() if split and (not rest or len(rests[rest]) > 1)}
    return {name: _settled(plain.get(name), set(plain.values())) for name in names}


def _settled(split: str | None, there: set[str]) -> str | None:
    if split == "evaluation":
        return VALIDATION if there & {TEST, "final"} else TEST
    return TEST if split == "final" else split


@functools.lru_cache(maxsize=4096)
def _taken_apart(name: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the one split that the words of a name say, and the words that say something else."""
    parts = [piece for word in _joined(words(name)) for piece in _unglued(word)]
    said = {split for part in parts if (split := _of_word(part))}
    rest = tuple(part for part in parts if not _of_word(part) and part not in FILLERS and not part.isdecimal())
    if said == {TRAIN, VALIDATION}:  # "train_val": what is trained with, the test apart
        return TRAIN, rest
    if said == {VALIDATION, TEST} and "dev" in parts:  # "test-dev"
        return TEST, rest
    return (said.pop(), rest) if len(said) == 1 else (None, rest)


def _joined(parts: list[str]) -> list[str]:
    """Put words together that mean something only together: public test, private test, held out, hold out."""
    text = " ".join(parts)
    for pair in ("public test", "private test", "held out", "hold out"):
        text = re.sub(rf"\b{pair}\b", pair.replace(" ", ""), text)
    return text.split()


def _unglued(word: str) -> list[str]:
    """Return "train" and "set" of "trainset"; other words as they are."""
    if _of_word(word) or word in FILLERS:
        return [word]
    for known in sorted((*KNOWN, *EVALUATION), key=len, reverse=True):
        if len(known) > 2 and known in word:
            before, after = word.split(known, 1)
            if re.fullmatch(rf"(?:{GLUED})*", before) and re.fullmatch(rf"(?:{GLUED})*", after):
                return [known]
    return [word]


def _of_word(word: str) -> str | None:
    if word in EVALUATION:
        return "evaluation"
    return "final" if word in FINAL else KNOWN.get(word)


def are_splits(names: Collection[str]) -> bool:
    """Tell whether folders of these names are parts: two different ones are, and those of which each is one."""
    found = splits_of(names).values()
    return len({split for split in found if split}) > 1 or (bool(found) and None not in found)


def holds_pictures(name: str) -> bool:
    """Tell whether a folder of this name only says that pictures lie in it."""
    return bool(own := _meaningful(name)) and own <= PICTURES


def holds_drawings(name: str) -> bool:
    """Tell whether a folder of this name holds what was drawn or written about pictures: masks, annotations."""
    own = _meaningful(name)
    return bool(own) and bool(own & DRAWINGS) and own <= DRAWINGS | PICTURES


def is_unlabelled(name: str) -> bool:
    """Tell whether a folder of this name holds pictures that nobody has labelled."""
    return bool(UNLABELLED & set(words(name)))


def says_no_class(name: str) -> bool:
    """Tell whether a folder of this name says how a dataset is kept rather than what its pictures show."""
    return holds_pictures(name) or holds_drawings(name) or split_of(name) is not None


def _meaningful(name: str) -> set[str]:
    glued = folded(name).replace("_", "").replace(" ", "").replace("-", "")
    if glued in PICTURES | DRAWINGS:
        return {glued}
    own = {word for word in words(name) if not word.isdecimal()}
    return own - (FILLERS - PICTURES - DRAWINGS) if own & (PICTURES | DRAWINGS) else own


@dataclass(frozen=True)
class Understood:
    """What the values of a column mean: {value: split or None}; `guessed` where a person should have a look."""

    splits: Mapping[str, str | None]
    guessed: bool = False

    @property
    def unknown(self) -> list[str]:
        return [value for value, split in self.splits.items() if split is None and value]


def of_values(column: str, counts: Counter) -> Understood:
    """Return what the values of a column called `column`, with how often each is there, say about splits."""
    values = [value for value in counts if value]
    named = splits_of(values)
    if any(named.values()):
        return Understood({**named, "": None} if "" in counts else named, guessed=None in named.values())
    if flagged := _flag(column, values):
        return Understood(flagged, guessed=True)
    if numbered := _numbered(counts):
        return Understood(numbered, guessed=True)
    return Understood(dict.fromkeys(values), guessed=bool(values))


def flag_of(column: str) -> str | None:
    """Return the split that a column of yes and no is about ("is_test"), None for any other column."""
    rest = [word for word in words(column) if word not in ("is", "in", "ist", "est", "use", "for")]
    return split_of("_".join(rest)) if rest else None


def are_flags(values: Iterable[str]) -> bool:
    own = {value.strip().lower() for value in values}
    return bool(own & YES) and own <= YES | NO


def _flag(column: str, values: list[str]) -> dict[str, str] | None:
    split = flag_of(column)
    if split is None or not {value.lower() for value in values} <= YES | NO:
        return None
    other = TEST if split == TRAIN else TRAIN
    return {value: split if value.lower() in YES else other for value in values}


def _numbered(counts: Counter) -> dict[str, str] | None:
    """Return what 0, 1, 2 mean most likely: the one with most pictures trains, the others follow in their order."""
    values = [value for value in counts if value]
    flags = {value.lower() for value in values} <= YES | NO
    if len(values) not in (2, 3) or not (flags or all(re.fullmatch(r"-?\d+(\.0)?", value) for value in values)):
        return None
    ordered = sorted(values, key=lambda value: (value.lower() in YES and not value[:1].isdecimal(), value))
    largest = max(ordered, key=lambda value: counts[value])
    rest = [value for value in ordered if value != largest]
    return {largest: TRAIN, **dict(zip(rest, (TEST,) if len(rest) == 1 else (VALIDATION, TEST), strict=True))}


def written(splits: Mapping[str, str | None]) -> str:
    """Return {"0": "train", "x": None} as a person types it: "0=train,x=none"."""
    return ",".join(f"{value}={split or NONE}" for value, split in splits.items() if value)


def typed(text: str) -> dict[str, str | None]:
    """Return what `written` wrote; raises ValueError for anything else."""
    found = {}
    for pair in filter(None, (piece.strip() for piece in text.split(","))):
        value, mark, split = pair.rpartition("=")
        meant = None if split.strip().lower() == NONE else split_of(split.strip())
        if not mark or (meant is None and split.strip().lower() != NONE):
            raise ValueError(pair)
        found[value.strip()] = meant
    return found
