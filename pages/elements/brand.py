"""Graft's own mark: a shoot with two leaves on a stem, joined by a slanted cut, the way gardeners graft."""

_MARK = """<g fill="{colour}">
<path d="M14.3 30.5V24l3.4-2.9v9.4z"/>
<path d="M14.3 21.9V12h3.4v7z"/>
<path d="M15.4 13.2C9.2 13.4 4.9 9.9 3.8 3.2c7 .2 11.3 3.8 11.6 10z"/>
<path d="M17.2 17.3c.2-5.8 4.2-9.3 11-9.500-.7 6.3-4.8 9.700-11 9.500z"/>
</g>"""
GREEN = {"light": "#2a7048", "dark": "#5fbf86"}
INK = {"light": "#1c2620", "dark": "#e8eee9"}


def favicon() -> str:
    """Return the mark as SVG; its green reads well on light and dark tabs."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{_MARK.format(colour="#3f9a66")}</svg>'


def logo(theme: str) -> str:
    """Return the mark with the name beside it as SVG, for a "light" or a "dark" page."""
    theme = theme if theme in GREEN else "light"
    name = (
        f'<text x="37" y="24" font-family="Source Sans, Source Sans 3, Segoe UI, Helvetica Neue, Arial, sans-serif" '
        f'font-size="23" font-weight="600" letter-spacing="-0.3" fill="{INK[theme]}">Graft</text>'
    )
    mark = _MARK.format(colour=GREEN[theme])
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="32" viewBox="0 0 100 32">{mark}{name}</svg>'


def mark(theme: str) -> str:
    """Return the mark alone as SVG, for narrow screens."""
    mark = _MARK.format(colour=GREEN.get(theme, GREEN["light"]))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="0 0 32 32">{mark}</svg>'
