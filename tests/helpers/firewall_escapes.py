"""Ways out of a page: each tries to reach a host that is not its own; and the server that counts what arrives there."""

import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\nhi"
)


class Target:
    """Counts on one port of 127.0.0.1 what arrives: TCP connections, by the host they ask for, and UDP packets."""

    def __init__(self) -> None:
        self.connections = 0
        self.packets = 0
        self.heads: list[bytes] = []
        self._tcp, self._udp = _pair_of_sockets()
        self.port = int(self._tcp.getsockname()[1])
        self._is_over = False
        self._thread = threading.Thread(target=self._serve)

    @property
    def arrived(self) -> int:
        """Everything that arrived."""
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
        self._is_over = True
        self._thread.join()
        self._tcp.close()
        self._udp.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for listening in (self._tcp, self._udp):
                waiting.register(listening, selectors.EVENT_READ)
            while not self._is_over:
                for key, _ in waiting.select(0.05):
                    if key.fileobj is self._udp:
                        self._udp.recv(2000)
                        self.packets += 1
                    else:
                        connection, _address = self._tcp.accept()
                        self.connections += 1
                        threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection:
            try:
                if head := connection.recv(10_000):
                    self.heads.append(head)
                    connection.sendall(ANSWER)
            except OSError:
                pass  # it connected, which is what counts


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
class Way:
    """A page that tries to get out to `HOST`, a name at `PORT`, or to 127.0.0.1 there.

    With `click` it tries when it is clicked on. One that is `silent` need not get as far as asking the proxy; its page
    calls `tell("tried", ...)` when it has had its time. One that is `shut` is so without a firewall too.
    """

    body: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    status: int = 200
    click: bool = False
    silent: bool = False
    shut: bool = False
    script: str = ""
    """What the site of the page has at `/script.js`."""


def _does(script: str, **more: object) -> Way:
    return Way(f"<script>{script}</script>", **more)  # type: ignore[arg-type]  # the fields of Way


