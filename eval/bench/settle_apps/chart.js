import Chart from "chart.js/auto";

document.getElementById("app").innerHTML = "<button id=go>go</button><div style='width:500px'><canvas id=c></canvas></div>";
document.getElementById("go").onclick = async () => {
  const data = JSON.parse(await get("/0.3/items"));
  new Chart(document.getElementById("c"), {
    type: "bar",
    data: { labels: data, datasets: [{ data: data.map((_, n) => n + 1) }] },
    options: { animation: { duration: 800, onComplete: show } },
  });
};
