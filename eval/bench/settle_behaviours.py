"""The pages of `settle_bench.py`: what an action starts, and how its result is shown.

`show()` makes the green box that is the result. A server answers `/SECONDS/NAME` after that many seconds.
"""

# ruff: noqa: E501 # the scripts of pages
from dataclasses import dataclass
from typing import Literal

STYLE = """<!doctype html><meta charset=utf-8><style>body{margin:0;font:16px sans-serif}
#app{margin-left:300px}#go{position:fixed;z-index:9;left:0;top:0;width:200px;height:100px}
#box{position:absolute;left:0;top:200px;width:200px;height:200px;overflow:hidden}
.spinner{position:absolute;left:600px;top:300px;width:50px;height:50px;background:#f80;
animation:turn 1s linear infinite}@keyframes turn{to{transform:rotate(1turn)}}</style>
<div id=box></div><div id=app></div><script>const show = () => { box.style.background = '#0f0'; };
const pause = ms => new Promise(done => setTimeout(done, ms));
const burn = ms => { const end = performance.now() + ms; while (performance.now() < end); };
const get = path => fetch(path).then(reply => reply.text());
const spinner = '<div class=spinner></div>';
const note = (text, ms) => { const p = document.createElement('p'); p.textContent = text; p.role = 'status';
  Object.assign(p.style, {position: 'fixed', right: '9px', top: '9px'}); document.body.append(p); show();
  setTimeout(() => { p.remove(); box.style.background = ''; }, ms); };
const slices = (count, ms, done) => { const channel = new MessageChannel(); let n = 0;
  channel.port1.onmessage = () => { burn(ms); if (++n < count) channel.port2.postMessage(0); else done(); };
  channel.port2.postMessage(0); };</script>"""
SPINNER = "<div class=spinner></div>"

Trigger = Literal["click", "type", "scroll", "load"]


@dataclass(frozen=True)
class Behaviour:
    """A page, and the script of its button if it has none of its own; `load` is what the address itself starts."""

    name: str
    script: str
    page: str = ""
    trigger: Trigger = "click"
    query: str = ""


def _script(text: str) -> str:
    return f"<script>{text}</script>"


_TALL = "<div style='height:5000px'></div>"
_FIELD = '<input id=go oninput="{}">'

FIRST = (
    Behaviour("static page", "location='/0/green'"),
    Behaviour("dashboard", "location='/0/dashboard'"),
    Behaviour("skeleton 2 s", "location='/0/skeleton'"),
    Behaviour("navigation after 0.8 s", "location='/0.8/green'"),
    Behaviour("navigation after 2.5 s", "location='/2.5/green'"),
    Behaviour("slow image", "box.innerHTML='<img src=/1.2/image.svg width=200 height=200>'"),
    Behaviour(
        "spinner, then fade",
        "document.body.insertAdjacentHTML('beforeend', spinner); fetch('/1.0/x').then(() => {"
        "document.querySelector('.spinner').remove(); show(); box.animate([{opacity:0},{opacity:1}], 500); })",
    ),
    Behaviour("static Loading 1 s", "box.textContent='Loading'; setTimeout(show, 1000)"),
    Behaviour("ticking clock", "show()", f"<p id=c></p>{_script('setInterval(() => c.textContent=Date(), 1000)')}"),
    Behaviour("long poll + fetch", "fetch('/0.7/x').then(show)", _script("fetch('/30/poll')")),
    Behaviour(
        "debounce 0.3 + 0.5 s",
        "",
        _FIELD.format("clearTimeout(window.t); t=setTimeout(() => fetch('/0.5/x').then(show), 300)"),
        "type",
    ),
    Behaviour(
        "canvas by timer",
        "setTimeout(() => { const c = p.getContext('2d'); c.fillStyle='#0f0'; c.fillRect(0,0,200,200); }, 600)",
        "<canvas id=p width=200 height=200 style='position:absolute;left:0;top:200px'></canvas>",
    ),
    Behaviour(
        "drawer",
        "d.style.left='0'",
        "<div id=d style='position:absolute;left:-600px;top:200px;width:200px;height:200px;background:#0f0;"
        "transition:left .4s'></div>",
    ),
    Behaviour("no-op", "", _script("show()")),
    Behaviour("endless animation", "show()", SPINNER),
    Behaviour(
        "drawer moved by script",
        "const t=performance.now(); (function move() { const p=Math.min(1,(performance.now()-t)/500);"
        "box.style.left=(p-1)*300+'px'; if (p < 1) requestAnimationFrame(move); else show(); })()",
    ),
    Behaviour("timers in a row", "setTimeout(() => setTimeout(() => setTimeout(show, 300), 300), 300)"),
    Behaviour(
        "frame of another origin",
        "box.innerHTML='<iframe width=200 height=200 frameborder=0 src=http://localhost:'"
        " + location.port + '/0.2/frame></iframe>'",
    ),
    Behaviour("new tab after 1 s", "window.open('/1.0/green')"),
    Behaviour("poll every 0.4 s", "show()", _script("setInterval(() => fetch('/0.1/tick'), 400)")),
    Behaviour(
        "poll that re-arms",
        "show()",
        _script("(function poll() { fetch('/0.1/tick').then(() => setTimeout(poll, 300)); })()"),
    ),
    Behaviour(
        "count every frame",
        "show()",
        "<p id=c></p>" + _script("(function f() { c.textContent=performance.now(); requestAnimationFrame(f); })()"),
    ),
)

