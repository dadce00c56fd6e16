"""The cost of the browser firewall: page load times with and without it, alternating in one run.

    .venv/bin/python eval/bench/firewall_bench.py

Another process serves the pages on loopback, so the proxy is the only difference; on a real network its cost is the
same and the base time longer. The page itself measures the times.
"""

import argparse
import statistics
import threading
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import Process, SimpleQueue

from screenwright import BrowserEnv, Navigate
from screenwright.envs.browser import BrowserSettings
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

ROUNDS = 15
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(20_000)
MOVIE = bytes(50_000_000)
REPORT = "fetch('/took?' + took)"
PAGES = {
    "/one": f"<h1>one</h1><script>onload = () => setTimeout(() => {{ const took = "
    f"performance.getEntriesByType('navigation')[0].loadEventEnd; {REPORT} }})</script>",
    "/many": "".join(f"<img src='/image?{n}' width=20 height=20>" for n in range(60))
    + f"<script>onload = () => setTimeout(() => {{ const took = "
    f"performance.getEntriesByType('navigation')[0].loadEventEnd; {REPORT} }})</script>",
    "/large": "<script>(async () => { const start = performance.now(); await (await fetch('/movie')).arrayBuffer();"
    f"const took = performance.now() - start; {REPORT} }})()</script>",
}
NAMES = {"/one": "a page of one file", "/many": "a page with 60 images of 20 kB", "/large": "50 MB in one piece"}


def main() -> None:
    """Print the comparison."""
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    with (
        site() as (port, times_ms),
        browser(port, restricted=False) as plain,
        browser(port, restricted=True) as limited,
    ):
        print(f"medians of {ROUNDS}, milliseconds{'without':>20}{'with':>12}{'ratio':>8}")
        for path, name in NAMES.items():
            times: dict[bool, list[float]] = {False: [], True: []}
            for turn in range(ROUNDS):
                for restricted, env in ((False, plain), (True, limited))[:: -1 if turn % 2 else 1]:
                    env.execute(Navigate(f"http://127.0.0.1:{port}{path}"))
                    times[restricted].append(times_ms.get())
            without, within = statistics.median(times[False]), statistics.median(times[True])
            print(f"{name:36}{without:12.1f}{within:12.1f}{within / without:8.2f}")


@contextmanager
def browser(port: int, *, restricted: bool) -> Generator[BrowserEnv]:
    """A browser that has opened the site before."""
    settings = BrowserSettings(allow_hosts=(f"127.0.0.1:{port}",) if restricted else ())
    with BrowserEnv(f"http://127.0.0.1:{port}/", settings=settings) as env:
        env.observe()
        yield env


@contextmanager
def site() -> Generator[tuple[int, "SimpleQueue[float]"]]:
    """A site in another process: its port, and the queue of times that its pages report."""
    ports: SimpleQueue[int] = SimpleQueue()
    times_ms: SimpleQueue[float] = SimpleQueue()
    process = Process(target=serve, args=(ports, times_ms), daemon=True)
    process.start()
    try:
        yield ports.get(), times_ms
    finally:
        process.terminate()
        process.join()


def serve(ports: "SimpleQueue[int]", times_ms: "SimpleQueue[float]") -> None:
    """Serve the pages until the process is terminated."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path == "/took":
            times_ms.put(float(request.query))
        body = {"/image": IMAGE, "/movie": MOVIE}.get(request.path) or PAGES.get(request.path, "").encode()
        kind = "image/png" if request.path == "/image" else "text/html"
        return HttpResponse(body, kind, headers={"Cache-Control": "no-store"})

    ports.put(LocalServer(respond).port)
    threading.Event().wait()


if __name__ == "__main__":
    main()
