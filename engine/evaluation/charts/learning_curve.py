"""The learning curve as a figure: right answers over the training pictures, and what twice as many promise."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from engine.evaluation.charts.per_class import Palette, Translate, palette

HEIGHT = 340
MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}


def learning_curve_figure(
    found: dict, *, dark: bool = False, _: Translate = str, number: Callable[[int], str] = str
) -> go.Figure:
    """Return the figure of a learning curve; `found` as in `learning_curve.measure`, `number` writes numbers out."""
    colours, points, twice = palette(dark), found["points"], found["twice"]
    figure = go.Figure(_band(points, colours, _("how far chance could move it")))
    figure.add_trace(_line(points, colours, _("measured")))
    figure.add_trace(_promise(points[-1], twice, colours, _("with twice as many, estimated")))
    counts = [*(point["pictures"] for point in points), twice["pictures"]]
    figure.update_layout(
        height=HEIGHT,
        margin=MARGIN,
        dragmode=False,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    axis = {"fixedrange": True, "zeroline": False}
    figure.update_xaxes(
        type="log",
        tickvals=counts,
        ticktext=[number(count) for count in counts],
        title=_("training pictures"),
        **axis,
    )
    figure.update_yaxes(tickformat=".0%", title=_("right on validation pictures"), range=_range(points, twice), **axis)
    return figure


def _band(points: Sequence[dict], colours: Palette, name: str) -> go.Scatter:
    forth, back = list(points), list(reversed(points))
    return go.Scatter(
        x=[point["pictures"] for point in [*forth, *back]],
        y=[*(point["high"] for point in forth), *(point["low"] for point in back)],
        mode="lines",
        fill="toself",
        fillcolor=colours.good_light,
        opacity=0.6,
        line={"width": 0},
        hoverinfo="skip",
        name=name,
    )


def _line(points: Sequence[dict], colours: Palette, name: str) -> go.Scatter:
    return go.Scatter(
        x=[point["pictures"] for point in points],
        y=[point["accuracy"] for point in points],
        mode="lines+markers",
        line={"color": colours.good, "width": 2.5},
        marker={"size": 9},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        name=name,
    )


def _promise(last: dict, twice: dict, colours: Palette, name: str) -> go.Scatter:
    return go.Scatter(
        x=[last["pictures"], twice["pictures"]],
        y=[last["accuracy"], twice["accuracy"]],
        mode="lines+markers",
        line={"color": colours.bad, "width": 2, "dash": "dot"},
        marker={"size": [0, 11], "symbol": "circle-open", "line": {"width": 2}},
        error_y={
            "array": [0, twice["high"] - twice["accuracy"]],
            "arrayminus": [0, twice["accuracy"] - twice["low"]],
            "color": colours.bad,
            "thickness": 1,
            "width": 4,
        },
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        name=name,
    )


def _range(points: Sequence[dict], twice: dict) -> list[float]:
    """Return the lower and upper end of the upright axis, with some air."""
    lowest, highest = min(point["low"] for point in points), max(twice["high"], points[-1]["high"])
    return [max(0.0, lowest - 0.04), min(1.02, highest + 0.04)]
