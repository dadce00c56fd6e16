"""Pages that try to connect to another host, and the server that counts the connections."""

import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\nhi"
)


class Target:
    """Counts the TCP connections and UDP packets that reach one port of 127.0.0.1."""

    def __init__(self) -> None:
        self.connections = 0
        self.packets = 0
        self.heads: list[bytes] = []
        self._tcp, self._udp = _pair_of_sockets()
        self.port = int(self._tcp.getsockname()[1])
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve)

    @property
    def arrived(self) -> int:
        """Connections and packets."""
        return self.connections + self.packets

    def wait_for_more_than(self, count: int, limit_s: float) -> bool:
        """Whether more than `count` have arrived, within `limit_s`."""
        end = time.monotonic() + limit_s
        while self.arrived <= count and time.monotonic() < end:
            time.sleep(0.02)
        return self.arrived > count

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        self._thread.join()
        self._tcp.close()
        self._udp.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for listening in (self._tcp, self._udp):
                waiting.register(listening, selectors.EVENT_READ)
            while not self._is_closed:
                for key, _ in waiting.select(0.05):
                    if key.fileobj is self._udp:
                        self._udp.recv(2000)
                        self.packets += 1
                    else:
                        connection, _address = self._tcp.accept()
                        self.connections += 1
                        threading.Thread(target=self._respond, args=(connection,), daemon=True).start()

    def _respond(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection:
            try:
                if head := connection.recv(10_000):
                    self.heads.append(head)
                    connection.sendall(RESPONSE)
            except OSError:
                pass  # the connection is counted already


def _pair_of_sockets() -> tuple[socket.socket, socket.socket]:
    """A listening TCP socket and a UDP socket at the same port."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp


@dataclass(frozen=True)
class Escape:
    """A page that tries to connect to `HOST`, a name at `PORT`, or to 127.0.0.1 there.

    With `click` it tries when clicked. A `silent` one may fail before it connects to the proxy; its page calls
    `report("tried", ...)` when it is done. A `disabled` one fails without a firewall too.
    """

    body: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    status: int = 200
    click: bool = False
    silent: bool = False
    disabled: bool = False
    script: str = ""
    """Served by the page's site at `/script.js`."""


def _js(script: str, **more: object) -> Escape:
    return Escape(f"<script>{script}</script>", **more)  # type: ignore[arg-type]  # the fields of Escape


def _rtc(servers: str, then: str = "") -> Escape:
    return _js(
        f"""const peer = new RTCPeerConnection({{iceServers: [{servers}]}}); peer.createDataChannel("a");
        const done = () => setTimeout(() => report("tried", 1), 1000);
        peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
        peer.createOffer().then(offer => peer.setLocalDescription(offer)).then(() => {{ {then} }});
        setTimeout(done, 3000)""",
        silent=True,
    )


_CONNECT_PEER = """(async () => {
  const sdp = peer.localDescription.sdp.replace(/a=setup:actpass/g, "a=setup:active")
    .replace(/a=ice-ufrag:.*/g, "a=ice-ufrag:abcd").replace(/a=ice-pwd:.*/g, "a=ice-pwd:" + "p".repeat(24))
    .replace(/a=candidate:.*\\r\\n/g, "");
  await peer.setRemoteDescription({type: "answer", sdp});
  for (const kind of ["udp", "tcp"]) await peer.addIceCandidate({sdpMLineIndex: 0, candidate:
    `candidate:1 1 ${kind} 2130706431 127.0.0.1 PORT typ host` + (kind === "tcp" ? " tcptype passive" : "")});
})()"""

_WORKER = 'fetch("http://HOST/", {mode: "no-cors"})'

_WAIT = '<script>setTimeout(() => report("tried", 1), 1500)</script>'

ESCAPES: dict[str, Escape] = {
    # navigation
    "location": _js('location = "http://HOST/"'),
    "meta-refresh": Escape('<meta http-equiv=refresh content="0;url=http://HOST/">'),
    "refresh-header": Escape("", {"Refresh": "0;url=http://HOST/"}),
    "redirect": Escape("", {"Location": "http://HOST/"}, status=302),
    "redirected-fetch": Escape('<script>fetch("/to", {mode: "no-cors"})</script>'),
    "redirected-image": Escape("<img src=/to>"),
    "link": Escape('<a href="http://HOST/" style="position:fixed;inset:0">go</a>', click=True),
    "new-tab": Escape('<a href="http://HOST/" target=_blank style="position:fixed;inset:0">go</a>', click=True),
    "window-open": _js('onclick = () => open("http://HOST/")', click=True),
    "form-get": Escape('<form action="http://HOST/"><button style="position:fixed;inset:0">go', click=True),
    "form-post": Escape('<form action="http://HOST/" method=post><input name=a value=b>'
                     "<script>document.forms[0].submit()</script>"),
    "download": Escape('<a href="http://HOST/a.bin" download style="position:fixed;inset:0">go</a>', click=True),
    "iframe": Escape('<iframe src="http://HOST/"></iframe>'),
    "iframe-in-iframe": Escape("<iframe srcdoc='<iframe src=\"http://HOST/\"></iframe>'></iframe>"),
    "sandboxed-iframe": Escape("""<iframe sandbox=allow-scripts srcdoc='<script>fetch("http://HOST/")</script>'></iframe>"""),
    "blob-iframe": _js("""const page = new Blob(['<img src="http://HOST/">'], {type: "text/html"});
        const frame = document.createElement("iframe"); frame.src = URL.createObjectURL(page);
        document.documentElement.append(frame)"""),
    "data-iframe": Escape("<iframe src='data:text/html,<img src=\"http://HOST/\">'></iframe>"),
    "object": Escape('<object data="http://HOST/"></object>'),
    "embed": Escape('<embed src="http://HOST/" type="text/html">'),
    "user-and-password": Escape('<iframe src="http://me:secret@HOST/"></iframe>' + _WAIT, silent=True),
    "secure": Escape('<img src="https://HOST/">'),
    # requests
    "fetch": _js('fetch("http://HOST/")'),
    "fetch-with-preflight": _js('fetch("http://HOST/", {method: "PUT", headers: {"X-A": "b"}})'),
    "fetch-keepalive": _js('fetch("http://HOST/", {mode: "no-cors", keepalive: true, method: "POST", body: "a"})'),
    "xhr": _js('const x = new XMLHttpRequest(); x.open("GET", "http://HOST/"); x.send()'),
    "xhr-synchronous": _js('const x = new XMLHttpRequest(); x.open("GET", "http://HOST/", false);'
                             "try { x.send() } catch (e) {}"),
    "beacon": _js('navigator.sendBeacon("http://HOST/", "a")'),
    "beacon-when-leaving": _js('onpagehide = () => navigator.sendBeacon("http://HOST/", "a");'
                                 'setTimeout(() => location = "/empty", 100)'),
    "ping": Escape('<a href="#a" ping="http://HOST/" style="position:fixed;inset:0">go</a><script>'
                'onclick = () => setTimeout(() => report("tried", 1), 1000)</script>',
                click=True, silent=True, disabled=True),
    "websocket": _js('new WebSocket("ws://HOST/")'),
    "secure-websocket": _js('new WebSocket("wss://HOST/")'),
    "eventsource": _js('new EventSource("http://HOST/")'),
    "fetch-later": _js('fetchLater("http://HOST/", {activateAfter: 0})'),
    # subresources
    "image": Escape('<img src="http://HOST/">'),
    "image-set": Escape('<img srcset="http://HOST/ 1x">'),
    "picture": Escape('<picture><source srcset="http://HOST/"><img></picture>'),
    "svg-image": Escape('<svg><image href="http://HOST/" width=9 height=9></image></svg>'),
    "input-image": Escape('<input type=image src="http://HOST/">'),
    "video": Escape('<video src="http://HOST/a.mp4" preload=auto></video>'),
    "video-poster": Escape('<video poster="http://HOST/"></video>'),
    "audio": Escape('<audio src="http://HOST/a.mp3" preload=auto></audio>'),
    "stylesheet": Escape('<link rel=stylesheet href="http://HOST/">'),
    "css-import": Escape('<style>@import "http://HOST/";</style>'),
    "css-image": Escape('<style>body { background: url("http://HOST/") }</style>'),
    "css-cursor": Escape('<style>html { cursor: url("http://HOST/"), auto }</style>', click=True),
    "font": Escape('<style>@font-face { font-family: f; src: url("http://HOST/") } p { font-family: f }</style><p>a'),
    "script": Escape('<script src="http://HOST/"></script>'),
    "module": Escape('<script type=module src="http://HOST/"></script>'),
    "dynamic-import": _js('import("http://HOST/").catch(() => 0)'),
    "icon": Escape('<link rel=icon href="http://HOST/">'),
    # preloading
    "preload": Escape('<link rel=preload as=image href="http://HOST/">'),
    "modulepreload": Escape('<link rel=modulepreload href="http://HOST/">'),
    "prefetch": Escape('<link rel=prefetch href="http://HOST/">'),
    "preconnect": Escape('<link rel=preconnect href="http://HOST/">' + _WAIT, silent=True),
    "preload-header": Escape("", {"Link": '<http://HOST/>; rel="preload"; as="image"'}),
    "preconnect-header": Escape(_WAIT, {"Link": '<http://HOST/>; rel="preconnect"'}, silent=True),
    "speculative-prefetch": Escape('<script type=speculationrules>{"prefetch": [{"source": "list", "urls":'
                                ' ["http://HOST/"], "eagerness": "immediate"}]}</script>' + _WAIT, silent=True),
    "speculative-prerender": Escape('<script type=speculationrules>{"prerender": [{"source": "list", "urls":'
                                 ' ["http://HOST/"], "eagerness": "immediate"}]}</script>' + _WAIT, silent=True),
    # workers
    "worker": Escape('<script>new Worker("/script.js")</script>', script=_WORKER),
    "blob-worker": _js("new Worker(URL.createObjectURL(new Blob(['fetch(\"http://HOST/\", {mode: \"no-cors\"})'])))"),
    "worker-import": Escape('<script>new Worker("/script.js")</script>', script='importScripts("http://HOST/")'),
    "worker-websocket": Escape('<script>new Worker("/script.js")</script>', script='new WebSocket("ws://HOST/")'),
    "shared-worker": Escape('<script>new SharedWorker("/script.js")</script>', script=_WORKER),
    "service-worker": Escape('<script>navigator.serviceWorker.register("/script.js?service-worker")</script>',
                          script=_WORKER),
    "service-worker-event": Escape(
        '<script>navigator.serviceWorker.register("/script.js?event")'
        '.then(its => (its.installing || its.waiting || its.active).postMessage(1))</script>',
        script="onmessage = event => event.waitUntil(" + _WORKER + ")"),
    "worklet": _js('new AudioContext().audioWorklet.addModule("http://HOST/").catch(() => 0)'),
    # reports
    "csp-report": Escape("<img src=/blocked>", {"Content-Security-Policy": "img-src 'none'; report-uri http://HOST/"}),
    # not HTTP
    "stun": _rtc('{urls: "stun:127.0.0.1:PORT"}'),
    "turn-udp": _rtc('{urls: "turn:127.0.0.1:PORT", username: "a", credential: "b"}'),
    "turn-tcp": _rtc('{urls: "turn:127.0.0.1:PORT?transport=tcp", username: "a", credential: "b"}'),
    "peer": _rtc("", _CONNECT_PEER),
    "webtransport": _js('new WebTransport("https://127.0.0.1:PORT/").ready.catch(() => 0)'
                          '.then(() => report("tried", 1)); setTimeout(() => report("tried", 1), 4000)', silent=True),
    # other spellings of 127.0.0.1
    "decimal-address": Escape('<img src="http://2130706433:PORT/">'),
    "octal-address": Escape('<img src="http://0177.0.0.1:PORT/">'),
    "mapped-address": Escape('<img src="http://[::ffff:127.0.0.1]:PORT/">'),
    "zero-address": Escape('<img src="http://0.0.0.0:PORT/">'),
}  # fmt: skip
"""By name. `HOST` is `NAME.localhost:PORT`; `/to` redirects there, `/empty` is empty."""
