"""One card of the report: what was found, the pictures, what to do about it, and the buttons that do it."""

from collections.abc import Callable, Sequence

import streamlit as st

from engine import graft
from engine.storage.registry import Item, Project
from pages.components.gallery import gallery
from pages.sections.data_upload import tabs
from pages.sections.data_upload.check import fixes, open_findings
from pages.sections.data_upload.check.open_findings import ASKED, Report
from pages.session.i18n import _, number, plural, say
from pages.session.safe_text import md_escape
from pages.shared.dataset import label_kinds, picture_actions, pictures

ICONS = {
    "conflict": "compare",
    "across_splits": "call_split",
    "no_class": "label_off",
    "one_class": "looks_one",
    "small_class": "bar_chart",
    "imbalance": "bar_chart",
    "similar_names": "spellcheck",
    "name_groups": "groups",
    "label_error": "contact_support",
    "outlier": "scatter_plot",
    "duplicates": "content_copy",
    "near_duplicates": "content_copy",
    "blank": "crop_square",
    "blurred": "blur_on",
    "dark": "brightness_3",
    "bright": "brightness_high",
    "too_small": "photo_size_select_small",
    "odd_shape": "aspect_ratio",
    "look_alikes": "filter_none",
    "silent": "volume_off",
    "clipped": "graphic_eq",
    "dc_offset": "align_vertical_center",
    "odd_length": "timer",
    "very_long": "hourglass_bottom",
    "inseparable": "join_inner",
    "leakage": "leak_add",
    "refused": "rule",
}
COLOURS = {"error": "red", "warning": "orange", "question": "blue", "note": "gray"}
FIRST, ALL = 12, 48  # pictures of a collected finding: at first, and on a page once all are asked for
ENOUGH_ANSWERS = 5  # from so many on their share says something
FAMILIES = 12  # on a page
CONFLICTS = 4  # on a page: each has buttons of its own
ROWS = 6  # sentences of one kind without pictures, before they are folded


def card(project: Project, report: Report, group: Sequence[dict], body: Callable[[], None] | None = None) -> None:
    """Draw findings of one kind as one card. `body` stands for pictures and buttons where a kind has its own."""
    first = group[0]
    key = key_of(first)
    with st.container(border=True, key=key):
        with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-head"):
            st.markdown(f"{icon(first)} **{headline(group)}**", width="stretch")
            if first["severity"] != "error":
                _fine(project, group, key)
        _inside(project, report, group, key, body)


def folded(project: Project, report: Report, group: Sequence[dict], body: Callable[[], None] | None = None) -> None:
    """Draw findings of one kind as one line that opens: what is only worth knowing takes no more room than that."""
    key = key_of(group[0])
    with st.expander(f"{icon(group[0])} {headline(group)}", key=key):
        _inside(project, report, group, key, body)
        _fine(project, group, key)


def key_of(finding: dict) -> str:
    """Return the key of a card."""
    return f"finding-{finding['kind']}-{finding['severity']}"


def icon(finding: dict) -> str:
    """Return the icon of a kind in the colour of its severity, as Markdown."""
    return f":{COLOURS[finding['severity']]}[:material/{ICONS.get(finding['kind'], 'info')}:]"


def _inside(project: Project, report: Report, group: Sequence[dict], key: str, body: Callable | None) -> None:
    first = group[0]
    if first["kind"] not in ASKED and (len(group) == 1 or first["kind"] == "conflict"):
        st.caption(say(first["fix"], first["values"]))
    if body is not None:
        body()
    elif first["kind"] in ASKED:
        _asked(project, report, first)
    elif len(group) == 1:
        _pictures(project, report, first, key)
        fixes.buttons(project, report, first, key)
    elif all(len(finding.get("families", ())) == 1 for finding in group):
        _by_family(project, report, group, key)
    else:
        _one_below_the_other(project, report, group, key)


def _fine(project: Project, group: Sequence[dict], key: str) -> None:
    words = _("Takes it out of the report. It comes back when there is more of it, or when you ask for it below.")
    if st.button(_("This is fine"), type="tertiary", icon=":material/done:", key=f"{key}-fine", help=words):
        open_findings.set_aside(project, group)
        st.rerun()


def headline(group: Sequence[dict]) -> str:
    """Return one sentence for findings of one kind, safe inside Markdown."""
    first, count = group[0], len(group)
    if first["kind"] in ASKED:
        return asked_words(first)
    if count == 1:
        return say(first["message"], first["values"])
    if first["kind"] == "conflict":
        return _("{n} pictures lie in more than one class").format(n=number(count)) + "."
    if first["kind"] == "small_class":
        return _("{n} classes have few pictures").format(n=number(count)) + "."
    if first["kind"] == "refused":
        files = sum(len(finding["files"]) for finding in group)
        return plural("{n} file was not used.", "{n} files were not used.", files)
    return f"{say(first['message'], first['values'])} {_('And {n} more of this kind.').format(n=number(count - 1))}"


def asked_words(finding: dict) -> str:
    """Return how many pictures are asked about, and what the question is."""
    count = len(finding["questions"])
    if finding["kind"] == "outlier":
        return plural(
            "{n} picture looks unlike the others of its class.",
            "{n} pictures look unlike the others of their class.",
            count,
        )
    return plural("{n} picture may lie in the wrong class.", "{n} pictures may lie in the wrong class.", count)


