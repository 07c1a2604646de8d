"""The command line's arguments: python -m engine COMMAND."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from engine.backbones.model_import.preparation import PREPARATIONS
from engine.data.importing.choices import SEPARATORS, flag
from engine.data.layout import KINDS
from engine.errors import UserError
from engine.sharing.formats import FORMATS
from engine.storage.workspace import PRIVATE
from engine.training.recipe import POOLINGS
from engine.translation import LANGUAGES
from engine.version import version


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 2 after a sentence about what the caller can put right."""
    os.umask(PRIVATE)
    options = _parser().parse_args(arguments)
    if options.workspace:
        os.environ["GRAFT_WORKSPACE"] = options.workspace
    try:
        _command(options.command)(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _command(place: str) -> Callable[[argparse.Namespace], None]:
    """Return the function MODULE.NAME of engine/cli/: only the command that runs is imported, with what it needs."""
    module, name = place.split(".")
    return getattr(importlib.import_module(f"engine.cli.{module}"), name)


def commands() -> list[str]:
    """Return the names of all commands."""
    [chooser] = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return list(chooser.choices)


class Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[0].upper()}{message[1:]}. '{self.prog} --help' tells what can be given.\n")


def _parser() -> argparse.ArgumentParser:
    prog = "graft" if Path(sys.argv[0]).stem == "graft" else "python -m engine"
    parser = Parser(prog=prog, description="Transfer learning with an honest number.")
    parser.add_argument("--version", action="version", version=f"Graft {version()}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    _add_train(subparsers)
    _add_search(subparsers)
    _add_runs(subparsers)
    _add_export(subparsers)
    _add_data(subparsers)
    _add_bundle(subparsers)
    _add(subparsers, "backbones", "backbones.backbones", "list the networks a training can start from")
    opened = _add(subparsers, "serve", "serve.serve", "open the app in the browser", json=False)
    opened.add_argument("--port", type=int, default=8501, help="where it listens on this machine (default: 8501)")
    return parser


def _add_train(subparsers) -> None:
    text = "train a classifier on a folder, archive, table or example:NAME"
    train_parser = _add(subparsers, "train", "train.train", text)
    _add_source(train_parser)
    train_parser.add_argument("--recipe", default="instant", metavar="NAME", help="instant (default), balanced or best")
    train_parser.add_argument("--backbone", default="sprout", metavar="KEY", help=BACKBONE_HELP)
    train_parser.add_argument("--pooling", default="average", choices=tuple(POOLINGS), help=POOLING_HELP)
    train_parser.add_argument("--pixels", default="", choices=("", *PREPARATIONS), metavar="HOW", help=PIXELS_HELP)
    train_parser.add_argument("--seed", type=int, default=0, help=SEED_HELP)
    train_parser.add_argument("--output", default="softmax", metavar="NAME", help=OUTPUT_HELP)
    train_parser.add_argument("--groups-apart", choices=("auto", "yes", "no"), default="auto", help=GROUPS_HELP)
    train_parser.add_argument("--target-accuracy", type=float, metavar="X", help=TARGET_HELP)
    train_parser.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="stop training after S seconds, with the best so far (at least a first model)",
    )
    train_parser.add_argument("--project", default="", help="the project's name (default: that of the source)")


