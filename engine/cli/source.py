"""A SOURCE on the command line becomes the dataset of a new project."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from engine.cli.output import end_progress, in_words, show_progress
from engine.data.examples import catalogue as examples
from engine.data.importing import choices
from engine.errors import DataError, UserError
from engine.graft import Graft
from engine.storage.registry import Project

ANSWERS = {"auto": None, "yes": True, "no": False}


def check_there(source: str) -> None:
    if not source.startswith("example:") and not Path(source).exists():
        raise DataError(
            "There is no file or folder '{source}'. Give a folder, an archive, a CSV or JSONL table, or "
            "example:NAME ({known}).",
            source=source,
            known=", ".join(examples.EXAMPLES),
        )


@contextlib.contextmanager
def new_project(graft: Graft, options) -> Iterator[Project]:
    """Create a project for a source; it goes again when what is done inside fails in a way that a person can fix."""
    project = graft.registry.create_project(options.project or Path(options.source.rstrip("/")).stem)
    apart = {"groups_apart": options.groups_apart, "split_seed": options.seed}
    graft.registry.set_dataset_options(project.dataset_id, **apart)
    try:
        yield project
    except UserError:
        graft.delete_project(project.id)
        raise


def reading_of(options) -> dict[str, str]:
    """Return the answers about how files are read that were given on the command line, as {option: text}."""
    return {option: given for option in choices.OPTIONS if (given := getattr(options, option, None))}


def question_in_words(question: dict) -> dict:
    """Return {"about", "answer", "others", "option"} of a question about how files are read."""
    return {
        "about": str(UserError(question["about"], **question["values"])),
        "answer": question["answer"],
        "others": question["others"],
        "option": choices.flag(question["option"]),
    }


def question_line(question: dict) -> str:
    """Return a question for people to read."""
    others = " or ".join(f"'{other}'" for other in question["others"])
    return f"question: {question['about']} Taken: {question['option']} '{question['answer']}'; it may be {others}."


def bring_in(graft: Graft, dataset_id: str, options) -> dict:
    source = options.source if options.source.startswith("example:") else str(Path(options.source).resolve())
    how: dict = {"layout": options.layout, "several_classes": ANSWERS[options.several_classes]}
    import_id = graft.imports.start(dataset_id, source, **how, reading=reading_of(options))
    account = graft.wait_for_import(import_id, lambda status: show_progress(in_words(status), status))
    end_progress(f"{account['received']} received, {account['used']} used, {len(account['refused'])} refused")
    return account


def refusal_in_words(entry: dict) -> dict:
    return {"file": entry["file"], "reason": str(UserError(entry["reason"], **entry.get("values", {})))}
