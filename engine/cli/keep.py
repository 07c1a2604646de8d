"""`keep`: choose which model of a run on texts answers, the network or the character n-grams beside it."""

import sys

from engine.cli.output import print_json
from engine.errors import UserError
from engine.evaluation import beside_network
from engine.storage.runs import find_run


def keep(options) -> None:
    """Let this model answer from now on, in Try it and in 'predict'."""
    run_dir = find_run(options.run)
    if not beside_network.has_ngram(run_dir):
        raise UserError("The run {run} has no other model: only runs on texts learn n-grams too.", run=run_dir.name)
    beside_network.keep(run_dir, options.model)
    words = {"network": "The network answers from now on.", "ngram": "The character n-grams answer from now on."}
    print(words[options.model], file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print_json({"run": run_dir.name, "answers": options.model})
