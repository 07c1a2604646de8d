"""How a training found its learning rate, as a figure: the loss at every rate it tried, the chosen one marked."""

import math

import plotly.graph_objects as go

from engine.evaluation.charts.per_class import Translate, palette

HEIGHT = 280
MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}
# A curve that falls apart climbs far above the rest, which would look flat beside it.
TALLEST = 1.6


def range_test_figure(found: dict, *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return the figure of a range test; `found` holds {rates, losses, chosen}."""
    rates, losses, colours = found["rates"], found["losses"], palette(dark)
    figure = go.Figure()
    figure.add_scatter(
        x=rates,
        y=losses,
        mode="lines",
        line={"color": colours.quiet, "width": 2.5},
        hovertemplate="%{x:.1e}: %{y:.3f}<extra></extra>",
        name=_("loss"),
    )
    figure.add_vline(found["chosen"], line={"color": colours.good, "width": 2.5, "dash": "dash"})
    # On a logarithmic axis plotly wants the logarithm for words, though not for lines.
    place = {"x": math.log10(found["chosen"]), "y": 1, "yref": "paper", "yanchor": "bottom"}
    figure.add_annotation(text=_("chosen"), font={"color": colours.good}, showarrow=False, **place)
    figure.update_layout(height=HEIGHT, margin=MARGIN, dragmode=False, showlegend=False)
    figure.update_xaxes(type="log", title=_("learning rate"), exponentformat="power", dtick=1, fixedrange=True)
    figure.update_yaxes(title=_("loss"), range=_range(losses), fixedrange=True)
    return figure


def _range(losses: list[float]) -> list[float] | None:
    if not losses:
        return None
    highest = min(max(losses), TALLEST * losses[0])
    return [0.9 * min(losses), max(highest, 1.1 * min(losses))]
