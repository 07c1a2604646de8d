"""The process that reads model files: `python -m engine.backbones.model_import`, begun by `reading_process`.

A line of JSON comes in for every file, {"task", "path", "preparation", "target"}, and a line goes out:
{"facts"} or {"template", "values"}. It ends with its parent, or when nobody writes to it any more.
"""

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path

PARENT_LOOKED_AT = 1.0  # seconds
MOST_OPEN_FILES = 256


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_LOOKED_AT)
    os._exit(1)


def _limit_files() -> None:
    """Let this process hold few files open, and leave no image of its memory behind when it is killed."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_OPEN_FILES, MOST_OPEN_FILES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_written(most: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _answer(asked: dict) -> dict:
    from engine.backbones.model_import import import_model, model_file
    from engine.errors import UserError

    path = Path(asked["path"])
    try:
        _limit_written(asked["most_written"])
        found = import_model.read(path, asked["preparation"])
        if asked["task"] == "save":
            _save(found.model, Path(asked["target"]))
        return {"facts": found.facts()}
    except UserError as error:
        return error.to_dict()
    except Exception as error:  # noqa: BLE001 - whatever a file of somebody else can make a library say
        return model_file.cannot_build(path, error).to_dict()


def _save(model, target: Path) -> None:
    from engine.storage.workspace import disk_error

    try:
        model.save(target)
    except OSError as error:
        raise disk_error(target, error) from error


def main() -> None:
    """Answer until nobody asks."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    _limit_files()
    import engine.backbones.model_import.import_model  # noqa: F401  Keras, before the first file is waited for

    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