WORK_PASSED_ON = (
    Behaviour("two long slices", "slices(2, 250, show)"),
    Behaviour("many short slices", "slices(80, 5, show)"),
    Behaviour("slices after a reply", "get('/0.3/x').then(() => slices(3, 120, show))"),
    Behaviour(
        "messages to itself",
        "let n=0; onmessage=() => { burn(5); if (++n < 60) postMessage(0); else show(); }; postMessage(0)",
    ),
    Behaviour(
        "posted tasks", "let n=0; const f=() => { burn(8); if (++n < 40) scheduler.postTask(f); else show(); }; f()"
    ),
    Behaviour(
        "yielding loop", "(async () => { for (let n=0; n < 40; n++) { burn(8); await scheduler.yield(); } show(); })()"
    ),
    Behaviour(
        "idle callbacks", "let n=0; const f=() => { burn(8); if (++n < 10) requestIdleCallback(f); else show(); }; f()"
    ),
    Behaviour(
        "frames in a row", "let n=0; const f=() => { if (++n < 25) requestAnimationFrame(f); else show(); }; f()"
    ),
    Behaviour(
        "canvas animation",
        "const c=p.getContext('2d'), t=performance.now(); (function f() { const x=Math.min(1,(performance.now()-t)/1000);"
        "c.fillStyle=x < 1 ? '#00f' : '#0f0'; c.fillRect(0,0,200*x,200); if (x < 1) requestAnimationFrame(f); })()",
        "<canvas id=p width=200 height=200 style='position:absolute;left:0;top:200px'></canvas>",
    ),
    Behaviour(
        "worker for 1 s",
        "const w=new Worker(window.URL.createObjectURL(new Blob(['onmessage=() => setTimeout(postMessage, 1000, 1)'])));"
        "w.onmessage=show; w.postMessage(1)",
    ),
    Behaviour(
        "worker that fetches",
        "const w=new Worker('/0/worker.js'); w.onmessage=show; w.postMessage(1)",
    ),
    Behaviour(
        "database",
        "const r=indexedDB.open('d'+Math.random(),1); r.onupgradeneeded=() => r.result.createObjectStore('s');"
        "r.onsuccess=() => { let n=0; (function put() { const q=r.result.transaction('s','readwrite').objectStore('s')"
        ".put(n,n); q.onsuccess=() => { burn(4); if (++n < 60) put(); else show(); }; })(); }",
    ),
    Behaviour(
        "digests",
        "(async () => { for (let n=0; n < 40; n++) { burn(4); await crypto.subtle.digest('SHA-512',"
        " new Uint8Array(2000000)); } show(); })()",
    ),
    Behaviour(
        "broadcast to a listener",
        "new BroadcastChannel('b').postMessage(1)",
        _script("new BroadcastChannel('b').onmessage=() => setTimeout(show, 300)"),
    ),
    Behaviour("event stream", "const e=new EventSource('/0.8/events'); e.onmessage=() => { e.close(); show(); }"),
    Behaviour(
        "worker that reports progress",
        "document.body.insertAdjacentHTML('beforeend', spinner); const w=new Worker(window.URL.createObjectURL(new Blob([`let n=0;"
        "onmessage=() => { const i=setInterval(() => { postMessage(++n); if (n === 4) clearInterval(i); }, 350); }`])));"
        "w.onmessage=e => { if (e.data === 4) { document.querySelector('.spinner').remove(); show(); } }; w.postMessage(1)",
    ),
    Behaviour("imported module", "import('/0.6/module.js').then(() => setTimeout(show, 100))"),
    Behaviour(
        "script on demand",
        "const s=document.createElement('script'); s.src='/0.6/script.js'; s.onload=() => slices(20, 8, show);"
        "document.head.append(s)",
    ),
    Behaviour(
        "decoded image", "const i=new Image(); i.src='/0.7/image.svg'; i.decode().then(() => setTimeout(show, 100))"
    ),
    Behaviour(
        "wrapped handlers",
        "for (let n=0; n < 4; n++) setTimeout(() => {}, 20); setTimeout(show, 700)",
        _script("const real=setTimeout; window.setTimeout=(f, ...rest) => real(function () { return f(); }, ...rest)"),
    ),
    Behaviour(
        "interval that ends",
        "let n=0; const i=setInterval(() => { if (++n === 5) { clearInterval(i); show(); } }, 150)",
    ),
    Behaviour("steps with pauses", "(async () => { for (let n=0; n < 6; n++) await pause(120); show(); })()"),
)

