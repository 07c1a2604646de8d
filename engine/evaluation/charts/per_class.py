"""Numbers in, plotly figures out. Nothing is computed here that could be wrong; that is what `metrics` is for.

Backgrounds are left to the page. `dark` chooses colours that can be read on a dark one. `_` translates the few words
a figure needs. Names are escaped: plotly reads a subset of HTML in every text.
"""

import functools
import html
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from engine.storage.evaluation import ClassReport, GroupReport

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Palette:
    """Colours with enough contrast on one kind of background. `empty` is a cell with nothing in it."""

    good: str
    good_light: str
    bad: str
    bad_light: str
    quiet: str
    empty: str
    select: str


LIGHT = Palette("#2f7d4f", "#cfe6d6", "#b4531f", "#fbe6d6", "#98a59c", "#f1f4f1", "#111613")
DARK = Palette("#6cc791", "#1f3a2b", "#f0955a", "#43281a", "#7d8b82", "#1a211d", "#ffffff")

KINDS = ("f1", "precision", "recall")
NARROW = 0.05  # of an accuracy axis
LONGEST_NAME = 22
HOVER = "%{customdata[0]}: %{x:.1%}"
ROW_HEIGHTS = ((12, 40), (25, 30), (50, 20), (10_000, 12))


def palette(dark: bool) -> Palette:
    return DARK if dark else LIGHT


def whole_dots(figure: go.Figure) -> go.Figure:
    """Return the figure with no dot cut off where its axis ends; the rule for every figure that is shown."""
    for trace in figure.data:
        if trace.type == "scatter" and "markers" in (trace.mode or ""):
            trace.cliponaxis = False
    return figure


