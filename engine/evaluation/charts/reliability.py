"""Figures about trust: calibration, answers withheld, thresholds of a class, robustness.

Numbers in, plotly figures out; colours, escaping and translation as in `charts`.
"""

import itertools
from collections.abc import Sequence

import plotly.graph_objects as go

from engine.evaluation.charts.confusion_cells import ink, mixed
from engine.evaluation.charts.per_class import Palette, Translate, palette, short

MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
HEIGHT = 340
FEW_POINTS = 40  # of a curve: each is marked, since it steps from picture to picture


def reliability_figure(
    after: Sequence[dict], before: Sequence[dict] = (), *, dark: bool = False, _: Translate = str
) -> go.Figure:
    """Return how often a model is right (y) against how sure it says it is (x); on the diagonal it can be believed.

    Bins as in `calibration.reliability`; `before` are those before calibration, drawn more quietly.
    """
    colours = palette(dark)
    figure = go.Figure(_diagonal(colours))
    if before:
        figure.add_trace(_bins(before, _("before calibration"), colours.quiet, "circle-open", _))
    last = _bins(after, _("after calibration") if before else _("as it says"), colours.good, "circle", _)
    last.error_y = {
        "array": [row["high"] - row["accuracy"] for row in after],
        "arrayminus": [row["accuracy"] - row["low"] for row in after],
        "color": colours.good,
        "thickness": 1,
        "width": 3,
    }
    figure.add_trace(last)
    return _fractions(figure, _("how sure it says it is"), _("how often it is right"))


def selective_figure(
    points: Sequence[dict], chosen: dict | None = None, *, dark: bool = False, _: Translate = str
) -> go.Figure:
    """Return accuracy (y) against the fraction that is answered (x); `points` as in `selective.curve`.

    `chosen` {"coverage", "accuracy"} is marked: what the threshold in use does.
    """
    colours = palette(dark)
    hover = _("answers {x}, right in {y} of those").format(x="%{x:.0%}", y="%{y:.1%}") + "<extra></extra>"
    # Straight from point to point: a rounded line would claim what was not measured, and more than all of them right.
    trace = go.Scatter(
        x=[point["coverage"] for point in points],
        y=[point["accuracy"] for point in points],
        mode="lines+markers" if len(points) <= FEW_POINTS else "lines",
        line={"color": colours.good, "width": 2.5},
        marker={"size": 6},
        hovertemplate=hover,
        showlegend=False,
    )
    figure = go.Figure([trace])
    if chosen is not None:
        figure.add_trace(_mark(chosen["coverage"], chosen["accuracy"], colours, _("this choice")))
    figure = _fractions(figure, _("share of pictures it answers"), _("right among the answers"))
    lowest = min([point["accuracy"] for point in points] or [0])
    figure.update_yaxes(range=[max(0, lowest - 0.08), 1.015])
    return figure


