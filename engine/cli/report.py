"""`report`: the results of a run as one HTML file."""

from pathlib import Path

from engine.cli.output import end_progress, print_json
from engine.cli.runs import open_registry
from engine.evaluation import evaluators
from engine.storage import runs
from engine.storage.runs import find_run
from engine.storage.workspace import Workspace


def report(options) -> None:
    """Write the report of a run; its title is the run's name."""
    from engine.sharing import html_report  # with it come Plotly and Jinja, which no other command needs

    run_dir, target = find_run(options.run), Path(options.output).resolve()
    evaluators.check_handed_on(runs.read_recipe(run_dir).get("task", "one"))
    run = open_registry().run(run_dir.name)
    workspace = Workspace(run_dir.parents[1])
    html_report.write(run_dir, workspace, target, title=run.name if run else "", language=options.language)
    end_progress(f"The report of {run_dir.name} is in {target} ({target.stat().st_size / 1e6:.1f} MB)")
    if options.json:
        print_json({"run": run_dir.name, "file": str(target), "bytes": target.stat().st_size})