def _rtc(servers: str, then: str = "") -> Way:
    return _does(
        f"""const peer = new RTCPeerConnection({{iceServers: [{servers}]}}); peer.createDataChannel("a");
        const over = () => setTimeout(() => tell("tried", 1), 1000);
        peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && over();
        peer.createOffer().then(offer => peer.setLocalDescription(offer)).then(() => {{ {then} }});
        setTimeout(over, 3000)""",
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

_WAIT = '<script>setTimeout(() => tell("tried", 1), 1500)</script>'

WAYS: dict[str, Way] = {
    # going there
    "location": _does('location = "http://HOST/"'),
    "meta-refresh": Way('<meta http-equiv=refresh content="0;url=http://HOST/">'),
    "refresh-header": Way("", {"Refresh": "0;url=http://HOST/"}),
    "redirect": Way("", {"Location": "http://HOST/"}, status=302),
    "redirected-fetch": Way('<script>fetch("/to", {mode: "no-cors"})</script>'),
    "redirected-image": Way("<img src=/to>"),
    "link": Way('<a href="http://HOST/" style="position:fixed;inset:0">go</a>', click=True),
    "new-tab": Way('<a href="http://HOST/" target=_blank style="position:fixed;inset:0">go</a>', click=True),
    "window-open": _does('onclick = () => open("http://HOST/")', click=True),
    "form-get": Way('<form action="http://HOST/"><button style="position:fixed;inset:0">go', click=True),
    "form-post": Way('<form action="http://HOST/" method=post><input name=a value=b><script>document.forms[0].submit()'
                     "</script>"),
    "download": Way('<a href="http://HOST/a.bin" download style="position:fixed;inset:0">go</a>', click=True),
    "iframe": Way('<iframe src="http://HOST/"></iframe>'),
    "iframe-in-iframe": Way("<iframe srcdoc='<iframe src=\"http://HOST/\"></iframe>'></iframe>"),
    "sandboxed-iframe": Way("""<iframe sandbox=allow-scripts srcdoc='<script>fetch("http://HOST/")</script>'></iframe>"""),
    "blob-iframe": _does("""const page = new Blob(['<img src="http://HOST/">'], {type: "text/html"});
        const frame = document.createElement("iframe"); frame.src = URL.createObjectURL(page);
        document.documentElement.append(frame)"""),
    "data-iframe": Way("<iframe src='data:text/html,<img src=\"http://HOST/\">'></iframe>"),
    "object": Way('<object data="http://HOST/"></object>'),
    "embed": Way('<embed src="http://HOST/" type="text/html">'),
    "user-and-password": Way('<iframe src="http://me:secret@HOST/"></iframe>' + _WAIT, silent=True),
    "secure": Way('<img src="https://HOST/">'),
    # asking for something
    "fetch": _does('fetch("http://HOST/")'),
    "fetch-with-preflight": _does('fetch("http://HOST/", {method: "PUT", headers: {"X-A": "b"}})'),
    "fetch-keepalive": _does('fetch("http://HOST/", {mode: "no-cors", keepalive: true, method: "POST", body: "a"})'),
    "xhr": _does('const x = new XMLHttpRequest(); x.open("GET", "http://HOST/"); x.send()'),
    "xhr-synchronous": _does('const x = new XMLHttpRequest(); x.open("GET", "http://HOST/", false);'
                             "try { x.send() } catch (e) {}"),
    "beacon": _does('navigator.sendBeacon("http://HOST/", "a")'),
    "beacon-when-leaving": _does('onpagehide = () => navigator.sendBeacon("http://HOST/", "a");'
                                 'setTimeout(() => location = "/empty", 100)'),
    "ping": Way('<a href="#a" ping="http://HOST/" style="position:fixed;inset:0">go</a><script>'
                'onclick = () => setTimeout(() => tell("tried", 1), 1000)</script>',
                click=True, silent=True, shut=True),
    "websocket": _does('new WebSocket("ws://HOST/")'),
    "secure-websocket": _does('new WebSocket("wss://HOST/")'),
    "eventsource": _does('new EventSource("http://HOST/")'),
    "fetch-later": _does('fetchLater("http://HOST/", {activateAfter: 0})'),
    # parts of a page
    "image": Way('<img src="http://HOST/">'),
    "image-set": Way('<img srcset="http://HOST/ 1x">'),
    "picture": Way('<picture><source srcset="http://HOST/"><img></picture>'),
    "svg-image": Way('<svg><image href="http://HOST/" width=9 height=9></image></svg>'),
    "input-image": Way('<input type=image src="http://HOST/">'),
    "video": Way('<video src="http://HOST/a.mp4" preload=auto></video>'),
    "video-poster": Way('<video poster="http://HOST/"></video>'),
    "audio": Way('<audio src="http://HOST/a.mp3" preload=auto></audio>'),
    "stylesheet": Way('<link rel=stylesheet href="http://HOST/">'),
    "css-import": Way('<style>@import "http://HOST/";</style>'),
    "css-image": Way('<style>body { background: url("http://HOST/") }</style>'),
    "css-cursor": Way('<style>html { cursor: url("http://HOST/"), auto }</style>', click=True),
    "font": Way('<style>@font-face { font-family: f; src: url("http://HOST/") } p { font-family: f }</style><p>text'),
    "script": Way('<script src="http://HOST/"></script>'),
    "module": Way('<script type=module src="http://HOST/"></script>'),
    "dynamic-import": _does('import("http://HOST/").catch(() => 0)'),
    "icon": Way('<link rel=icon href="http://HOST/">'),
    # asking ahead
    "preload": Way('<link rel=preload as=image href="http://HOST/">'),
    "modulepreload": Way('<link rel=modulepreload href="http://HOST/">'),
    "prefetch": Way('<link rel=prefetch href="http://HOST/">'),
    "preconnect": Way('<link rel=preconnect href="http://HOST/">' + _WAIT, silent=True),
    "preload-header": Way("", {"Link": '<http://HOST/>; rel="preload"; as="image"'}),
    "preconnect-header": Way(_WAIT, {"Link": '<http://HOST/>; rel="preconnect"'}, silent=True),
    "speculative-prefetch": Way('<script type=speculationrules>{"prefetch": [{"source": "list", "urls":'
                                ' ["http://HOST/"], "eagerness": "immediate"}]}</script>' + _WAIT, silent=True),
    "speculative-prerender": Way('<script type=speculationrules>{"prerender": [{"source": "list", "urls":'
                                 ' ["http://HOST/"], "eagerness": "immediate"}]}</script>' + _WAIT, silent=True),
    # from workers
    "worker": Way('<script>new Worker("/script.js")</script>', script=_WORKER),
    "blob-worker": _does("new Worker(URL.createObjectURL(new Blob(['fetch(\"http://HOST/\", {mode: \"no-cors\"})'])))"),
    "worker-import": Way('<script>new Worker("/script.js")</script>', script='importScripts("http://HOST/")'),
    "worker-websocket": Way('<script>new Worker("/script.js")</script>', script='new WebSocket("ws://HOST/")'),
    "shared-worker": Way('<script>new SharedWorker("/script.js")</script>', script=_WORKER),
    "service-worker": Way('<script>navigator.serviceWorker.register("/script.js?service-worker")</script>',
                          script=_WORKER),
    "service-worker-event": Way(
        '<script>navigator.serviceWorker.register("/script.js?event")'
        '.then(its => (its.installing || its.waiting || its.active).postMessage(1))</script>',
        script="onmessage = event => event.waitUntil(" + _WORKER + ")"),
    "worklet": _does('new AudioContext().audioWorklet.addModule("http://HOST/").catch(() => 0)'),
    # reports
    "csp-report": Way("<img src=/blocked>", {"Content-Security-Policy": "img-src 'none'; report-uri http://HOST/"}),
    # not HTTP
    "stun": _rtc('{urls: "stun:127.0.0.1:PORT"}'),
    "turn-udp": _rtc('{urls: "turn:127.0.0.1:PORT", username: "a", credential: "b"}'),
    "turn-tcp": _rtc('{urls: "turn:127.0.0.1:PORT?transport=tcp", username: "a", credential: "b"}'),
    "peer": _rtc("", _CONNECT_PEER),
    "webtransport": _does('new WebTransport("https://127.0.0.1:PORT/").ready.catch(() => 0)'
                          '.then(() => tell("tried", 1)); setTimeout(() => tell("tried", 1), 4000)', silent=True),
    # other spellings of the same machine
    "decimal-address": Way('<img src="http://2130706433:PORT/">'),
    "octal-address": Way('<img src="http://0177.0.0.1:PORT/">'),
    "mapped-address": Way('<img src="http://[::ffff:127.0.0.1]:PORT/">'),
    "zero-address": Way('<img src="http://0.0.0.0:PORT/">'),
}  # fmt: skip
"""By name. `HOST` is `NAME.localhost:PORT`; `/to` redirects there, `/empty` is empty."""
