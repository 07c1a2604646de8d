"""The command `learning-curve`: would more pictures help, or more training?"""

import sys

from engine.cli.evaluate import evaluation_result
from engine.cli.output import print_json
from engine.graft import Graft
from engine.storage.runs import find_run

SENTENCES = {
    "more": "More pictures help: twice as many would probably bring about {gain:.1f} points more.",
    "flat": "The curve is flat: more training or a larger network helps more, not more pictures of the same kind.",
    "perfect": "Every validation picture is right already: harder pictures would show more.",
    "unmeasured": "This was not measured: a share of so few training pictures is not enough to learn from.",
    "unclear": "There are too few validation pictures to tell whether more pictures would help.",
}


def learning_curve(options) -> None:
    """Print how right the probe of a run is after a tenth, a quarter, half and all of the training pictures."""
    run_dir = find_run(options.run)
    evaluation_result(run_dir)  # only a run that has ended has features to learn from
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        found = graft.compute.ask("learning_curve", run_dir, graft.workspace, timeout=3600)
    out = sys.stderr if options.json else sys.stdout
    for point in found["points"]:
        words = "{pictures:7} training pictures ({share:4.0%}): {accuracy:6.1%} of the validation pictures right"
        print(f"{words.format(**point)} ({point['low']:.1%} to {point['high']:.1%})", file=out)
    if twice := found["twice"]:
        between = f"{twice['low']:.1%} to {twice['high']:.1%}"
        print(
            f"{twice['pictures']:7} training pictures: about {twice['accuracy']:.1%} ({between}), estimated", file=out
        )
    print(SENTENCES[found["verdict"]].format(gain=100 * (found["gain"] or 0)), file=out)
    if options.json:
        print_json({"run": run_dir.name, **found})
