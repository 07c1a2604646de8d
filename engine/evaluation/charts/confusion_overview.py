"""A confusion matrix of many classes at once: no names or numbers, but groups one can step into."""

import html
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.evaluation.charts.per_class import Palette, Translate, palette, short

HEIGHT = 620
MOST_TARGETS = 60  # empty places that can be clicked, a side
NAMES_A_GROUP = 2


def confusion_overview_figure(
    matrix: Sequence[Sequence[int]],
    class_names: Sequence[str],
    groups: Sequence[Sequence[int]],
    *,
    as_fractions: bool = False,
    dark: bool = False,
    _: Translate = str,
) -> go.Figure:
    """Return the whole matrix with the classes in the order of `groups` (lists of positions), each group outlined.

    Every point's customdata is [group of the true class, group of the answer, words]. Cells with pictures have a
    point each, which says what it holds; between them a coarse net of points says which groups meet there.
    """
    order = [position for group in groups for position in group]
    counts = np.asarray(matrix)[np.ix_(order, order)]
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colours = palette(dark)
    hits = np.eye(len(order), dtype=bool)
    layers = [_layer(fractions, hits, colours.good, colours), _layer(fractions, ~hits, colours.bad, colours)]
    texts = [[f"{value:.0%}" for value in row] for row in fractions] if as_fractions else counts.tolist()
    targets = _targets(counts, texts, groups, [html.escape(class_names[place]) for place in order], _)
    figure = go.Figure([*layers, targets])
    return _layout(figure, groups, group_heads(matrix, groups), class_names, colours, _)


def group_heads(matrix: Sequence[Sequence[int]], groups: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the positions that stand for each group: those most confused inside it, at most two."""
    counts = np.asarray(matrix)
    heads = []
    for group in groups:
        inside = counts[np.ix_(group, group)].copy()
        np.fill_diagonal(inside, 0)
        mistakes = inside.sum(axis=0) + inside.sum(axis=1)
        first = np.argsort(-mistakes, kind="stable")[:NAMES_A_GROUP]
        heads.append([group[place] for place in first])
    return heads


def _layer(fractions: np.ndarray, shown: np.ndarray, colour: str, colours: Palette) -> go.Heatmap:
    # The square root lifts one mistake in a hundred out of the background.
    values = np.where(shown, np.sqrt(fractions), np.nan).astype(np.float32)
    light = colours.good_light if colour == colours.good else colours.bad_light
    scale = [[0, colours.empty], [0.01, light], [0.8, colour], [1, colour]]
    return go.Heatmap(z=values, zmin=0, zmax=1, colorscale=scale, hoverinfo="skip", hoverongaps=False, showscale=False)


def _targets(counts: np.ndarray, texts, groups, names: list[str], _: Translate) -> go.Scatter:
    size = len(names)
    of_group = np.repeat(np.arange(len(groups)), [len(group) for group in groups]).tolist()
    step = -(-size // MOST_TARGETS)
    net = np.zeros(counts.shape, bool)
    net[step // 2 :: step, step // 2 :: step] = True
    cells = np.argwhere(net | (counts > 0)).tolist()
    mistake, hit = _("{true}, taken for {predicted}"), _("{true}, recognised")
    same, two = _("Group {n}"), _("Group {n}, taken for group {other}")

    def words(i: int, j: int) -> str:
        if counts[i, j]:
            return f"{(hit if i == j else mistake).format(true=names[i], predicted=names[j])}: {texts[i][j]}"
        one, other = of_group[i] + 1, of_group[j] + 1
        return same.format(n=one) if one == other else two.format(n=one, other=other)

    return go.Scatter(
        x=[j for _i, j in cells],
        y=[i for i, _j in cells],
        mode="markers",
        showlegend=False,
        customdata=[[of_group[i], of_group[j], words(i, j)] for i, j in cells],
        marker={"size": 8, "opacity": 0},
        hovertemplate="%{customdata[2]}<extra></extra>",
    )


def _layout(figure: go.Figure, groups, heads, class_names, colours: Palette, _: Translate) -> go.Figure:
    edges = np.cumsum([0, *(len(group) for group in groups)]) - 0.5
    middles = ((edges[:-1] + edges[1:]) / 2).tolist()
    ticks = [_row_name(place, head, class_names) for place, head in enumerate(heads, start=1)]
    numbers = [str(place) for place in range(1, len(groups) + 1)]
    axis: dict[str, Any] = dict.fromkeys(("showgrid", "zeroline", "showline"), False)
    axis |= {"fixedrange": True, "automargin": True}
    axis |= {"tickvals": middles, "tickfont": {"size": 11 if len(groups) > 16 else 12}}
    figure.update_xaxes(range=[-0.5, edges[-1]], side="top", ticktext=numbers, tickangle=0, **axis)
    figure.update_yaxes(range=[edges[-1], -0.5], ticktext=ticks, **axis)
    figure.update_xaxes(title=_("Answer of the model"))
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    figure.update_layout(
        shapes=_outlines(edges.tolist(), colours), height=HEIGHT, margin={"l": 10, "r": 10, "t": 10, "b": 10}
    )
    return figure


def _outlines(edges: list[float], colours: Palette) -> list[dict]:
    """Return a box around each group and thin lines between them. As one list: adding shapes singly takes 0.3 s."""
    thin = {"type": "line", "line": {"color": colours.quiet, "width": 0.5}, "opacity": 0.5}
    first, last = edges[0], edges[-1]
    lines = [{**thin, "x0": first, "x1": last, "y0": edge, "y1": edge} for edge in edges[1:-1]]
    lines += [{**thin, "y0": first, "y1": last, "x0": edge, "x1": edge} for edge in edges[1:-1]]
    thick = {"type": "rect", "line": {"color": colours.select, "width": 1.5}}
    boxes = [{**thick, "x0": start, "x1": end, "y0": start, "y1": end} for start, end in itertools.pairwise(edges)]
    return lines + boxes


def _row_name(number: int, head: Sequence[int], class_names: Sequence[str]) -> str:
    """Name a group beside its row: two lines, so that a telephone keeps room for the matrix."""
    names = "<br>".join(short(class_names[position], 14) for position in head)
    return f"{names} <b>{number}</b>" if len(head) == 1 else names.replace("<br>", f" <b>{number}</b><br>")
