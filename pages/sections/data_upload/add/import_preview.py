"""What has arrived and how it would be read, shown before anything is stored: use it, read it otherwise, or cancel.

What is asked stands on the server's disk, so that a refresh, a restart or a colleague's browser finds it again.
"""

import html
from typing import Any

import streamlit as st

from engine import graft
from engine.data.split import SPLITS
from engine.storage.registry import Project
from pages.sections.data_upload.add import imports, label_kind_choice, reading_questions
from pages.sections.data_upload.add.folder_layout import gives, words
from pages.session import state
from pages.session.i18n import _, decimal, number, plural, say
from pages.session.safe_text import md_escape
from pages.session.worker_answers import LOOK_AGAIN_SECONDS

STYLE = """<style>
.arrival { display: grid; grid-template-columns: auto 1fr; gap: .55rem .9rem; align-items: baseline; margin: .2rem 0; }
.arrival > span { font-size: .875rem; opacity: .7; }
.arrival > div { display: flex; flex-wrap: wrap; gap: .4rem; }
.arrival i { font-style: normal; border: 1px solid rgba(128, 140, 132, .4); border-radius: 1rem; padding: .1rem .7rem;
  font-size: .9rem; line-height: 1.6; max-width: 100%; overflow-wrap: anywhere; }
.arrival b { font-weight: 600; font-variant-numeric: tabular-nums; opacity: .75; margin-left: .4rem; }
.arrival i.more { border-style: dashed; }
@media (max-width: 640px) { .arrival { grid-template-columns: 1fr; gap: .25rem; } }
</style>"""


def cards(project: Project) -> bool:
    """Show a card for each upload that waits for an answer; return True when there is one."""
    waiting = graft.current().imports.waiting(project.dataset_id)
    for place, entry in enumerate(waiting):
        with st.container(border=True, key=f"arrival-{entry['id']}"):
            _card(project, entry, primary=place == 0)
    return bool(waiting)


def on_the_way(dataset_id: str) -> bool:
    """Tell whether pictures are being read, or wait for an answer."""
    here = graft.current()
    return bool(here.imports.waiting(dataset_id) or here.imports.running(dataset_id))


@st.fragment(run_every=LOOK_AGAIN_SECONDS)
def look_again(dataset_id: str) -> None:
    """Draw the page anew when nothing is on its way any more."""
    if not on_the_way(dataset_id):
        st.rerun()


def _card(project: Project, entry: dict, primary: bool) -> None:
    seen, choices = entry["arrival"], {choice["kind"]: choice for choice in entry["arrival"]["choices"]}
    key = f"arrival-layout-{entry['id']}"
    if st.session_state.get(key) not in choices:  # an answer has changed what there is to choose from
        st.session_state.pop(key, None)
    chosen = choices[st.session_state.get(key, seen["recommended"])]
    st.markdown(f":material/inventory_2: **{md_escape(entry['title'])}** · {_size(seen)}")
    read = label_kind_choice.reading(project, entry["id"], chosen)
    if not seen["pictures"]:
        st.markdown(f"#### {_('No file in it has the name of a picture.')}")
    else:
        st.markdown(f"#### {_headline(read)}")
        _what_it_gives(read)
        reading_questions.ask(entry)
        label_kind_choice.ask(project, entry["id"], chosen)
    loose = _what_else(entry["id"], seen, read)
    useless = seen["complete"] and not seen["pictures"]  # of a large one, only the beginning was seen
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(choices) > 1 and seen["pictures"]:
            st.selectbox(
                _("How folders are read"),
                list(choices),
                list(choices).index(seen["recommended"]),
                format_func=lambda kind: _option(label_kind_choice.reading(project, entry["id"], choices[kind])),
                key=key,
                width=480,
                help=_("A group is something the result should be shown for: a language, a speaker, a camera."),
            )
        st.space("stretch")
        if st.button(_("Cancel"), key=f"arrival-cancel-{entry['id']}", help=_("Deletes what was sent.")):
            _cancel(project, entry["id"])
        pressed = st.button(
            _("Bring them in"),
            type="primary" if primary else "secondary",
            icon=":material/check:",
            key=f"arrival-use-{entry['id']}",
            disabled=useless,
            help=_("There is no picture in it. Cancel, and choose another file or folder.") if useless else None,
        )
        if pressed:
            _use(project, entry, chosen, loose)


def _use(project: Project, entry: dict, choice: dict, loose: bool) -> None:
    imports.name_after(project, entry["title"])
    seen = entry["arrival"]
    layout = choice["kind"]
    answer: dict[str, Any] = {"several_classes": label_kind_choice.wanted(project, entry["id"], choice)}
    if layout == "label":
        answer |= {"layout": "flat", "label": choice["label"]}
    elif not seen["complete"] and layout == seen["recommended"]:
        answer |= {"loose": loose}  # only its beginning was seen: the whole of it may say more
    else:
        answer |= {"layout": layout, "loose": loose}
    graft.current().imports.answer(entry["id"], **answer)
    st.rerun()


def _cancel(project: Project, import_id: str) -> None:
    """Delete the upload, and the project that was begun only for it."""
    here = graft.current()
    here.imports.discard(import_id)
    dataset_id = project.dataset_id
    others = here.imports.waiting(dataset_id) or here.imports.running(dataset_id)
    if st.session_state.get(state.BEGUN_HERE) == project.id and not others and not here.registry.imports(dataset_id):
        here.delete_project(project.id)
        state.open_project(None)
    st.toast(_("Cancelled. Nothing was added."))
    st.rerun()


