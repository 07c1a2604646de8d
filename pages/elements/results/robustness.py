"""What the model stands: how right it still is when pictures are blurred, dark, turned or covered."""

from pathlib import Path

import streamlit as st

from engine import checkups, graft
from engine.evaluation import trust_charts
from pages.elements import page, shares
from pages.elements.gallery import Tile, gallery
from pages.elements.i18n import _, say
from pages.elements.results.drawing import chart, is_dark
from pages.elements.shares import percent

LOOK_AGAIN_SECONDS = 1.0


def view(folder: Path) -> None:
    """Offer the measurement, watch it, show it."""
    found = checkups.robustness(folder)
    if found is None or (not found["running"] and len(found["rows"]) < len(found["kinds"])):
        _offer(folder, found)
        return

    @st.fragment(run_every=LOOK_AGAIN_SECONDS if found["running"] else None, key="robustness")
    def part() -> None:
        now = checkups.robustness(folder)
        if found["running"] and not now["running"]:
            st.rerun()  # once for the whole page: it takes the timer away
        if now["running"]:
            done, total = len(now["rows"]), len(now["kinds"])
            st.progress(
                done / total, _("{done} of {total} kinds of disturbance are measured.").format(done=done, total=total)
            )
        if now["rows"]:
            _show(now["rows"], complete=not now["running"])

    part()


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


def _offer(folder: Path, found: dict | None) -> None:
    if found is not None and found["error"]:
        st.error(say(found["error"]["template"], found["error"]["values"]), icon=":material/error:")
    words = _(
        "Test pictures are blurred, darkened, turned, covered and so on, each in five strengths, and the model answers "
        "again. That shows which cameras, lights and crops it will not stand. It takes about a minute."
    )
    pressed = page.empty(
        ":material/blur_on:", _("What does it stand?"), words, button=_("Measure it now"), key="robustness-start"
    )
    if pressed:
        here = graft.current()
        checkups.start_robustness(here.ask, folder, here.workspace.root)
        st.rerun()


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
