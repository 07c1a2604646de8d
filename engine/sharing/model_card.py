"""The model card of a hand-over pack, in Markdown: what the model is, how good, on what, and where it fails."""

import hashlib
import re
from pathlib import Path
from typing import cast

from engine.data import label_kinds
from engine.evaluation import results
from engine.evaluation.honest_number import honest_number
from engine.sharing import formats, html_report
from engine.sharing.report_words import Words
from engine.storage import runs
from engine.storage.evaluation import Evaluation
from engine.translation import Speech

SHOWN = 6


def render(run_dir: Path, title: str, language: str, rows: dict[str, dict], failures: list[dict]) -> str:
    """Return the card. rows: of the exported formats; failures: {"file", "label", "answer", "share"} of pictures."""
    words, recipe = Words(language), results.recipe(run_dir)
    facts = cast(Evaluation, results.evaluation(run_dir))  # a run that is handed over has ended
    _, figures, base = words.speech, honest_number(facts), results.base(facts, recipe)
    exclusive = label_kinds.of_task(facts["task"]).EXCLUSIVE
    head = words.headings()
    claim = words.claim(figures, known=base is not None and base["unknown"], exactly=not exclusive)
    parts = [
        f"# {_plain(title)}",
        claim,
        *words.beside(figures),
        words.caution(figures),
        f"## {head['classes']}",
        _table([head["class"], head["pictures"], head["recall"], head["precision"], "F1"], _classes(words, facts)),
        *_groups(words, facts, head),
        f"## {head['how']}",
        _table(["", ""], [*words.how(facts, recipe, html_report.title_of(recipe)), *_more(run_dir, recipe, _)]),
        f"## {_('In other formats')}",
        _table(_format_titles(_), [_format(words, key, row) for key, row in rows.items() if key in formats.FORMATS]),
        *_failures(words, head, failures),
        f"## {_('Limits')}",
        _limits(_),
        f"## {_('Licences')}",
        _licences(_),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def fingerprint(run_dir: Path) -> str:
    """Return what two datasets have alike only where every file, label and split is the same: 16 hexadecimal digits."""
    columns = runs.read_snapshot(run_dir, ["sha256", "label", "split"]).to_pylist()
    lines = sorted(f"{row['sha256']} {row['split']} {row['label']}" for row in columns)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _classes(words: Words, facts) -> list[list[str]]:
    return [[row["name"], row["support"], row["recall"], row["precision"], row["f1"]] for row in words.classes(facts)]


def _groups(words: Words, facts, head: dict[str, str]) -> list[str]:
    rows = [[row["name"], row["support"], row["accuracy"]] for row in words.groups(facts)]
    return [f"## {head['groups']}", _table([head["group"], head["pictures"], head["accuracy"]], rows)] if rows else []


def _more(run_dir: Path, recipe: dict, _: Speech) -> list[tuple[str, str]]:
    kept = ("learning_rate", "epochs", "image_size", "fit", "pooling", "dropout", "output", "augmentations")
    told = ", ".join(f"{name}={recipe[name]}" for name in kept if recipe.get(name) not in (None, "", [], {}))
    return [(_("Data fingerprint"), fingerprint(run_dir)), (_("Options of the recipe"), told)]


def _format_titles(_: Speech) -> list[str]:
    titles = (_("Format"), _("Size"), _("Milliseconds a picture, here"), _("Right on test pictures"))
    return [*titles, _("Same answer as the app")]


def _format(words: Words, key: str, row: dict) -> list[str]:
    size, taken = words.speech.decimal(row["bytes"] / 1e6), words.speech.decimal(row["milliseconds"])
    shares = [words.percent(row["accuracy"]), words.percent(row["same"])]
    return [formats.FORMATS[key].title, f"{size} MB", taken, *shares]


def _failures(words: Words, head: dict[str, str], failures: list[dict]) -> list[str]:
    if not failures:
        return []
    lines = [
        f"![](failures/{row['file']}) {_plain(head['is'].format(label=row['label']))} → {_plain(row['answer'])} "
        f"({words.percent(row['share'])})"
        for row in failures
    ]
    return [f"## {head['wrong']}", "\n\n".join(lines)]


def _limits(_: Speech) -> str:
    lines = [
        _("It knows these classes only, and answers for pictures like those it learned from."),
        _("Noticing pictures unlike anything in training is done by Graft, not by these files."),
        _("The numbers hold for pictures taken as the test pictures were. Test it on your own before you rely on it."),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _licences(_: Speech) -> str:
    return _("The network's weights and the libraries have licences of their own (NOTICE.txt). The pictures are yours.")


def _table(titles: list[str], rows: list) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(_plain(str(cell)) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Return a name that somebody typed as Markdown that shows it as it is."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
    return re.sub(r"([\\`*_\[\]|#!])", r"\\\1", text)
