"""How the command line speaks: progress on standard error, results on standard output."""

import contextlib
import json
import sys

from engine import translation
from engine.errors import UserError


def in_words(status: dict) -> str:
    sentence = str(UserError(status.get("message", ""), **status.get("values", {})))
    return translation.one_of_a_kind(sentence, "en")


def show_progress(words: str, status: dict) -> None:
    left = status.get("seconds_left")
    line = f"{status.get('progress') or 0:4.0%}  {words}"
    if left:
        line = f"{line.removesuffix('.')}, {left:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r\033[K{line[:110]}", end="", file=sys.stderr, flush=True)
    elif line != _said[0]:
        print(line, file=sys.stderr)
    _said[0] = line


_said = [""]  # the last line of progress, not to be repeated


def end_progress(words: str) -> None:
    print(f"\r\033[K{words}" if sys.stderr.isatty() else words, file=sys.stderr)


def print_json(value: dict) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(value, ensure_ascii=False), flush=True)
