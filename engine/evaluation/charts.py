"""Numbers in, plotly figures out. Nothing is computed here that could be wrong; that is what `metrics` is for.

Backgrounds are left to the page. `dark` chooses colours that can be read on a dark one. `_` translates the few words
a figure needs. Names are escaped: plotly reads a subset of HTML in every text.
"""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

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

NARROW = 0.05  # of an accuracy axis
LONGEST_NAME = 22
CELL_TEXT_LIMIT = 25  # more classes than this and a figure no longer fits into its cell
ROW_HEIGHTS = ((12, 40), (25, 30), (50, 20), (10_000, 12))


def palette(dark: bool) -> Palette:
    return DARK if dark else LIGHT


def confusion_matrix_figure(
    matrix: Sequence[Sequence[int]],
    class_names: Sequence[str],
    *,
    positions: Sequence[int] | None = None,
    columns: Sequence[int] | None = None,
    share: bool = False,
    dark: bool = False,
    _: Translate = str,
) -> go.Figure:
    """Return a matrix whose cells can be clicked: rows are the true class, columns what the model said.

    `matrix` is (n, n) counts. `positions` limits it to some classes, in that order; `columns` are others to stand
    in the columns. Every point's customdata is
    [true position, predicted position, count, share of the row, words].
    Hits are green and mistakes orange, both by their share of the row, so that a small class is as visible as a
    large one.
    """
    rows = list(range(len(class_names)) if positions is None else positions)
    across = rows if columns is None else list(columns)
    shares = [[matrix[i][j] / (sum(matrix[i]) or 1) for j in across] for i in rows]
    counts = [[matrix[i][j] for j in across] for i in rows]
    hits = [[i == j for j in across] for i in rows]
    texts = _cell_texts(counts, shares, share)
    colours = palette(dark)
    figure = go.Figure(
        [
            _cells(shares, texts, colours, hits, diagonal=True),
            _cells(shares, texts, colours, hits, diagonal=False),
            _click_targets(counts, shares, (rows, across), class_names, colours, _),
        ]
    )
    return _matrix_layout(figure, *([short(class_names[i]) for i in part] for part in (rows, across)), _)


def _cell_texts(counts, shares, share: bool) -> list[list[str]]:
    if len(counts) > CELL_TEXT_LIMIT:
        return [["" for _count in row] for row in counts]
    if share:
        return [[f"{value:.0%}" if value else "" for value in row] for row in shares]
    return [[str(count) if count else "" for count in row] for row in counts]


def _cells(shares, texts, colours: Palette, hits, *, diagonal: bool) -> go.Heatmap:
    """Return the hits or the mistakes; the other cells are left open (None)."""
    down, across = range(len(shares)), range(len(shares[0]))
    # The square root lifts one mistake in a hundred out of the background.
    values = [[shares[i][j] ** 0.5 if hits[i][j] == diagonal else None for j in across] for i in down]
    # An open cell with a text would print it over the other layer's.
    texts = [[texts[i][j] if hits[i][j] == diagonal else "" for j in across] for i in down]
    low, high = (colours.good_light, colours.good) if diagonal else (colours.bad_light, colours.bad)
    first = [[0, colours.empty], [0.01, low]]
    return go.Heatmap(
        z=values,
        x=list(across),
        y=list(down),
        zmin=0,
        zmax=1,
        colorscale=[*first, [1, high]],
        text=texts,
        texttemplate="%{text}" if len(shares) <= CELL_TEXT_LIMIT else None,
        hoverinfo="skip",
        hoverongaps=False,
        showscale=False,
        xgap=1 if len(shares) > CELL_TEXT_LIMIT else 2,
        ygap=1 if len(shares) > CELL_TEXT_LIMIT else 2,
    )


