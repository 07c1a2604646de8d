"""How a picture becomes a square, and which of its values are black and white: one text, kept with what needs it."""

MARK = "@"  # between a fit and the scale of pictures of more than 8 bits


def with_scale(fit: str, scale: str) -> str:
    """Return a fit that says the scale of deep pictures too, so that everything kept by it is kept apart."""
    return f"{fit}{MARK}{scale}" if scale else fit


def parted(fit: str) -> tuple[str, str]:
    """Return (fit, scale) of what `with_scale` joined; the scale may be ""."""
    fit, _mark, scale = fit.partition(MARK)
    return fit, scale


def fit_of(preparation: dict) -> str:
    """Return how a run's pictures become squares, as `preparation.json` keeps it, the scale of deep ones included."""
    return with_scale(preparation["fit"], preparation.get("pixel_scale", ""))
