import htmx from "htmx.org";

window.htmx = htmx;
document.getElementById("app").innerHTML = '<button id=go hx-get=/0.6/fragment hx-target="#list">go</button><p id=list></p>';
htmx.process(document.body);