def _click_targets(counts, shares, places, class_names, colours: Palette, _: Translate) -> go.Scatter:
    """Return invisible points over the cells: Streamlit hears clicks on points, not on a heatmap."""
    rows, across = places
    cells = [(i, j) for i in range(len(rows)) for j in range(len(across))]
    names = [html.escape(name) for name in class_names]
    mistake, hit = _("{true}, taken for {predicted}"), _("{true}, recognised")
    words = [
        (hit if rows[i] == across[j] else mistake).format(true=names[rows[i]], predicted=names[across[j]])
        for i, j in cells
    ]
    return go.Scatter(
        x=[j for _i, j in cells],
        y=[i for i, _j in cells],
        mode="markers",
        showlegend=False,
        customdata=[
            [rows[i], across[j], counts[i][j], shares[i][j], text] for (i, j), text in zip(cells, words, strict=True)
        ],
        marker={
            "size": 0.75 * _row_height(len(rows)),
            "symbol": "square-open",
            "color": colours.select,
            "line": {"width": 3},
            "opacity": 0,
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="%{customdata[4]}: %{customdata[2]} (%{customdata[3]:.0%})<extra></extra>",
    )


def _matrix_layout(figure: go.Figure, down: list[str], across: list[str], _: Translate) -> go.Figure:
    size = max(len(down), len(across))
    font = {"size": 12 if size <= CELL_TEXT_LIMIT else 8 if size > 50 else 10}
    axis = {"tickfont": font, "fixedrange": True}
    axis |= {"showgrid": False, "zeroline": False, "showline": False, "automargin": True}
    # hoverdistance -1: the nearest point is always the cell under the pointer.
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    figure.update_layout(height=_rows_height(len(down)) + 150, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    fits = max(map(len, across)) <= 70 // len(across)
    slant = 0 if fits else -45 if len(across) <= 50 else -90
    if slant:
        # The last slanted name leans over the edge, where plotly would hide it.
        figure.update_layout(margin_r=56)
    figure.update_xaxes(tickvals=list(range(len(across))), ticktext=across, tickangle=slant, side="top", **axis)
    figure.update_yaxes(tickvals=list(range(len(down))), ticktext=down, **axis)
    figure.update_xaxes(range=[-0.5, len(across) - 0.5], title=_("Answer of the model"))
    figure.update_yaxes(range=[len(down) - 0.5, -0.5], title=_("True class"))
    return figure


def per_class_figure(per_class: Sequence[dict], *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return a bar of F1 a class with its precision and recall as marks. `per_class` as in evaluation.json."""
    rows = list(reversed(per_class))
    names, colours = _row_names(rows), palette(dark)
    places = list(range(len(rows)))
    figure = go.Figure(
        [
            _bar([row["f1"] for row in rows], places, _("F1"), colours.good_light, colours.good),
            _marks([row["precision"] for row in rows], places, _("precision"), colours.bad, "diamond"),
            _marks([row["recall"] for row in rows], places, _("recall"), colours.good, "circle"),
        ]
    )
    return _rows_layout(figure, names)


def before_and_after_figure(per_class: Sequence[dict], *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return how much of each class is recognised before and after training, joined by a line."""
    rows = [row for row in reversed(per_class) if row.get("before_recall") is not None]
    names, colours = _row_names(rows), palette(dark)
    places = list(range(len(rows)))
    joins_x = [value for row in rows for value in (row["before_recall"], row["recall"], None)]
    joins_y = [value for place in places for value in (place, place, None)]
    line = {"color": colours.quiet, "width": 2}
    figure = go.Figure(
        [
            go.Scatter(x=joins_x, y=joins_y, mode="lines", line=line, hoverinfo="skip", showlegend=False),
            _marks([row["before_recall"] for row in rows], places, _("before"), colours.quiet, "circle-open"),
            _marks([row["recall"] for row in rows], places, _("after"), colours.good, "circle"),
        ]
    )
    return _rows_layout(figure, names)


def groups_figure(groups: Sequence[dict], *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return accuracy per group with its interval; `groups` as in evaluation.json."""
    rows = list(reversed(groups))
    colours = palette(dark)
    bar = _bar(
        [row["accuracy"] for row in rows], list(range(len(rows))), _("accuracy"), colours.good_light, colours.good
    )
    bar.error_x = {
        "array": [row["interval"][1] - row["accuracy"] for row in rows],
        "arrayminus": [row["accuracy"] - row["interval"][0] for row in rows],
        "color": colours.select,
        "thickness": 1.5,
    }
    names = [f"{short(row['group'])} ({row['support']})" for row in rows]
    figure = _rows_layout(go.Figure([bar]), names)
    before = [row.get("before_accuracy") for row in rows]
    if any(value is not None for value in before):
        figure.add_trace(_marks(before, list(range(len(rows))), _("before"), colours.quiet, "circle-open"))
    return figure


def curve_figure(metrics: Sequence[dict], measure: str, *, dark: bool = False, _: Translate = str) -> go.Figure:
    """Return `measure` ("loss" or "accuracy") over the epochs, training and validation; rows as in metrics.csv."""
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
    figure.update_xaxes(title=_("epoch"), dtick=1 if len(rows) <= 12 else None, fixedrange=True)
    figure.update_yaxes(title=titles[measure], fixedrange=True)
    if measure == "accuracy":
        figure.update_yaxes(tickformat=".0%", dtick=_whole_percents(figure))
    return figure


def _whole_percents(figure: go.Figure) -> float | None:
    """Return a step of one percent where the curves span so little that finer ticks would all read the same."""
    values = [value for trace in figure.data for value in trace.y if value is not None]
    return 0.01 if values and max(values) - min(values) < NARROW else None


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name that fits beside an axis, escaped for plotly."""
    text = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return html.escape(text)


def _row_names(rows: Sequence[dict]) -> list[str]:
    return [f"{short(row['class'])} ({row['support']})" for row in rows]


def _bar(values, places, name: str, colour: str, edge: str) -> go.Bar:
    marker = {"color": colour, "line": {"color": edge, "width": 1}}
    hover = "%{y}: %{x:.1%}<extra>" + name + "</extra>"
    return go.Bar(x=values, y=places, name=name, orientation="h", marker=marker, hovertemplate=hover)


def _marks(values, places, name: str, colour: str, symbol: str) -> go.Scatter:
    marker = {"color": colour, "symbol": symbol, "size": 9, "line": {"width": 2, "color": colour}}
    hover = "%{y}: %{x:.1%}<extra>" + name + "</extra>"
    return go.Scatter(x=values, y=places, name=name, mode="markers", marker=marker, hovertemplate=hover)


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