REQUESTS = (
    Behaviour("six charts from one address", "Promise.all([.2,.4,.6,.8,1,1.2].map(s => get(`/${s}/chart?n=${s}`))).then(show)"),
    Behaviour(
        "one address, asked in a row",
        "(async () => { for (let n=0; n < 5; n++) await fetch('/0.25/api', {method:'POST', body:n}); show(); })()",
    ),
    Behaviour("address changes while fetching", "const r=get('/1.0/x'); history.pushState({}, '', '?a'); r.then(show)"),
    Behaviour(
        "hash changes while a script loads",
        "const s=document.createElement('script'); s.src='/0.9/script.js'; s.onload=show; document.head.append(s);"
        "setTimeout(() => { location.hash='c'; }, 60)",
    ),
    Behaviour("body that is not read", "fetch('/0.4/x').then(show)"),
    Behaviour("request of 4 s", "box.textContent='Loading'; get('/4.0/x').then(show)"),
    Behaviour("XMLHttpRequest", "const x=new XMLHttpRequest(); x.open('GET','/0.8/x'); x.onload=() => slices(20, 8, show); x.send()"),
    Behaviour("retry", "fetch('/0.2/x').then(() => pause(400)).then(() => get('/0.3/x')).then(show)"),
    Behaviour("requests in a row", "(async () => { for (const s of [.3,.2,.4,.2]) await get(`/${s}/part${s}`); show(); })()"),
    Behaviour("optimistic update", "box.textContent='Saved'; get('/0.6/x').then(show)"),
    Behaviour("rolled back update", "box.textContent='5 likes'; get('/0.5/x').then(() => { box.textContent='4 likes'; show(); })"),
    Behaviour(
        "job that is polled",
        "document.body.insertAdjacentHTML('beforeend', spinner); (async () => { for (let n=0; n < 4; n++) {"
        " await get('/0.1/job'); await pause(300); } document.querySelector('.spinner').remove(); show(); })()",
    ),
    Behaviour("report without a result", "show(); fetch('/2.0/x', {keepalive:true, method:'POST', body:'b'})"),
    Behaviour("skeleton by timer, 2 s", "document.body.insertAdjacentHTML('beforeend', spinner); setTimeout(() => { document.querySelector('.spinner').remove(); show(); }, 2000)"),
    Behaviour("busy region, 2 s", "app.ariaBusy='true'; app.textContent='Orders'; setTimeout(() => { app.ariaBusy='false'; show(); }, 2000)"),
    Behaviour("suggestions", "", _FIELD.format("window.a?.abort(); a=new AbortController(); fetch('/0.5/x',{signal:a.signal}).then(show, () => {})"), "type"),
    Behaviour(
        "infinite list",
        "",
        f"{_TALL}<p id=end>more</p>"
        + _script("new IntersectionObserver(([e]) => { if (e.isIntersecting) get('/0.5/x').then(() => {"
        " box.style.position='fixed'; show(); }); }).observe(end)"),
        "scroll",
    ),
    Behaviour(
        "lazy image",
        "",
        "<style>#i{position:absolute;left:0;top:5200px}</style><img id=i loading=lazy src=/0.8/image.svg width=200 height=200>"
        + _TALL
        + _script("i.onload=() => { box.style.position='fixed'; show(); }"),
        "scroll",
    ),
    Behaviour(
        "virtual list",
        "",
        _TALL + _script("onscroll=() => requestAnimationFrame(() => { box.style.position='fixed'; app.textContent=scrollY;"
        " if (scrollY > 900) show(); })"),
        "scroll",
    ),
)  # fmt: skip