def _asked(project: Project, report: Report, finding: dict) -> None:
    from pages.sections.data_upload.check import label_questions

    shown = [report.items[question["item"]] for question in finding["questions"]]
    if finding["kind"] == "label_error":
        st.caption(_rate(*open_findings.answered(project, finding["kind"])))
    else:
        st.caption(_("Rare is not wrong: an unusual picture may be the one a model learns most from."))
    pictures.row(shown, most=8)
    if st.button(_("Look at them one by one"), icon=":material/visibility:", key=f"ask-{finding['kind']}"):
        label_questions.open_panel(project, report, finding)
        st.rerun()


def _rate(answered: int, wrong: int) -> str:
    """Return how far such suspicions are to be believed here, by the answers so far and not by those of others."""
    words = _("These are questions, not errors, the surest first. Nothing is changed by itself.")
    if answered < ENOUGH_ANSWERS:
        return words
    told = _("Of the {n} you have looked at, {wrong} were in the wrong class.")
    return f"{words} {told.format(n=number(answered), wrong=number(wrong))}"


def _pictures(project: Project, report: Report, finding: dict, key: str) -> None:
    """Show what a finding is about: families of copies, pictures, or names of files."""
    if "families" in finding:
        _families(report, finding["families"], key)
    elif finding["kind"] == "name_groups":
        pictures.row([report.items[item] for item in finding["items"] if item in report.items], most=8)
    elif items := [report.items[item] for item in finding["items"] if item in report.items]:
        _collected(project, items, key)
    elif finding["files"]:
        _file_names(finding)
        _account(finding, key)


def _account(finding: dict, key: str) -> None:
    """Lead from refused files to the account of their import, where all are named."""
    if finding["kind"] != "refused":
        return
    if st.button(_("See the account"), icon=":material/arrow_forward:", type="tertiary", key=f"{key}-account"):
        tabs.open_section("history")


def _collected(project: Project, items: Sequence[Item], key: str) -> None:
    """Show pictures that can be selected: the first dozen, or all of them by pages."""
    every = st.session_state.get(f"{key}-all", False)
    place = st.container()
    offset = gallery.page_of(len(items), key=f"{key}-page", per_page=ALL) if every else 0
    shown = items[offset : offset + (ALL if every else FIRST)]
    with place:
        chosen = gallery.gallery(
            pictures.tiles(shown),
            key=f"{key}-gallery",
            selectable=True,
            size=96,
            clear=picture_actions.cleared(),
        )
    if chosen:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-bar"):
            words = plural("{n} picture chosen", "{n} pictures chosen", len(chosen))
            st.markdown(f"**{words}**", width="content")
            found = list(graft.current().registry.items_by_id(chosen).values())
            label_kinds.of(project).edit(project, found, key=key)
    if len(items) > FIRST and not every:
        words = _("Show all {n}").format(n=number(len(items)))
        st.button(
            words, type="tertiary", icon=":material/expand_more:", key=f"{key}-more", on_click=_show_all, args=[key]
        )


def _show_all(key: str) -> None:
    st.session_state[f"{key}-all"] = True


def _families(report: Report, families: Sequence[Sequence[int]], key: str) -> None:
    """Show the members of each family side by side, some families on a page."""
    place = st.container()
    offset = gallery.page_of(len(families), key=f"{key}-page", per_page=FAMILIES)
    with place:
        pictures.families(
            [[report.items[i] for i in family if i in report.items] for family in families[offset : offset + FAMILIES]]
        )


def _by_family(project: Project, report: Report, group: Sequence[dict], key: str) -> None:
    """Show findings that are about one family each: its members side by side, its buttons next to them."""
    place = st.container()
    offset = gallery.page_of(len(group), key=f"{key}-page", per_page=CONFLICTS)
    with place:
        for finding in group[offset : offset + CONFLICTS]:
            family = finding["families"][0]
            own = f"{key}-{min(family)}"
            with st.container(horizontal=True, vertical_alignment="center", border=True, key=own):
                pictures.row([report.items[item] for item in family if item in report.items], side=112, most=6)
                fixes.buttons(project, report, finding, own)


def _one_below_the_other(project: Project, report: Report, group: Sequence[dict], key: str) -> None:
    """Write findings of one kind one below the other, the first ones at once."""
    for position, finding in enumerate(group[:ROWS]):
        _sentence(project, report, finding, f"{key}-{position}")
    if len(group) > ROWS:
        with st.expander(_("… and {n} more").format(n=number(len(group) - ROWS)), key=f"{key}-rest"):
            for position, finding in enumerate(group[ROWS:]):
                _sentence(project, report, finding, f"{key}-rest-{position}")


def _sentence(project: Project, report: Report, finding: dict, key: str) -> None:
    st.markdown(f"{say(finding['message'], finding['values'])} :gray[{say(finding['fix'], finding['values'])}]")
    _pictures(project, report, finding, key)
    fixes.buttons(project, report, finding, key)


def _file_names(finding: dict, most: int = 6) -> None:
    names = ", ".join(md_escape(name) for name in finding["files"][:most])
    more = _(" … and {n} more").format(n=number(len(finding["files"]) - most)) if len(finding["files"]) > most else ""
    st.caption(names + more)
