"""Excalidraw on a page of its own; each change of the drawing is saved to the file named by the variable STATE."""

import json
import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NPM, FOLDER = Path(os.environ["NPM"]), Path(os.environ["FOLDER"])
MAIN = """import { createRoot } from "react-dom/client"; import { createElement } from "react";
import { Excalidraw } from "@excalidraw/excalidraw"; import "@excalidraw/excalidraw/index.css";
let saved = "";
const onChange = elements => {
  const drawing = JSON.stringify(elements.filter(each => !each.isDeleted));
  if (drawing !== saved) fetch("/state", { method: "POST", body: saved = drawing, keepalive: true });
};
createRoot(document.getElementById("root")).render(createElement(Excalidraw, { onChange }));"""
PAGE = b"""<!doctype html><link rel=stylesheet href=/main.css><style>html,body,#root{margin:0;height:100%}</style>
<div id=root></div><script>window.EXCALIDRAW_ASSET_PATH = "/"</script><script type=module src=/main.js></script>"""

DIST = NPM / "node_modules/@excalidraw/excalidraw/dist/prod"
(NPM / "excalidraw.jsx").write_text(MAIN)
if not (NPM / "excalidraw/main.js").exists():
    subprocess.run(
        [NPM / "node_modules/.bin/esbuild", f"main={NPM / 'excalidraw.jsx'}", "--bundle", "--minify", "--splitting",
         "--format=esm", f"--outdir={NPM / 'excalidraw'}", "--loader:.woff2=dataurl",
         "--define:process.env.NODE_ENV=\"production\"", "--conditions=production"], check=True)  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Serves the page and saves the drawing."""

    def do_POST(self):
        """Save the drawing."""
        elements = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        (FOLDER / "state.json").write_text(json.dumps({"elements": elements}))
        self.answer(b"")

    def do_GET(self):
        """Serve a file."""
        path = self.path.partition("?")[0].lstrip("/")
        file = next((base / path for base in (NPM / "excalidraw", DIST) if path and (base / path).is_file()), None)
        kinds = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
        self.answer(file.read_bytes() if file else PAGE, kinds.get(file.suffix, "text/plain") if file else "text/html")

    def answer(self, body, kind="text/plain"):
        """Send `body`."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
