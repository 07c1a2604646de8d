"""One tap is one press: a finger on a figure does at once what a mouse does."""

from pages.components.register import register


def hear() -> None:
    """Let figures of this page hear single taps. Calling it twice changes nothing."""
    register("single_tap", "<span></span>")(key="taps", data={})