def _add_runs(subparsers) -> None:
    """What is done with a run that is there."""
    _add(subparsers, "runs", "runs.list_runs", "list the runs of the workspace")
    evaluate_parser = _add(subparsers, "evaluate", "evaluate.evaluate", "show how good a run is")
    evaluate_parser.add_argument("run", help=RUN_HELP)
    evaluate_parser.add_argument("--tables", metavar="FOLDER", help="write matrix, classes and predictions there")

    lay_aside = _add(subparsers, "pause", "pause.pause", "lay a training aside and free its worker")
    lay_aside.add_argument("run", help=RUN_HELP)
    go_on = _add(subparsers, "resume", "pause.resume", "go on with a run that was paused, stopped or interrupted")
    go_on.add_argument("run", help=RUN_HELP)

    curve = _add(
        subparsers,
        "learning-curve",
        "learning_curve.learning_curve",
        "tell whether more pictures or more training would help",
    )
    curve.add_argument("run", help=RUN_HELP)

    keep_parser = _add(subparsers, "keep", "keep.keep", "choose which model of a run on texts answers")
    keep_parser.add_argument("run", help=RUN_HELP)
    keep_parser.add_argument("model", choices=("network", "ngram"), help="the network (default) or character n-grams")

    predict_parser = _add(subparsers, "predict", "predict.predict", "classify files with a finished run")
    predict_parser.add_argument("run", help=RUN_HELP)
    predict_parser.add_argument("files", nargs="+", metavar="FILE", help="pictures, or folders of them")
    predict_parser.add_argument("-o", "--output", metavar="FILE.csv", help="write the answers as a table")

    report_parser = _add(
        subparsers, "report", "report.report", "write a run's results as one HTML file to mail or print"
    )
    report_parser.add_argument("run", help=RUN_HELP)
    report_parser.add_argument("-o", "--output", required=True, metavar="FILE.html")
    report_parser.add_argument("--language", choices=tuple(LANGUAGES), default="en", help="of the report (default: en)")


def _add_data(subparsers) -> None:
    """What is done with files, or with the data of a project."""
    check_parser = _add(subparsers, "check", "check.check_source", "look at a source without keeping anything of it")
    _add_source(check_parser)
    check_parser.add_argument("--quick", action="store_true", help="only what names and pixels say, without a network")
    text = "write a project's pictures as a zip that imports again"
    export = _add(subparsers, "export-data", "export_data.export_data", text)
    export.add_argument("project", metavar="PROJECT", help="the id or the name of a project, or 'latest'")
    export.add_argument("-o", "--output", required=True, metavar="FILE.zip")
    export.add_argument("--format", default="", metavar="FORM", help=ZIP_HELP)


def _add_export(subparsers) -> None:
    model = _add(subparsers, "export", "export.export", "write a run's model in another format, compared with the app")
    model.add_argument("run", help=RUN_HELP)
    model.add_argument(
        "--format", required=True, choices=EXPORTS, help=f"one of {', '.join(EXPORTS)}", metavar="FORMAT"
    )
    model.add_argument("-o", "--output", required=True, metavar="FILE")
    model.add_argument(
        "--formats", default="onnx,litert", metavar="F,F", help="what a pack holds (default: onnx,litert)"
    )
    model.add_argument(
        "--language", choices=tuple(LANGUAGES), default="en", help="of the demo and the pack (default: en)"
    )


def _add_bundle(subparsers) -> None:
    text = "write a whole project (pictures, history, runs) to one file, or bring one in"
    parser = _add(subparsers, "bundle", "bundle.bundle", text)
    parser.add_argument("project", nargs="?", default="latest", metavar="PROJECT", help="its id or name, or 'latest'")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the project there")
    parser.add_argument("--open", metavar="FILE", help="bring the project of a bundle in instead")
    parser.add_argument("--encrypt", action="store_true", help="ask for a passphrase that alone opens the file")
    parser.add_argument("--passphrase-file", metavar="FILE", help="a file that holds the passphrase (its first line)")


def _add_search(subparsers) -> None:
    text = "try networks and recipes, drop the weak early, and keep the best as a run"
    parser = _add(subparsers, "search", "search.search", text)
    _add_source(parser, "; or a project, by name or id, or 'latest'")
    parser.add_argument("--backbones", default="", metavar="KEY,KEY", help=BACKBONES_HELP)
    parser.add_argument("--recipes", default="", metavar="NAME,NAME", help="recipes to try (default: instant,balanced)")
    parser.add_argument("--target-accuracy", type=float, metavar="X", help=TARGET_HELP)
    parser.add_argument(
        "--time-limit", type=float, metavar="S", help="stop after S seconds of searching (default: 600)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same split (default: 0)")
    parser.add_argument("--groups-apart", choices=("auto", "yes", "no"), default="auto", help=GROUPS_HELP)
    parser.add_argument("--project", default="", help="the name of a new project (default: that of the source)")
    parser.add_argument("--resume", action="store_true", help="go on with the last search of the project")