def roc_figure(curve: dict, here: dict, *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return found (y) against false alarms (x) over all thresholds; `curve` as in `curves.roc`.

    `here` {"false_alarms", "recall"} is the threshold in use.
    """
    colours = palette(dark)
    trace = _curve(curve["false_alarms"], curve["recall"], colours, _("finds {y} at {x} false alarms"))
    figure = go.Figure(
        [_diagonal(colours), trace, _mark(here["false_alarms"], here["recall"], colours, _("this choice"))]
    )
    return _fractions(figure, _("false alarms among the others"), _("found of the class (recall)"))


def precision_recall_figure(curve: dict, here: dict, *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return precision (y) against recall (x) over all thresholds; `curve` as in `curves.precision_recall`."""
    colours = palette(dark)
    trace = _curve(curve["recall"], curve["precision"], colours, _("finds {x}, right in {y} of its alarms"))
    trace.line.shape = "linear"
    figure = go.Figure([trace, _mark(here["recall"], here["precision"], colours, _("this choice"))])
    return _fractions(figure, _("found of the class (recall)"), _("right among its alarms (precision)"))


def robustness_figure(
    rows: Sequence[dict], names: dict[str, str], *, dark: bool = False, _: Translate = str
) -> go.Figure:
    """Return accuracy by kind of disturbance (rows) and strength (columns), greener where it holds.

    `rows` as in robustness.json: {"kind", "accuracy" (from strength 0 on), "breaks"}; `names` are the kinds in words.
    An upright line stands where it breaks.
    """
    colours = palette(dark)
    rows = list(reversed(rows))
    strengths = list(range(len(rows[0]["accuracy"])))
    best = max(row["accuracy"][0] for row in rows)
    worst = min(min(row["accuracy"]) for row in rows)
    values = [row["accuracy"] for row in rows]
    low = min(worst, best - 0.3)
    scale = [(0, colours.bad), (0.5, colours.bad_light), (0.75, colours.good_light), (1, colours.good)]
    heat = go.Heatmap(
        z=values,
        x=strengths,
        y=list(range(len(rows))),
        zmin=low,
        zmax=best,
        colorscale=scale,
        hovertemplate=_("right in {z} of the pictures").format(z="%{z:.0%}") + "<extra></extra>",
        showscale=False,
        xgap=3,
        ygap=3,
    )
    figure = go.Figure([heat])
    for place, row in enumerate(values):
        for strength, value in enumerate(row):
            # By itself Plotly writes grey on some of the colours.
            font = {"color": ink(shade(scale, (value - low) / (best - low)))}
            text = f"{100 * value:.0f}"
            figure.add_annotation(x=strength, y=place, text=text, font=font, showarrow=False, captureevents=False)
    figure.update_layout(height=60 + 44 * len(rows), margin=MARGIN | {"t": 50}, dragmode=False)
    ticks = [_("as it is"), *map(str, strengths[1:])]
    axis = {"fixedrange": True, "showgrid": False, "zeroline": False}
    figure.update_xaxes(tickvals=strengths, ticktext=ticks, side="top", title=_("strength"), **axis)
    for place, row in enumerate(rows):
        if row["breaks"]:
            edge = {"x0": row["breaks"] - 0.5, "x1": row["breaks"] - 0.5, "y0": place - 0.46, "y1": place + 0.46}
            figure.add_shape(type="line", line={"color": colours.select, "width": 3}, **edge)
    words = [short(names[row["kind"]]) for row in rows]
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=words, automargin=True, **axis)
    return figure


def shade(scale: Sequence[tuple[float, str]], part: float) -> str:
    """Return the colour "#rrggbb" that a scale of (place from 0 to 1, colour) has at `part`."""
    for (start, one), (end, other) in itertools.pairwise(scale):
        if part <= end:
            return mixed(one, other, (part - start) / (end - start))
    return scale[-1][1]


def _bins(rows: Sequence[dict], name: str, colour: str, symbol: str, _: Translate) -> go.Scatter:
    most = max([row["count"] for row in rows] or [1])
    hover = _("says {x}, right in {y} of {n} pictures").format(x="%{x:.0%}", y="%{y:.0%}", n="%{customdata}")
    return go.Scatter(
        x=[row["confidence"] for row in rows],
        y=[row["accuracy"] for row in rows],
        customdata=[row["count"] for row in rows],
        name=name,
        mode="markers",
        # The area of a mark goes with its number of pictures.
        marker={
            "color": colour,
            "symbol": symbol,
            "size": [6 + 16 * (row["count"] / most) ** 0.5 for row in rows],
            "line": {"color": colour, "width": 1.5},
        },
        hovertemplate=hover + f"<extra>{name}</extra>",
        cliponaxis=False,
    )


def _diagonal(colours: Palette) -> go.Scatter:
    line = {"color": colours.quiet, "width": 1, "dash": "dot"}
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _curve(x: Sequence[float], y: Sequence[float], colours: Palette, words: str) -> go.Scatter:
    hover = words.format(x="%{x:.1%}", y="%{y:.1%}") + "<extra></extra>"
    line = {"color": colours.good, "width": 2.5, "shape": "hv"}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hovertemplate=hover, showlegend=False)


def _mark(x: float, y: float, colours: Palette, name: str) -> go.Scatter:
    marker = {"color": colours.bad, "size": 14, "line": {"color": colours.empty, "width": 2}}
    hover = "%{x:.1%}, %{y:.1%}<extra>" + name + "</extra>"
    # Whole at 100 % too, where the plot ends.
    return go.Scatter(x=[x], y=[y], name=name, mode="markers", marker=marker, hovertemplate=hover, cliponaxis=False)


def _fractions(figure: go.Figure, across: str, up: str) -> go.Figure:
    """Lay out two fractions from 0 to 1."""
    figure.update_layout(height=HEIGHT, margin=MARGIN, dragmode=False, legend=LEGEND, hovermode="closest")
    axis = {"range": [-0.015, 1.015], "tickformat": ".0%", "fixedrange": True, "zeroline": False}
    figure.update_xaxes(title=across, **axis)
    figure.update_yaxes(title=up, **axis)
    return figure