_PARTS = (
    "const r=new ReadableStream({async start(c) { for (let n=0; n < COUNT; n++) { await pause(90); c.enqueue('word '); }"
    " c.close(); }}).getReader(); (async () => { for (;;) { const {done, value} = await r.read(); if (done) break;"
    " app.append(value); } show(); })()"
)

SHOWN_FOR_A_WHILE = (
    Behaviour("notice of 1.5 s", "note('Not saved', 1500)"),
    Behaviour("notice of 3 s", "note('Saved', 3000)"),
    Behaviour("notice after a reply", "get('/0.4/x').then(() => note('Saved', 2500))"),
    Behaviour(
        "notice with a bar",
        "note('Sent', 2500); document.querySelector('p').animate([{opacity:.5},{opacity:1}], 2500)",
    ),
    Behaviour(
        "button that says copied",
        "app.textContent='Copied'; show(); setTimeout(() => { app.textContent='Copy'; box.style.background=''; }, 1500)",
    ),
    Behaviour("answer in parts, 1 s", _PARTS.replace("COUNT", "10")),
    Behaviour("answer in parts, endless", "show(); " + _PARTS.replace("COUNT", "300")),
    Behaviour(
        "bar that glides",
        "let v=0; show(); setInterval(() => { bar.style.width=++v+'%'; app.textContent=v; }, 200)",
        "<style>#bar{background:#27a;height:20px;width:0;transition:width .4s linear}</style><div id=bar></div>",
    ),
    Behaviour("bar that jumps", "let v=0; show(); setInterval(() => { app.textContent=++v; }, 200)"),
    Behaviour("stopwatch", "show(); const t=Date.now(); setInterval(() => { app.textContent=Date.now()-t; }, 50)"),
)

ANIMATIONS = (
    Behaviour(
        "accordion",
        "d.style.height='200px'",
        "<div id=d style='position:absolute;left:0;top:200px;width:200px;height:0;background:#0f0;transition:height .35s'>",
    ),
    Behaviour("view transition", "document.startViewTransition(show)"),
    Behaviour(
        "ripple and a request",
        "const s=document.createElement('span'); go.append(s); s.animate([{opacity:1},{opacity:0}], 600);"
        "get('/0.9/x').then(show)",
    ),
    Behaviour("number that counts up", "const t=performance.now(); (function f() { const x=Math.min(1,(performance.now()-t)/800);"
        " app.textContent=Math.round(x*500); if (x < 1) requestAnimationFrame(f); else show(); })()"),
    Behaviour(
        "smooth scroll",
        "window.scrollTo({top:1500, behavior:'smooth'})",
        _TALL + _script("onscrollend=() => { box.style.position='fixed'; show(); }"),
    ),
)  # fmt: skip

BACKGROUND = (
    Behaviour("carousel, then a click", "get('/0.5/x').then(show)",
        _script("let n=0; setInterval(() => { app.textContent=++n; app.animate([{opacity:0},{opacity:1}], 400); }, 900)")),
    Behaviour("camera image", "show()", "<img id=cam>" + _script("setInterval(() => { cam.src='/0.1/image.svg?'+Date.now(); }, 300)")),
    Behaviour("ping every second", "show()", _script("setInterval(() => fetch('/0.6/ping'), 1000)")),
    Behaviour("clock by timers, and a request", "get('/0.6/x').then(show)",
        _script("(function f() { app.textContent=Date(); setTimeout(f, 250); })()")),
    Behaviour("save 2 s after typing", "", _FIELD.format("show(); clearTimeout(window.t); t=setTimeout(() => fetch('/0.2/x'), 2000)"), "type"),
    Behaviour("game on a canvas", "show()", "<canvas id=p></canvas>" + _script("const c=p.getContext('2d');"
        "(function f(t) { c.fillRect(t%300,0,9,9); requestAnimationFrame(f); })(0)")),
    Behaviour("animated background", "get('/0.4/x').then(show)",
        _script("(function f() { app.animate([{opacity:.4},{opacity:1}], 300).onfinish=f; })()")),
    Behaviour("messages from a frame", "show()", "<iframe hidden srcdoc=\"<script>setInterval(() => parent.postMessage(1, '*'),"
        " 200)</script>\"></iframe>" + _script("addEventListener('message', () => setTimeout(() => { app.title=Date.now(); }, 100))")),
)  # fmt: skip