EXPORTS = (*FORMATS, "browser", "pack")
ZIP_HELP = "of pictures with boxes: coco (usual), yolo or voc; of others: folders"
SOURCE_HELP = "a folder, a zip or tar.gz, a CSV or JSONL, or example:NAME"
RUN_HELP = "the id of a run, its first letters, its directory, or 'latest'"
BACKBONE_HELP = (
    "what to start from: a key of 'backbones' (default: sprout; scratch-sprout begins with random weights), run:ID or "
    "run:latest for a network of your own, or a .keras or .h5 file"
)
BACKBONES_HELP = "keys of 'backbones', or run:ID, to try (default: all whose weights are on this machine)"
PIXELS_HELP = f"what pixels the network in a .keras FILE was trained on, if it does not say: {', '.join(PREPARATIONS)}"
POOLING_HELP = "what the head sees: the average over the picture (default) or, with flatten, every place of it"
SEED_HELP = "the same seed gives the same split, and on the same machine the same model (default: 0)"
TARGET_HELP = "stop once validation accuracy reaches X"
LAYOUT_HELP = f"how folders are read: auto (default), {', '.join(KINDS)}"
OUTPUT_HELP = "softmax (default: a probability for each class) or, for two classes, sigmoid (one unit)"
MULTI_LABEL_HELP = "whether pictures may show several classes, or none (default: auto, when the table says so)"
GROUPS_HELP = "keep all pictures of a group (speaker, patient, video) on one side of the split (default: auto)"


READING_HELP = {
    "encoding": ("CODEPAGE", "how names in a zip, or a table, are written when they do not say it: cp1251, cp932 ..."),
    "file_column": ("NAME", "the column of a table that names files"),
    "text_column": ("NAME", "the column of a table that holds texts themselves"),
    "label_column": ("NAME", "the column of a table that gives the class"),
    "split_column": ("NAME", "the column of a table that says the split, or 'none'"),
    "split_values": ("VALUE=SPLIT,...", "what values of it, or folders, mean: 0=train,1=validation,2=test,old=none"),
    "class_columns": ("NAME,NAME", "the columns of 0 and 1 that are classes"),
    "pixel_scale": (
        "HOW",
        (
            "what is black and white in pictures of more than 8 bits, 0:4095 for 12 bits; of sounds, how they become "
            "spectrograms: bands=64,seconds=2 (also rate, window, hop, low, high, range)"
        ),
    ),
    "label_separator": ("MARK", f"what stands between two classes in a cell: {' '.join(SEPARATORS)}"),
}


ALSO = {"pixel_scale": ("--spectrogram",)}  # other names of an option


def _add(subparsers, name: str, command: str, text: str, *, json: bool = True) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    parser.add_argument("--workspace", metavar="DIR", help="where everything is kept (default: $GRAFT_WORKSPACE)")
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _add_source(parser: argparse.ArgumentParser, more: str = "") -> None:
    parser.add_argument("source", metavar="SOURCE", help=SOURCE_HELP + more)
    parser.add_argument("--layout", default="auto", choices=("auto", *KINDS), metavar="KIND", help=LAYOUT_HELP)
    parser.add_argument("--several-classes", choices=("auto", "yes", "no"), default="auto", help=MULTI_LABEL_HELP)
    reading = parser.add_argument_group("where files can be read in more ways ('check' asks and names the option)")
    for option, (metavar, text) in READING_HELP.items():
        reading.add_argument(flag(option), *ALSO.get(option, ()), metavar=metavar, help=text)