def per_class_figure(per_class: Sequence[Mapping], *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return a bar of F1 a class with its precision and recall as marks; their intervals are told on hover.

    `per_class` as `results.per_class` returns it; a class without test pictures has neither bar nor marks.
    """
    rows = list(reversed(per_class))
    names, full, colours = _row_names(rows, _), _full_names(rows, "class"), palette(dark)
    places = list(range(len(rows)))
    f1, precision, recall = ([row[kind] if row["support"] else None for row in rows] for kind in KINDS)
    figure = go.Figure(
        [
            _bar(f1, places, _("F1"), colours.good_light, colours.good, full),
            _marks(precision, places, _("precision"), colours.bad, "diamond-open", full, size=13),
            _marks(recall, places, _("recall"), colours.good, "circle", full),
        ]
    )
    for trace, kind in zip(figure.data, KINDS, strict=True):
        ends = [row.get(f"{kind}_interval", (0, 1)) for row in rows]
        trace.customdata = [(name, *own) for name, own in zip(full, ends, strict=True)]
        between = _("between {low} and {high}").format(low="%{customdata[1]:.1%}", high="%{customdata[2]:.1%}")
        trace.hovertemplate = "%{customdata[0]}: %{x:.1%}, " + between + f"<extra>{trace.name}</extra>"
    return _rows_layout(figure, names)


def before_and_after_figure(per_class: Sequence[ClassReport], *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return how much of each class is recognised before and after training, joined by a line."""
    rows = [row for row in reversed(per_class) if row.get("before_recall") is not None]
    names, full, colours = _row_names(rows, _), _full_names(rows, "class"), palette(dark)
    places = list(range(len(rows)))
    joins_x = [value for row in rows for value in (row["before_recall"], row["recall"], None)]
    joins_y = [value for place in places for value in (place, place, None)]
    line = {"color": colours.quiet, "width": 2}
    # A ring that is larger than the dot: where nothing changed, both are still seen.
    then = [row["before_recall"] for row in rows]
    before = _marks(then, places, _("before"), colours.quiet, "circle-open", full, size=15)
    figure = go.Figure(
        [
            go.Scatter(x=joins_x, y=joins_y, mode="lines", line=line, hoverinfo="skip", showlegend=False),
            before,
            _marks([row["recall"] for row in rows], places, _("after"), colours.good, "circle", full),
        ]
    )
    return _rows_layout(figure, names)


def groups_figure(groups: Sequence[GroupReport], *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return accuracy per group with its interval; `groups` as in evaluation.json."""
    rows = list(reversed(groups))
    full, colours = _full_names(rows, "group"), palette(dark)
    values, places = [row["accuracy"] for row in rows], list(range(len(rows)))
    bar = _bar(values, places, _("accuracy"), colours.good_light, colours.good, full)
    bar.error_x = {
        "array": [row["interval"][1] - row["accuracy"] for row in rows],
        "arrayminus": [row["accuracy"] - row["interval"][0] for row in rows],
        "color": colours.select,
        "thickness": 1.5,
    }
    shown = told_apart([row["group"] for row in rows])
    names = [f"{name} ({row['support']})" for name, row in zip(shown, rows, strict=True)]
    figure = _rows_layout(go.Figure([bar]), names)
    before = [row.get("before_accuracy") for row in rows]
    if any(value is not None for value in before):
        figure.add_trace(_marks(before, places, _("before"), colours.quiet, "circle-open", full))
    return figure


def curve_figure(
    metrics: Sequence[dict], measure: str, *, kept: int | None = None, dark: bool = False, _: Translate = str
) -> go.Figure:
    """Return `measure` ("loss" or "accuracy") over the epochs, training and validation; rows as in metrics.csv.

    kept: the epoch, counted from 1, whose model was kept: it is marked.
    """
    rows = list(metrics)
    steps = list(range(1, len(rows) + 1))
    colours = palette(dark)
    titles = {"loss": _("loss"), "accuracy": _("accuracy")}
    parts = (
        (measure, _("training"), colours.quiet, "dot"),
        (f"validation_{measure}", _("validation"), colours.good, "solid"),
    )
    figure = go.Figure()
    for column, name, colour, dash in parts:
        values = [row.get(column) for row in rows]
        if any(value is not None for value in values):
            line = {"color": colour, "dash": dash, "width": 2.5}
            figure.add_scatter(x=steps, y=values, name=name, mode="lines+markers", line=line, connectgaps=True)
    figure.update_layout(height=260, margin={"l": 10, "r": 10, "t": 30, "b": 10}, hovermode="x unified", dragmode=False)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, showlegend=True)
    if kept is not None:
        line = {"color": colours.quiet, "width": 1.5, "dash": "dash"}
        # Where there is room for the word: the lines of a loss fall, those of an accuracy rise.
        side = f"{'top' if measure == 'loss' else 'bottom'} {'left' if kept > len(rows) / 2 else 'right'}"
        figure.add_vline(kept, line=line, annotation_text=_("kept"), annotation_position=side, layer="below")
    figure.update_xaxes(title=_("round"), dtick=1 if len(rows) <= 12 else None, fixedrange=True)
    figure.update_yaxes(title=titles[measure], fixedrange=True)
    if measure == "accuracy":
        figure.update_yaxes(**accuracy_axis(figure))
    return figure


def accuracy_axis(figure: go.Figure) -> dict:
    """Return an axis of fractions for the curves of a figure: none beyond 100 %, steps of one percent at the least."""
    values = [value for trace in figure.data for value in trace.y if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(NARROW, high - low) / 10
    # A line at 100 % keeps its whole width, and a flat one is not drawn along the edge.
    ends = [max(-0.01, min(low, high - NARROW) - room), min(1.01, high + room)]
    return {"tickformat": ".0%", "range": ends, "dtick": 0.01 if high - low < NARROW else None}


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name that fits beside an axis, escaped for plotly."""
    return html.escape(_head(name, longest))


def told_apart(names: Sequence[str], longest: int = LONGEST_NAME, among: Sequence[str] = ()) -> list[str]:
    """Return names that fit beside an axis and differ where the names do, escaped for plotly.

    Names alike in their first letters keep their last ones instead, and else the letters from where they part.
    among: names that are not shown here, and that nobody should take one of these for.
    """
    every = list(dict.fromkeys([*names, *among]))
    ways = (_head, _head_and_tail, functools.partial(_where_they_part, names=every), lambda name, _longest: name)
    shown, left = dict(zip(every, every, strict=True)), set(every)
    for way in ways:
        shown |= {name: way(name, longest) for name in left}
        times = Counter(shown.values())
        left = {name for name in shown if times[shown[name]] > 1}
    return [html.escape(shown[name]) for name in names]


def _head(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _head_and_tail(name: str, longest: int) -> str:
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def _where_they_part(name: str, longest: int, *, names: Sequence[str]) -> str:
    """Return the first letters, and those from where a name differs from the name that is like it for longest."""
    if len(name) <= longest:
        return name
    common = max(len(os.path.commonprefix([name, other])) for other in names if other != name)  # noqa: RUF071 - of letters
    few = longest // 4
    return f"{name[:few]}…{name[max(few, common - 2) :][: longest - few - 2]}…"


def _row_names(rows: Sequence[Mapping], _: Translate) -> list[str]:
    shown = told_apart([row["class"] for row in rows])
    return [f"{name} ({row['support'] or _('no test pictures')})" for name, row in zip(shown, rows, strict=True)]


def _full_names(rows: Sequence[Mapping], kind: str) -> list[str]:
    """Return what hovering tells: the names in full, escaped for plotly."""
    return [html.escape(row[kind]) for row in rows]


def _bar(values, places, name: str, colour: str, edge: str, full: list[str]) -> go.Bar:
    marker = {"color": colour, "line": {"color": edge, "width": 1}}
    shown = {"name": name, "hovertemplate": HOVER + f"<extra>{name}</extra>", "customdata": [(one,) for one in full]}
    return go.Bar(x=values, y=places, orientation="h", marker=marker, **shown)


def _marks(values, places, name: str, colour: str, symbol: str, full: list[str], size: int = 9) -> go.Scatter:
    marker = {"color": colour, "symbol": symbol, "size": size, "line": {"width": 2, "color": colour}}
    shown = {"name": name, "hovertemplate": HOVER + f"<extra>{name}</extra>", "customdata": [(one,) for one in full]}
    return go.Scatter(x=values, y=places, mode="markers", marker=marker, cliponaxis=False, **shown)


def _rows_layout(figure: go.Figure, names: list[str]) -> go.Figure:
    """Lay a class or group a row, first on top; the height grows with them."""
    places = list(range(len(names)))
    height = _rows_height(len(names), smallest=16) + 90
    figure.update_layout(height=height, margin={"l": 10, "r": 20, "t": 40, "b": 10}, bargap=0.35, dragmode=False)
    # The legend keeps its place in pixels: a share of a very tall figure would push it far away.
    figure.update_layout(legend={"orientation": "h", "yref": "container", "y": 1, "yanchor": "top", "x": 0})
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True, side="top" if len(names) > 25 else "bottom")
    font = {"size": 12 if len(names) <= 50 else 10}
    figure.update_yaxes(tickvals=places, ticktext=names, tickfont=font, fixedrange=True, showgrid=False)
    figure.update_yaxes(range=[-0.6, len(names) - 0.4], automargin=True, zeroline=False)
    return figure


def _rows_height(count: int, smallest: int = 0) -> int:
    return max(90, count * max(_row_height(count), smallest))


def _row_height(count: int) -> int:
    return next(height for limit, height in ROW_HEIGHTS if count <= limit)
