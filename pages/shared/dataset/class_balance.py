"""Classes of different size: how large each is, and what can be done about it, each with when it is right."""

import html

import streamlit as st

from engine import graft
from engine.storage.registry import Project
from engine.training.recipe import BALANCINGS, Recipe
from pages.session.i18n import _, number, say
from pages.session.safe_text import md_escape
from pages.shared import recipe_choices
from pages.shared.dataset import classes

OPTION = "recipe"
MOST = 12  # bars; of more classes the largest and the smallest are shown
STYLE = """<style>
.graft-sizes { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr auto; gap: .25rem .6rem;
  align-items: center; font-size: .85rem; max-width: 34rem; }
.graft-sizes .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 10rem; }
.graft-sizes .bar { height: .55rem; border-radius: .28rem; background: rgba(128,140,132,.75); min-width: 2px; }
.graft-sizes .small { background: #c2703d; }
.graft-sizes .number { font-variant-numeric: tabular-nums; text-align: right; }
.graft-sizes .gap { grid-column: 1 / -1; opacity: .6; }
</style>"""
SMALL = 0.2  # of the largest class: drawn in another colour


def default(project: Project) -> str:
    """Return how trainings of this project balance classes unless somebody chooses otherwise."""
    options = graft.current().registry.dataset_options(project.dataset_id).get(OPTION, {})
    return options.get("class_balancing", Recipe.class_balancing)


def choose(project: Project, choice: str) -> None:
    """Let trainings of this project begin with this choice; it can be changed for each in the expert settings."""
    registry = graft.current().registry
    options = registry.dataset_options(project.dataset_id).get(OPTION, {})
    registry.set_dataset_options(project.dataset_id, **{OPTION: {**options, "class_balancing": choice}})
    recipe_choices.forget("class_balancing")


def body(project: Project, finding: dict) -> None:
    """Show the sizes of the classes and the ways to balance them; the one that is chosen counts for new trainings."""
    counts = classes.counts(project, used=True)
    bars({label: sum(parts.values()) for label, parts in counts.items()})
    explained = {
        fix["action"]["class_balancing"]: fix for fix in finding["fixes"] if "class_balancing" in fix["action"]
    }
    options = ["none", *(choice for choice in explained if choice in BALANCINGS)]
    now = default(project)
    chosen = st.radio(
        _("What should trainings do about it?"),
        options,
        options.index(now) if now in options else 0,
        format_func=lambda choice: _(BALANCINGS[choice]),
        captions=[_explain(explained.get(choice)) for choice in options],
        key=f"balance-{project.dataset_id}",
    )
    if chosen != now:
        choose(project, chosen)
        st.toast(_("New trainings of this project begin with this."), icon=":material/check_circle:")
    for fix in finding["fixes"]:
        if fix["key"] == "collect":
            st.markdown(f":material/add_photo_alternate: {say(fix['title'], fix['values'])}: :gray[{_explain(fix)}]")


def _explain(fix: dict | None) -> str:
    if fix is None:
        return _("Right when rare classes are as rare in use, and a mistake costs the same everywhere.")
    return say(fix.get("explain", ""), fix["values"])


def bars(sizes: dict[str, int]) -> None:
    """Draw the number of pictures of each class, the largest first."""
    ordered = sorted(sizes.items(), key=lambda entry: -entry[1])
    left_out = len(ordered) - MOST
    head, tail = (ordered, []) if left_out <= 0 else (ordered[: MOST // 2], ordered[-MOST // 2 :])
    largest = max(sizes.values(), default=1)
    rows = "".join(_bar(label, count, largest) for label, count in head)
    if tail:
        words = html.escape(_("… and {n} more").format(n=number(left_out)))
        rows += f'<span class="gap">{words}</span>' + "".join(_bar(label, count, largest) for label, count in tail)
    st.html(
        f'{STYLE}<div class="graft-sizes" role="img" aria-label="{html.escape(_("Sizes of the classes"))}">{rows}</div>'
    )


def _bar(label: str, count: int, largest: int) -> str:
    share = count / largest
    colour = "bar small" if share <= SMALL else "bar"
    return (
        f'<span class="name" title="{html.escape(label)}">{html.escape(label)}</span>'
        f'<span class="{colour}" style="width:{100 * share:.1f}%"></span><span class="number">{number(count)}</span>'
    )


def in_words(project: Project) -> str:
    """Return the choice as words for the Model page, "" when nothing is balanced."""
    chosen = default(project)
    return "" if chosen == Recipe.class_balancing else md_escape(_(BALANCINGS[chosen]))