def _size(seen: dict) -> str:
    megabytes = seen["bytes"] / 1e6
    size = decimal(megabytes, ".1f" if megabytes < 10 else ".0f")
    pictures = plural("{n} picture", "{n} pictures", seen["pictures"])
    if not seen["complete"]:
        pictures = _("more than {pictures}").format(pictures=pictures)
    return f"{pictures} · {size} MB · " + _("nothing is stored yet")


def _headline(choice: dict) -> str:
    """Return what the pictures would be, in one sentence that asks."""
    if choice["kind"] in ("flat", "split"):
        return _("The pictures would come in without a class.")
    if choice["kind"] == "label":
        return _("All of them would be one class: {label}.").format(label=md_escape(choice["label"]))
    if choice["kind"] == "boxes":
        objects = plural("{n} object", "{n} objects", choice["objects"])
        return _("I see {objects} of {what} in boxes ({format}). Use these pictures?").format(
            objects=objects, what=gives(choice), format=choice["format"]
        )
    what = gives(choice)
    if choice["kind"] == "table":
        table = md_escape(", ".join(choice["tables"]))
        return _("The table {table} gives {what}. Use these pictures?").format(table=table, what=what)
    if choice["splits"]:
        return _("I see {what}, and a division into {parts}. Use these pictures?").format(
            what=what, parts=_parts(choice)
        )
    return _("I see {what}. Use these pictures?").format(what=what)


def _parts(choice: dict) -> str:
    return " / ".join(_parts_in_words()[part] for part in SPLITS if part in choice["splits"])


def _parts_in_words() -> dict[str, str]:
    return {"train": _("training"), "validation": _("validation"), "test": _("test")}


def _option(choice: dict) -> str:
    if choice["kind"] == "label":
        return _("all pictures are one class: {label}").format(label=choice["label"])
    if choice["kind"] in ("flat", "split"):
        return words()[choice["kind"]]
    return f"{words()[choice['kind']]} — {gives(choice)}"


def _what_it_gives(choice: dict) -> None:
    """Name the first classes, groups and parts with their numbers of pictures."""
    splits = [(_parts_in_words()[part], choice["splits"][part]) for part in SPLITS if part in choice["splits"]]
    rows = [
        (_("Classes"), choice["classes"], choice["num_classes"]),
        (_("Groups"), choice["groups"], choice["num_groups"]),
        (_("Parts"), splits, len(splits)),
    ]
    lines = [_line(title, entries, total) for title, entries, total in rows if entries]
    if lines and choice["kind"] != "label":
        st.html(f'{STYLE}<div class="arrival">{"".join(lines)}</div>')


def _line(title: str, entries: list, total: int) -> str:
    chips = [f'<i role="listitem">{html.escape(name)}<b>{number(count)}</b></i>' for name, count in entries]
    if total > len(entries):
        more = _("… and {n} more").format(n=number(total - len(entries)))
        chips.append(f'<i role="listitem" class="more">{html.escape(more)}</i>')
    title = html.escape(title)
    return f'<span>{title}</span><div role="list" aria-label="{title}">{"".join(chips)}</div>'


def _what_else(import_id: str, seen: dict, choice: dict) -> bool:
    """Say what would be refused, so that nobody is surprised; return whether pictures without a class are to come in.

    What was not understood is said before, since it may be mended and sent again.
    """
    for problem in seen.get("unread", []):
        st.warning(say(problem["template"], problem["values"]), icon=":material/table:")
    loose = _outside(import_id, choice)
    _about_the_table(choice)
    _about_the_boxes(choice)
    others = seen["others"]
    if others["count"]:
        names = ", ".join(md_escape(name) for name in others["names"])
        more = " …" if others["count"] > len(others["names"]) else ""
        words = plural(
            "{n} file is no picture and will be listed as refused:",
            "{n} files are not pictures and will be listed as refused:",
            others["count"],
        )
        st.caption(f"{words} {names}{more}")
    if not seen["complete"]:
        st.caption(_("It is large: this was read from its first files."))
    return loose


def _about_the_boxes(choice: dict) -> None:
    """Say what would be refused: pictures and annotations that do not find each other."""
    if choice["kind"] != "boxes":
        return
    if choice["bare"]:
        one = "{n} picture is named by no annotation and will be listed as refused."
        many = "{n} pictures are named by no annotation and will be listed as refused."
        st.caption(plural(one, many, choice["bare"]))
    for file, problem in choice["problems"]:
        st.caption(f"{md_escape(file)}: {say(problem['template'], problem['values'])}")


def _outside(import_id: str, choice: dict) -> bool:
    """Offer to bring in the pictures to which folders or table give no class; return the answer."""
    count = choice["without_class"]
    if not count or choice["kind"] in ("flat", "split", "label"):
        return False
    one, many = (
        "Bring in the {n} picture outside of class folders too, without a class",
        "Bring in the {n} pictures outside of class folders too, without a class",
    )
    if choice["kind"] == "table":
        one, many = (
            "Bring in the {n} picture that is not in the table too, without a class",
            "Bring in the {n} pictures that are not in the table too, without a class",
        )
    words = _("Otherwise they are left out and listed as refused. You can give them a class later, under Label.")
    return st.checkbox(plural(one, many, count), True, key=f"arrival-loose-{import_id}-{choice['kind']}", help=words)


def _about_the_table(choice: dict) -> None:
    if bare := choice.get("rows_without_class"):
        one, many = (
            "{n} picture has an empty class in the table and comes in without one.",
            "{n} pictures have an empty class in the table and come in without one.",
        )
        st.caption(plural(one, many, bare))
    if missing := choice.get("missing"):
        one, many = (
            "{n} line of the table names a file that is not there; it will be listed as refused.",
            "{n} lines of the table name files that are not there; they will be listed as refused.",
        )
        st.warning(plural(one, many, missing), icon=":material/rule:")
