"""Exports: size, milliseconds a picture and equal answers of every format, for runs that are there.

python -m benchmarks.exports --runs FOLDER/runs/ID FOLDER/runs/ID
"""

import argparse
from pathlib import Path

from engine.evaluation import results
from engine.sharing import export_job, export_table, formats
from engine.storage.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", nargs="+", required=True, metavar="FOLDER", help="directories of finished runs")
    for run_dir in map(Path, parser.parse_args().runs):
        measure(run_dir.resolve())


def measure(run_dir: Path) -> None:
    """Print a row a format, made anew."""
    kept = export_table.folder(run_dir)
    for path in kept.glob("*"):
        path.unlink()
    facts = results.evaluation(run_dir)
    print(f"\n{results.recipe(run_dir)['backbone']}, {facts['task']}, {facts['accuracy']:.1%} in the app")
    print("| format | MB | ms a picture | right | same answer | largest difference |\n|---|---|---|---|---|---|")
    keys = [form.key for form in formats.here()]
    export_job.make(run_dir, Workspace(run_dir.parents[1]), keys, lambda *_told, **_values: None)
    for key, row in export_table.rows(run_dir).items():
        shares = f"{row['accuracy']:.3f} | {row['same']:.3f} | {row['difference']:.1g}"
        print(f"| {formats.FORMATS[key].title} | {row['bytes'] / 1e6:.1f} | {row['milliseconds']:.1f} | {shares} |")


if __name__ == "__main__":
    main()
