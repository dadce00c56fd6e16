import "@hotwired/turbo";

document.getElementById("app").innerHTML = location.search === "?frame"
  ? "<turbo-frame id=list><a id=go href=/0.6/turbo-frame>go</a></turbo-frame>" : "<a id=go href=/0.6/green>go</a>";
