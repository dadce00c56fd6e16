"""What a firewall costs: how long pages take to load with and without one, in turns, in one run.

    python eval/bench/firewall_bench.py

The pages are served on loopback by another process, so that the proxy is all that is added: on a real network, its cost
is the same and what it is added to is longer. The times are those that the page itself reads.
"""

import statistics
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, SimpleQueue
from urllib.parse import urlsplit

from screenwright import BrowserEnv, Navigate
from screenwright.envs.browser import BrowserSettings

ROUNDS = 15
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(20_000)
MOVIE = bytes(50_000_000)
SAY = "fetch('/took?' + took)"
PAGES = {
    "/one": f"<h1>one</h1><script>onload = () => setTimeout(() => {{ const took = "
    f"performance.getEntriesByType('navigation')[0].loadEventEnd; {SAY} }})</script>",
    "/many": "".join(f"<img src='/image?{n}' width=20 height=20>" for n in range(60))
    + f"<script>onload = () => setTimeout(() => {{ const took = "
    f"performance.getEntriesByType('navigation')[0].loadEventEnd; {SAY} }})</script>",
    "/large": "<script>(async () => { const began = performance.now(); await (await fetch('/movie')).arrayBuffer();"
    f"const took = performance.now() - began; {SAY} }})()</script>",
}
NAMES = {"/one": "a page of one file", "/many": "a page with 60 images of 20 kB", "/large": "50 MB in one piece"}


def main() -> None:
    """Print the comparison."""
    with (
        site() as (port, took),
        browser(port, has_firewall=False) as plain,
        browser(port, has_firewall=True) as firewalled,
    ):
        print(f"medians of {ROUNDS}, milliseconds{'without':>20}{'with':>12}{'ratio':>8}")
        for path, name in NAMES.items():
            times: dict[bool, list[float]] = {False: [], True: []}
            for turn in range(ROUNDS):
                for has_firewall, env in ((False, plain), (True, firewalled))[:: -1 if turn % 2 else 1]:
                    env.execute(Navigate(f"http://127.0.0.1:{port}{path}"))
                    times[has_firewall].append(took.get())
            without, within = statistics.median(times[False]), statistics.median(times[True])
            print(f"{name:36}{without:12.1f}{within:12.1f}{within / without:8.2f}")


@contextmanager
def browser(port: int, *, has_firewall: bool) -> Generator[BrowserEnv]:
    """A browser that was at the site already."""
    settings = BrowserSettings(allow_hosts=(f"127.0.0.1:{port}",) if has_firewall else ())
    with BrowserEnv(f"http://127.0.0.1:{port}/", settings=settings) as env:
        env.observe()
        yield env


@contextmanager
def site() -> Generator[tuple[int, "SimpleQueue[float]"]]:
    """The port of a site in a process of its own, and the times that its pages tell."""
    ports: SimpleQueue[int] = SimpleQueue()
    took: SimpleQueue[float] = SimpleQueue()
    process = Process(target=serve, args=(ports, took), daemon=True)
    process.start()
    try:
        yield ports.get(), took
    finally:
        process.terminate()
        process.join()


def serve(ports: "SimpleQueue[int]", took: "SimpleQueue[float]") -> None:
    """Serve the pages until the process is ended."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/took":
                took.put(float(parts.query))
            bodies = {"/image": IMAGE, "/movie": MOVIE}
            body = bodies.get(parts.path) or PAGES.get(parts.path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "image/png" if parts.path == "/image" else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ports.put(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
