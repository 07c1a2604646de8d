"""Every sentence a person sees exists in every language Graft offers. The sentences are read out of the source."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import graft, translation

ROOT = Path(__file__).parents[2]
# The command line speaks English; what stands only there needs no translation.
COMMAND_LINE = ("engine/cli", "engine/backbones/distillation")
SOURCES = [
    path
    for path in (ROOT / "app.py", *sorted((ROOT / "engine").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py")))
    if not path.relative_to(ROOT).as_posix().startswith(COMMAND_LINE)
]
# Words that reach a page through a table: {module: names of the tables}.
TABLES = {
    "engine/training/recipe.py": (
        "RECIPES",
        "FITS",
        "HEADS",
        "OPTIMIZERS",
        "BALANCINGS",
        "AUGMENTATIONS",
        "OUTPUTS",
    ),
    "engine/backbones/model_import/preparation.py": ("PREPARATIONS",),
    "pages/sections/data_upload/add/folder_layout.py": ("MEANINGS",),
}
SAYING = ("_", "plural", "say", "say_plain")
# The first argument of these is a template; `_summary` says what was changed, for the undo button.
TELLING = ("UserError", "DataError", "BackboneError", "TrainingError", "ComputeError", "LimitError", "_summary")
# Errors for programmers, notes for the log.
NOT_SHOWN = ("ValueError", "TypeError", "KeyError", "RuntimeError", "AssertionError", "ReadError", "unreachable")
# Reads like a sentence: a capital or a {value} first, and two words of small letters side by side or a full stop.
SENTENCE = re.compile(r"[A-Z{…](?:[^<>]*[a-z}],? [a-z{]|[a-z]+\.$)")
PLACEHOLDER = re.compile(r"%?\{[^{}]*\}")
LANGUAGES = sorted(path.stem for path in translation.LOCALE.glob("*.json"))


def shown_in(path: Path) -> Iterator[str]:
    """Yield the words of a module that reach a page.

    They are what is given to `_` and its kin, templates of errors, the tables above, and whatever else reads like a
    sentence: no sentence can be forgotten because of how it travels to the page.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = _silent(tree)
    for node in ast.walk(tree):
        if node in silent:
            continue
        if isinstance(node, ast.Call):
            yield from _words_of_call(node)
        elif isinstance(node, ast.Dict):
            yield from _templates(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _is_table(node, path):
            yield from _words_of_table(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and SENTENCE.match(node.value):
            yield node.value


def _silent(tree: ast.AST) -> set[ast.AST]:
    """Return docstrings, annotations, pieces of f-strings, and what only programmers read."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            found |= {part for part in node.values if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.Call) and (_name(node) in NOT_SHOWN or _is_log(node)):
            found |= set(ast.walk(node))
        found |= {part for note in _annotations(node) for part in ast.walk(note)}
    return found


def _annotations(node: ast.AST) -> list[ast.AST]:
    notes = (getattr(node, "annotation", None), getattr(node, "returns", None))
    return [note for note in notes if note is not None]


def _words_of_call(call: ast.Call) -> Iterator[str]:
    name = _name(call)
    count = 2 if name == "plural" else 1
    if name in SAYING or name in TELLING:
        for argument in call.args[:count]:
            yield from _literals(argument)
    for keyword in call.keywords:
        # A modality's words; and `top1_source`, named only where it is a reason in words, else a constant.
        if name == "Words" or keyword.arg == "top1_source":
            yield from _literals(keyword.value)


def _templates(stored: ast.Dict) -> Iterator[str]:
    """Yield the sentence of {"template": ..., "values": ...}."""
    for key, value in zip(stored.keys, stored.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "template":
            yield from _literals(value)


def _is_table(node: ast.Assign | ast.AnnAssign, path: Path) -> bool:
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return isinstance(target, ast.Name) and target.id in TABLES.get(path.relative_to(ROOT).as_posix(), ())


def _words_of_table(table: ast.AST) -> Iterator[str]:
    for value in table.values:
        parts = value.args[1:] if isinstance(value, ast.Call) else [value]  # the first argument is the key
        for part in parts:
            yield from _literals(part)


def _literals(node: ast.AST) -> Iterator[str]:
    """Yield a literal, both branches of `a if x else b`, and nothing for names: their literals stand elsewhere."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _is_log(call: ast.Call) -> bool:
    return _name(call) in ("error", "exception", "warning") and getattr(call.func.value, "id", "") == "log"


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """Return {sentence: the file it stands in}."""
    return {text: str(path.relative_to(ROOT)) for path in reversed(SOURCES) for text in shown_in(path)}


def test_german_and_french_are_there():
    assert sorted(set(translation.LANGUAGES) - {"en"}) == LANGUAGES, "each language offered needs a file in locale"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(shown, language):
    known = translation.catalogue(language)
    missing = [f"{file}: {text!r}" for text, file in shown.items() if not known.get(text)]
    assert not missing, f"add to engine/locale/{language}.json:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_in_the_same_values(shown, language):
    known = translation.catalogue(language)
    wrong = [
        f"{file}: {text!r} -> {known[text]!r}"
        for text, file in shown.items()
        if text in known and sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(known[text]))
    ]
    assert not wrong, f"other {{placeholders}} in engine/locale/{language}.json:\n" + "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_outlives_its_sentence(shown, language):
    left = [text for text in translation.catalogue(language) if text not in shown]
    assert not left, f"nothing shows these any more, remove them from engine/locale/{language}.json:\n" + "\n".join(
        left
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_sorted_so_that_changes_read_well(language):
    text = (translation.LOCALE / f"{language}.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sentences_are_literals_so_that_they_can_be_translated(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and _name(node) in (*SAYING, *TELLING):
            built = isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
            built = built or (isinstance(node.args[0], ast.Call) and _name(node.args[0]) == "format")
            assert not built, f"{path}:{node.lineno}: give a literal with {{placeholders}} and fill it afterwards"


class Idle:
    """Stands in for the workers: nothing that is asked ever begins."""

    def submit(self, *_arguments, **_options):
        pass

    def close(self):
        pass


def test_somebody_who_reads_german_gets_german_pages(workspace, monkeypatch):
    monkeypatch.setattr(graft.Compute, "start", lambda *_arguments, **_options: Idle())
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=30)
    app.session_state["lang"] = "de"
    app.run()
    assert not app.exception
    german = translation.catalogue("de")
    assert app.title[0].value == german["Teach a network your own classes"]
    assert app.button(key="start").label == german["Start with my pictures"]
    assert any(german["1. Pictures"] in element.value for element in app.markdown)


@pytest.mark.parametrize(
    ("language", "sentence", "right"),
    [
        ("en", "The first folder is the class (1 classes).", "The first folder is the class (1 class)."),
        ("en", "21 files, 1.1 files, 1 filesystem", "21 files, 1.1 files, 1 filesystem"),
        ("de", "1 Dateien gelesen", "1 Datei gelesen"),
        ("fr", "1 images", "1 image"),
    ],
)
def test_one_thing_is_never_said_as_many(language, sentence, right):
    assert translation.one_of_a_kind(sentence, language) == right


def test_every_language_says_thousands_and_one_of_a_kind_its_own_way():
    for language in translation.LANGUAGES:
        assert language in translation.THOUSANDS
        assert translation.one_of_a_kind("1 files", language).startswith("1 ")
    assert translation.one_of_a_kind("1 files", "en") == "1 file"
    assert translation.one_of_a_kind("1 files", "a language without nouns") == "1 files"


# Had to be read twice; what to say instead stands in docs/words.md.
RETIRED = (
    "Always answering",
    "cannot be told from these pictures.**",
    "only the trained model gets right",
    "costs as much as …",
    "All in all that costs",
    "took the right one for the stranger",
    "had better say",
    "It reminds it of",
    "as your pictures stand it",
    "files are no pictures",
    "take its star off",
    "Call it {name}",
    "Use them?",
    "about half of such",
)


def test_retired_phrases_do_not_come_back():
    shown = [text for path in SOURCES for text in shown_in(path)]
    assert not [(phrase, text) for phrase in RETIRED for text in shown if phrase.casefold() in text.casefold()]
