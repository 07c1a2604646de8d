"""How many texts a second are drawn, cold and warm, with as many threads as there are cores."""

import argparse
import csv
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.backbones import device
from engine.data.modalities import text, text_drawing
from engine.errors import DataError

SIDE = 96


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="a CSV with the column sentence")
    with parser.parse_args().source.open(encoding="utf-8-sig", newline="") as file:
        written = [row["sentence"] for row in csv.DictReader(file)]
    drawable = [one for one in written if _can_be_drawn(one)]
    text_drawing.stamps.cache_clear()
    with ThreadPoolExecutor(device.cores()) as threads:
        for title in ("cold: every word for the first time", "warm: words that were drawn before"):
            began, worked = time.perf_counter(), time.process_time()
            list(threads.map(lambda one: text_drawing.drawn(one, SIDE), drawable))
            rate = len(drawable) / (time.perf_counter() - began)
            of_a_core = len(drawable) / (time.process_time() - worked)
            print(f"{title:38} {rate:7,.0f} texts/s, {of_a_core:7,.0f} a second of one core ({len(drawable):,} texts)")


def _can_be_drawn(written: str) -> bool:
    try:
        text.check(written)
    except DataError:
        return False
    return True


if __name__ == "__main__":
    main()
