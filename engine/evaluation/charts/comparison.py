"""Figures of several models side by side: curves over each other, and how much of each class each one finds."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from engine.evaluation.charts.per_class import Translate, accuracy_axis, palette, told_apart

# Told apart by their shape too, for those who see fewer colours.
COLOURS = {
    False: ("#2f7d4f", "#b4531f", "#3b62b5", "#7a4fa3"),
    True: ("#6cc791", "#f0955a", "#8fb0f5", "#c39be6"),
}
SYMBOLS = ("circle", "diamond", "square", "triangle-up")
APART = 0.14  # of a row, so that equal marks do not hide each other
DASHES = ("solid", "dash", "dot", "dashdot")


def curves_figure(
    curves: Sequence[tuple[str, Sequence[dict]]], measure: str, *, dark: bool = False, _: Translate = str
) -> go.Figure:
    """Return validation `measure` ("loss" or "accuracy") over the epochs, a line a run; (name, rows of metrics.csv)."""
    titles = {"loss": _("loss"), "accuracy": _("accuracy")}
    figure = go.Figure()
    names = told_apart([name for name, _rows in curves], 40)
    for place, (name, (_name, rows)) in enumerate(zip(names, curves, strict=True)):
        figure.add_scatter(
            x=list(range(1, len(rows) + 1)),
            y=[row.get(f"validation_{measure}") for row in rows],
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[dark][place], "dash": DASHES[place], "width": 2.5},
            marker={"symbol": SYMBOLS[place], "size": 8},
        )
    figure.update_layout(height=280, margin={"l": 10, "r": 10, "t": 40, "b": 10}, hovermode="x unified", dragmode=False)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, showlegend=True)
    figure.update_xaxes(title=_("round"), fixedrange=True)
    figure.update_yaxes(title=titles[measure], fixedrange=True)
    if measure == "accuracy":
        figure.update_yaxes(**accuracy_axis(figure))
    return figure


def recalls_figure(
    per_class: Sequence[dict], names: Sequence[str], *, among: Sequence[str] = (), dark: bool = False
) -> go.Figure:
    """Return how much of each class each model finds, joined by a line; rows as in Comparison.per_class.

    among: the classes that are not shown.
    """
    rows = list(reversed(per_class))
    places, quiet = list(range(len(rows))), palette(dark).quiet
    joins_x = [value for row in rows for value in (min(row["recall"]), max(row["recall"]), None)]
    joins_y = [value for place in places for value in (place, place, None)]
    shown = told_apart([row["class"] for row in rows], among=among)
    ticks = [f"{name} ({row['support']})" for name, row in zip(shown, rows, strict=True)]
    runs = told_apart(names, 40)
    line = {"color": quiet, "width": 2}
    figure = go.Figure(go.Scatter(x=joins_x, y=joins_y, mode="lines", line=line, hoverinfo="skip", showlegend=False))
    for model, name in enumerate(runs):
        figure.add_scatter(
            x=[row["recall"][model] for row in rows],
            y=[place + APART * (model - (len(names) - 1) / 2) for place in places],
            text=[html.escape(row["class"]) for row in rows],
            name=name,
            mode="markers",
            marker={"symbol": SYMBOLS[model], "size": 11, "color": COLOURS[dark][model]},
            hovertemplate="%{text}: %{x:.1%}<extra>" + name + "</extra>",
        )
    height = max(90, len(rows) * (34 if len(rows) <= 25 else 18)) + 90
    figure.update_layout(height=height, margin={"l": 10, "r": 20, "t": 40, "b": 10}, dragmode=False)
    figure.update_layout(legend={"orientation": "h", "yref": "container", "y": 1, "yanchor": "top", "x": 0})
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_yaxes(tickvals=places, ticktext=ticks, fixedrange=True, showgrid=False, automargin=True)
    figure.update_yaxes(range=[-0.6, len(rows) - 0.4], zeroline=False)
    return figure
