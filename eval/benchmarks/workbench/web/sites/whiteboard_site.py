"""Excalidraw on a page of its own, which shows the drawing in the file STATE and saves each change to it.

Run `python whiteboard_site.py` with the folder with the built page in PAGE; `--build` makes it from the npm folder NPM.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MAIN = """import { createRoot } from "react-dom/client"; import { createElement } from "react";
import { Excalidraw, restoreElements } from "@excalidraw/excalidraw"; import "@excalidraw/excalidraw/index.css";
let saved = "";
const onChange = elements => {
  const drawing = JSON.stringify(elements.filter(each => !each.isDeleted));
  if (drawing !== saved) fetch("/state", { method: "POST", body: saved = drawing, keepalive: true });
};
const { elements } = await (await fetch("/state")).json();
const initialData = { elements: restoreElements(elements, null), appState: { currentItemRoughness: 0 } };
createRoot(document.getElementById("root")).render(createElement(Excalidraw, { onChange, initialData }));"""
HTML = b"""<!doctype html><link rel=stylesheet href=/main.css><style>html,body,#root{margin:0;height:100%}</style>
<div id=root></div><script>window.EXCALIDRAW_ASSET_PATH = "/"</script><script type=module src=/main.js></script>"""
KINDS = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
PAGE = Path(os.environ["PAGE"])
SAVING = threading.Lock()
"""A change is saved after the one before: two writers of one file leave a mixture."""


def build(npm: Path) -> None:
    """Bundle the page."""
    source = npm / "whiteboard.jsx"
    source.write_text(MAIN)
    switches = ["--bundle", "--minify", "--splitting", "--format=esm", "--loader:.woff2=dataurl",
                '--define:process.env.NODE_ENV="production"', "--conditions=production"]  # fmt: skip
    program = npm / "node_modules/.bin/esbuild"
    subprocess.run([program, f"main={source}", f"--outdir={PAGE}", "--log-level=error", *switches], check=True)


class Handler(BaseHTTPRequestHandler):
    """Serves the page and the drawing."""

    def do_POST(self):
        """Save the drawing."""
        elements = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = Path(os.environ["STATE"])
        new = state.with_name(f".{state.name}")
        with SAVING:
            new.write_text(json.dumps({"elements": elements}))
            new.replace(state)
        self.answer(b"")

    def do_GET(self):
        """Serve a file or the drawing."""
        path = self.path.partition("?")[0].lstrip("/")
        if path == "state":
            self.answer(Path(os.environ["STATE"]).read_bytes(), "application/json")
            return
        fonts = Path(os.environ["NPM"]) / "node_modules/@excalidraw/excalidraw/dist/prod"
        file = next((base / path for base in (PAGE, fonts) if path and (base / path).is_file()), None)
        self.answer(file.read_bytes() if file else HTML, KINDS.get(file.suffix, "text/plain") if file else "text/html")

    def answer(self, body, kind="text/plain"):
        """Send `body`."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if sys.argv[1:] == ["--build"]:
    build(Path(os.environ["NPM"]))
else:
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