LOADS = (
    Behaviour("app that draws itself", "", _script("get('/0.4/x').then(() => slices(20, 8, show))"), "load"),
    Behaviour("page with a clock", "", _script("show(); setInterval(() => { app.textContent=Date(); }, 1000)"), "load"),
    Behaviour("page with a long poll", "", _script("show(); fetch('/20/poll')"), "load"),
    Behaviour("page with a game", "", "<canvas id=p></canvas>" + _script("show(); const c=p.getContext('2d');"
        "(function f(t) { c.fillRect(t%300,0,9,9); requestAnimationFrame(f); })(0)"), "load"),
    Behaviour("frames in frames", "", "<style>#box iframe{border:0;width:200px;height:200px}</style>"
        + _script("const c=new MessageChannel(); c.port1.onmessage=() => { box.innerHTML='<iframe src=/0/nested?4></iframe>'; };"
        " c.port2.postMessage(0)"), "load"),
    Behaviour("late chunk", "", _script("setTimeout(() => import('/0.5/module.js').then(() => slices(10, 8, show)), 200)"), "load"),
    Behaviour("greeting after a splash", "", _script("app.innerHTML=spinner; setTimeout(() => { app.innerHTML='Hello'; show(); }, 1500)"), "load"),
)  # fmt: skip


def _app(name: str, trigger: Trigger = "click", query: str = "") -> Behaviour:
    file = name.partition(" ")[0].strip(",").lower()
    return Behaviour(name, "", f"<script src=/0/app/{file}.js></script>", trigger, query)


APPS = (
    _app("React in slices", query="slices"),
    _app("React with suspense", "load", "suspense"),
    _app("React, optimistic", query="optimistic"),
    _app("antd notice of 3 s", query="notice"),
    _app("antd table that loads", query="table"),
    _app("MUI notice after a reply"),
    _app("Mantine notice of 2 s"),
    _app("Vue with a transition"),
    _app("Svelte with a fade"),
    _app("Lit, until a reply"),
    _app("Angular with zones"),
    _app("htmx, swapped"),
    _app("Turbo frame", query="frame"),
    _app("Turbo visit"),
    _app("Chart drawn on a canvas"),
    _app("CodeMirror with a linter", "type"),
    _app("Monaco typed into", "type"),
    _app("Lexical that saves", "type"),
    _app("ProseMirror that saves", "type"),
)

PLAIN = (*FIRST, *WORK_PASSED_ON, *REQUESTS, *SHOWN_FOR_A_WHILE, *ANIMATIONS, *BACKGROUND, *LOADS)

GREEN = "<p style='position:absolute;left:0;top:200px;width:200px;height:200px;margin:0;background:#0f0'></p>"
GREEN_PAGE = STYLE + _script("show()")
PAGES = {
    "green": GREEN_PAGE,
    "dashboard": STYLE + _script("Promise.all([.3,.5,.9].map(s => get(`/${s}/x`))).then(show)"),
    "skeleton": STYLE + "<p id=wait>Loading</p>" + _script("get('/2.0/x').then(() => { wait.remove(); show(); })"),
    "frame": STYLE + _script("fetch('/0.8/x').then(() => { document.body.style.background = '#0f0'; })"),
    "nested": "<!doctype html><style>body{margin:0}iframe{border:0;width:200px;height:200px}</style><body>"
    + _script(
        "const n=+location.search.slice(1); const c=new MessageChannel(); c.port1.onmessage=() => { if (n) document.body"
        ".innerHTML=`<iframe src=/0/nested?${n-1}></iframe>`; else document.body.style.background='#0f0'; };"
        "c.port2.postMessage(0)"
    ),
    "image.svg": '<svg xmlns="http://www.w3.org/2000/svg"><rect width="999" height="999" fill="#0f0"/></svg>',
    "items": '["one", "two", "three"]',
    "fragment": GREEN,
    "turbo-frame": f"<turbo-frame id=list>{GREEN}</turbo-frame>",
    "events": "data: x\n\n",
    "module.js": "export default 1",
    "script.js": "var loaded",
    "worker.js": "onmessage = () => fetch('/0.8/x').then(() => postMessage(1))",
}
KINDS = {"svg": "image/svg+xml", "js": "text/javascript", "events": "text/event-stream"}
