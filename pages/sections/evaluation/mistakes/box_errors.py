"""What went wrong with objects: pictures for each kind of mistake, with what is there and what was claimed."""

from pathlib import Path

import streamlit as st

from engine.evaluation import detection_results
from engine.evaluation.detection_results import Looked
from engine.evaluation.metrics import detection_errors
from engine.evaluation.metrics.detection_errors import Judged
from engine.storage.evaluation import Evaluation
from pages.components.gallery.gallery import Tile, gallery, page_of
from pages.session.i18n import _, number, plural
from pages.session.safe_text import md_escape
from pages.shared import page
from pages.shared.dataset import boxed_pictures
from pages.shared.percentages import percent, with_interval

PER_PAGE = 12
TRUE, CLAIMED = "#009E73", "#D55E00"


def view(facts: Evaluation, folder: Path) -> None:
    """Show the kinds of mistakes with how many there are of each, and the pictures of the chosen one."""

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(folder)
        least = detection_results.thresholds(folder, facts)
        looked = [(one, one.judged()) for one in (each.claimed(least) for each in detection_results.pictures(folder))]
        kinds = titles()
        numbers = {kind: sum(one.kind == kind for _each, own in looked for one in own) for kind in kinds}
        words = {kind: f"{title} · {number(numbers[kind])}" for kind, title in kinds.items()}
        kind = page.choice(_("Which mistakes"), words, key="box-errors")
        st.caption(f"{explained()[kind]} {_('Unbroken: what is there. Broken: what it claims.')}")
        _pictures(folder, looked, kind, facts["class_names"])

    part()


def titles() -> dict[str, str]:
    return {
        detection_errors.MISSED: _("Missed"),
        detection_errors.INVENTED: _("Invented"),
        detection_errors.WRONG_CLASS: _("Wrong class"),
        detection_errors.DOUBLE: _("Found twice"),
        detection_errors.PLACED: _("Badly placed"),
    }


def explained() -> dict[str, str]:
    return {
        detection_errors.MISSED: _("It claims nothing where an object is."),
        detection_errors.INVENTED: _("It claims an object where none is: look whether a box was forgotten."),
        detection_errors.WRONG_CLASS: _("It finds the object and takes it for another class."),
        detection_errors.DOUBLE: _("It claims the same object once more."),
        detection_errors.PLACED: _("Its middle is right, but both boxes overlap by less than half."),
    }


def _pictures(folder: Path, looked: list[tuple[Looked, list[Judged]]], kind: str, class_names: list[str]) -> None:
    """Show the pictures with most mistakes of a kind first; only the objects that are part of one are drawn."""
    rows = [(one, [each for each in own if each.kind == kind]) for one, own in looked]
    rows = sorted([row for row in rows if row[1]], key=lambda row: -len(row[1]))
    if not rows:
        st.success(_("There is no such mistake on the test pictures."), icon=":material/check_circle:")
        return
    start = page_of(len(rows), key=f"box-errors-page-{kind}-{folder.name}", per_page=PER_PAGE)
    tiles = [_tile(one, own, class_names) for one, own in rows[start : start + PER_PAGE]]
    gallery(tiles, key=f"box-errors-{kind}", size=220)


def _tile(one: Looked, own: list[Judged], class_names: list[str]) -> Tile:
    boxes = [(*one.true[each.true, :4], TRUE, False) for each in own if each.true >= 0]
    boxes += [(*one.found[each.found, :4], CLAIMED, True) for each in own if each.found >= 0]
    drawn = [(float(a), float(b), float(c), float(d), ink, broken) for a, b, c, d, ink, broken in boxes]
    names = [_named(one, each, class_names) for each in own[:3]]
    more = " …" if len(own) > len(names) else ""
    return Tile(one.item, boxed_pictures.address(one.sha256, drawn), ", ".join(names) + more, one.name, "bad")


def _named(one: Looked, each: Judged, class_names: list[str]) -> str:
    true = class_names[int(one.true[each.true, 4])] if each.true >= 0 else ""
    if each.found < 0:
        return true
    found, sure = class_names[int(one.found[each.found, 5])], percent(float(one.found[each.found, 4]))
    return f"{true} → {found} {sure}" if true and true != found else f"{found} {sure}"


def classes(facts: dict) -> None:
    """Show how each class fares, with intervals."""
    rows = [
        {
            _("Class"): row["class"],
            _("Found"): with_interval(row["recall"], row["recall_interval"]),
            _("Rightly claimed"): with_interval(row["precision"], row["precision_interval"]),
            _("F1 at the centre"): with_interval(row["f1"], row["f1_interval"]),
            "AP50": percent(row["average_precision"]),
            _("Objects"): row["support"],
            _("Claimed from"): percent(row["threshold"]),
        }
        for row in facts["per_class"]
    ]
    st.dataframe(rows, hide_index=True)


def confusion(facts: dict) -> None:
    """Show which class was taken for which, with nothing as one of them."""
    names = [*facts["class_names"], _("nothing")]
    st.caption(_("Rows: what is there. Columns: what was claimed."))
    rows = [
        {_("There is"): name, **{f"→ {other}": value for other, value in zip(names, row, strict=True)}}
        for name, row in zip(names, facts["confusion"], strict=True)
    ]
    st.dataframe(rows, hide_index=True)


def costs(facts: Evaluation, folder: Path) -> None:
    """Choose from which confidence on objects are claimed, by what a miss and a false alarm cost."""
    st.markdown(_("**How much worse is it to miss an object than to claim one that is not there?**"))
    ratios = {"0.2": 0.2, "0.5": 0.5, "1": 1.0, "2": 2.0, "5": 5.0, "10": 10.0}
    words = {ratio: _("{n} times").format(n=ratio) if value != 1 else _("as bad") for ratio, value in ratios.items()}
    chosen = st.select_slider(
        _("How many times worse a miss is"),
        list(ratios),
        "1",
        format_func=words.__getitem__,
        label_visibility="collapsed",
        key=f"box-costs-{folder.name}",
    )
    if st.button(_("Claim by this"), icon=":material/tune:", key="box-costs-use"):
        detection_results.choose(folder, ratios[chosen], 1.0)
        st.rerun()
    least = detection_results.thresholds(folder, facts)
    judged = [one for each in detection_results.pictures(folder) for one in each.claimed(least).judged()]
    missed = sum(one.kind == detection_errors.MISSED for one in judged)
    wrong = sum(one.kind in (detection_errors.INVENTED, detection_errors.DOUBLE) for one in judged)
    now = _("As it is set now, {missed} and {invented} on the test pictures.").format(
        missed=plural("{n} object is missed", "{n} objects are missed", missed),
        invented=plural("{n} is invented or claimed twice", "{n} are invented or claimed twice", wrong),
    )
    own = ", ".join(
        f"{md_escape(name)} {percent(value)}" for name, value in zip(facts["class_names"], least, strict=True)
    )
    st.caption(f"{now} {_('Claimed from: {thresholds}.').format(thresholds=own)}")
