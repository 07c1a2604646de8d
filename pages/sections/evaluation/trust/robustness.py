"""What the model stands: how right it still is when pictures are blurred, dark, turned or covered."""

from pathlib import Path

import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts import reliability
from engine.evaluation.metrics import intervals
from engine.services import run_measurements
from pages.components.gallery.gallery import Tile, gallery
from pages.sections.evaluation.trust import measurement
from pages.sections.evaluation.trust.measurement import Measurement
from pages.session.i18n import _, number
from pages.shared import page, percentages
from pages.shared.figures import chart, is_dark
from pages.shared.percentages import percent

# Where only a larger loss than this could be told from chance, nothing can be said about what breaks a model.
VISIBLE = 0.1


def view(folder: Path) -> None:
    """Offer the measurement, watch it, show it."""
    what = Measurement(
        run_measurements.ROBUSTNESS,
        ":material/blur_on:",
        _("What does it stand?"),
        _(
            "Test pictures are blurred, darkened, turned, covered and so on, each in five strengths, and the model "
            "answers again. That shows which cameras, lights and crops it will not stand. It takes about a minute."
        ),
        _("Measure it now"),
        _("Blurring, darkening, turning and asking again …"),
    )
    measurement.view(
        folder,
        what,
        lambda found: _show(folder, found["rows"], complete=True),
        lambda found: _show_part(folder, found["rows"]),
    )


def answer(folder: Path) -> str:
    """Return in a line what breaks it first; "" where that was not measured."""
    return measurement.answer(folder, run_measurements.ROBUSTNESS, lambda found: _verdict(found["rows"], kinds()))


def kinds() -> dict[str, str]:
    """Return the kinds of disturbance in words."""
    return {
        "blur": _("Blur"),
        "noise": _("Noise"),
        "brightness": _("Darkness"),
        "contrast": _("Low contrast"),
        "jpeg": _("JPEG compression"),
        "rotation": _("Rotation"),
        "occlusion": _("Covered parts"),
    }


def _show_part(folder: Path, rows: list[dict]) -> None:
    if rows:
        _show(folder, rows, complete=False)


def _show(folder: Path, rows: list[dict], *, complete: bool) -> None:
    names = kinds()
    if complete:
        st.markdown(f"#### {_verdict(rows, names)}")
    chart(
        reliability.robustness_figure(rows, names, dark=is_dark(), _=_),
        "robustness-chart",
        _("Right answers in 100 for every kind and strength of disturbance"),
    )
    if (facts := results.evaluation(folder)) is not None:
        st.caption(_measured_on(rows[0]["pictures"], facts["counts"]["test"]))
    if complete:
        _examples(rows, names)


def _measured_on(measured: int, pictures: int) -> str:
    line = _("Right of an upright line it is worse by more than chance.")
    if measured >= pictures:
        words = _("Right answers in 100, on {n} test pictures.").format(n=number(pictures))
    else:
        words = _(
            "Right answers in 100, on {n} of the {all} test pictures, drawn evenly from every class to keep this "
            "short: “as it is” may differ a little from the figure at the top."
        ).format(n=number(measured), all=number(pictures))
    return f"{words} {line}"


def _verdict(rows: list[dict], names: dict[str, str]) -> str:
    """Say what breaks it first; where nothing does by more than chance, what was worst and what cannot be told."""
    row, strength = _telling(rows)
    values = {"kind": names[row["kind"]], "n": strength, "pictures": number(row["pictures"])}
    before, now = row["accuracy"][0], row["accuracy"][strength]
    shown: dict[str, int | str] = {"now": percentages.per_hundred(now), "before": percentages.per_hundred(before)}
    if row["breaks"]:
        words = _(
            "It breaks first under “{kind}”: from strength {n} on it is right {now} instead of {before} times in 100."
        )
    elif intervals.least_lost() > VISIBLE * row["pictures"]:
        words = _(
            "{pictures} test pictures are too few to show what breaks it: up to {least} lost ones may be chance. Worst "
            "was “{kind}”: at strength {n} it is right on {now} instead of {before} pictures."
        )
        shown = {name: round(share * row["pictures"]) for name, share in (("now", now), ("before", before))}
        shown["least"] = intervals.least_lost() - 1
    elif now < before:
        words = _(
            "Nothing of this makes it worse by more than chance. Worst was “{kind}”: at strength {n} it is right {now} "
            "instead of {before} times in 100."
        )
    else:
        words = _("Nothing of this makes it worse: it stays as right as on the pictures as they are.")
    return words.format(**values, **shown)


def _telling(rows: list[dict]) -> tuple[dict, int]:
    """Return the kind and the strength that the headline tells of: where it breaks first, else where it is worst."""
    broken = [row for row in rows if row["breaks"]]
    if broken:
        first = min(broken, key=lambda row: (row["breaks"], row["accuracy"][row["breaks"]]))
        return first, first["breaks"]
    lowest = min(rows, key=lambda row: min(row["accuracy"][1:]))
    return lowest, 1 + lowest["accuracy"][1:].index(min(lowest["accuracy"][1:]))


def _examples(rows: list[dict], names: dict[str, str]) -> None:
    """One picture at every strength of a kind, first of the one that the headline tells of: what strengths mean."""
    told = _telling(rows)[0]["kind"]
    chosen = page.choice(
        _("Kind"), {row["kind"]: names[row["kind"]] for row in rows}, key="robustness-kind", default=told
    )
    row = next(row for row in rows if row["kind"] == chosen)
    tiles = [
        Tile(
            id=strength,
            src=source,
            caption=_("Strength {n}").format(n=strength) if strength else _("As it is"),
            note=_("breaks: {share}").format(share=percent(row["accuracy"][strength]))
            if strength == row["breaks"]
            else percent(row["accuracy"][strength]),
            tone="bad" if row["breaks"] and strength >= row["breaks"] else "good",
        )
        for strength, source in enumerate(row["examples"])
    ]
    gallery(tiles, key=f"robustness-examples-{chosen}", size=120)
