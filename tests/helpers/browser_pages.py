"""Opening test pages in a browser, and reading pixels of its screenshots."""

from page_site import Site

from screenwright import BrowserEnv, Navigate


def visit(env: BrowserEnv, site: Site, body: str, path: str = "/page") -> None:
    """Serve `body` at `path` and open it, with an empty record of what pages reported."""
    site.reported.clear()
    env.execute(Navigate(site.add(path, body)))


def colour(env: BrowserEnv, x: float, y: float) -> tuple[int, ...]:
    """The RGB value of a pixel on a new screenshot."""
    pixel = env.observe().screenshot.image.getpixel((round(x), round(y)))
    assert isinstance(pixel, tuple)
    return tuple(int(channel) for channel in pixel)
