"""Grow a network like Sprout from unlabelled pictures: python -m engine.backbones.distillation --help.

The command alone; engine.backbones.distillation.distill does the work. Running it again goes on where the last
run ended.
"""

import argparse
import os
import sys
from pathlib import Path

from engine.backbones.distillation.plan import MEANINGS, Plan
from engine.compute.quiet_stderr import quiet_stderr
from engine.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """Distil from the command line; return 0, 2 after a sentence about what can be put right, 130 when stopped."""
    options = vars(_parser().parse_args(arguments))
    out, weights_dir = Path(options.pop("out")), options.pop("weights_dir")
    try:
        named = {name: tuple(options[name]) for name in ("images", "teacher_layers")}
        plan = Plan(**{**options, **named})
        plan.validate()
        plan.check_folder(out)
        print(_engine().distill(plan, out, Path(weights_dir) if weights_dir else None))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped. The same command goes on from the last checkpoint in {out}.", file=sys.stderr)
        return 130
    return 0


def _engine():
    """Return the module that trains. Loaded late, so that a wrong choice is told at once, and without greetings."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        from engine.backbones import device
        from engine.backbones.distillation import distill

        device.has_gpu()
    return distill


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.backbones.distillation",
        description="Grow a network like Sprout from a folder of pictures, without labels.",
        epilog="The finished weights are DIR/sprout.npz. Stop at any time: the same command goes on where it was. "
        "docs/backbone.md says how to judge and use what has grown.",
    )
    parser.add_argument("--teacher", required=True, metavar="KEY", help="a network of 'python -m engine backbones'")
    parser.add_argument("--images", required=True, nargs="+", metavar="DIR", help="folders of pictures, labels unused")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the training lives; the same one resumes it")
    parser.add_argument("--weights-dir", metavar="DIR", help="folder with the teacher's weights under Keras' own name")
    parser.add_argument(
        "--teacher-layers", nargs="+", default=[], metavar="NAME", help="layers of the teacher to imitate as well"
    )
    for name, meaning in MEANINGS.items():
        default = getattr(Plan, name)
        option, metavar = f"--{name.replace('_', '-')}", "WEIGHTS" if name == "start" else "N"
        parser.add_argument(
            option,
            type=int if default is None else type(default),
            default=default,
            metavar=metavar,
            help=f"{meaning} (default: {'its own' if default is None else default})",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
