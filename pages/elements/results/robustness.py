"""What the model stands: how right it still is when pictures are blurred, dark, turned or covered."""

from pathlib import Path

import streamlit as st

from engine import checkups
from engine.evaluation import trust_charts
from pages.elements import page, shares
from pages.elements.gallery import Tile, gallery
from pages.elements.i18n import _
from pages.elements.results import measurement
from pages.elements.results.drawing import chart, is_dark
from pages.elements.results.measurement import Measurement
from pages.elements.shares import percent


def view(folder: Path) -> None:
    """Offer the measurement, watch it, show it."""
    what = Measurement(
        checkups.ROBUSTNESS,
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
        folder, what, lambda found: _show(found["rows"], complete=True), lambda found: _show_part(found["rows"])
    )


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


def _show_part(rows: list[dict]) -> None:
    if rows:
        _show(rows, complete=False)


def _show(rows: list[dict], *, complete: bool) -> None:
    names = kinds()
    if complete:
        st.markdown(f"#### {_verdict(rows, names)}")
    chart(
        trust_charts.robustness_figure(rows, names, dark=is_dark(), _=_),
        "robustness-chart",
        _("Right answers in 100 for every kind and strength of disturbance"),
    )
    st.caption(
        _(
            "Right answers in 100, on {n} test pictures. Right of an upright line it is worse by more than chance."
        ).format(n=rows[0]["pictures"])
    )
    if complete:
        _examples(rows, names)


def _verdict(rows: list[dict], names: dict[str, str]) -> str:
    broken = [row for row in rows if row["breaks"]]
    if not broken:
        return _("Nothing of this breaks it: it stays about as right as on the pictures as they are.")
    first = min(broken, key=lambda row: (row["breaks"], row["accuracy"][row["breaks"]]))
    return _(
        "It breaks first under “{kind}”: from strength {n} on it is right {now} instead of {before} times in 100."
    ).format(
        kind=names[first["kind"]],
        n=first["breaks"],
        now=shares.per_hundred(first["accuracy"][first["breaks"]]),
        before=shares.per_hundred(first["accuracy"][0]),
    )


def _examples(rows: list[dict], names: dict[str, str]) -> None:
    """One picture at every strength of the kind that is chosen: one sees what the strengths mean."""
    worst = min(rows, key=lambda row: row["accuracy"][-1])["kind"]
    chosen = page.choice(
        _("Kind"), {row["kind"]: names[row["kind"]] for row in rows}, key="robustness-kind", default=worst
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
