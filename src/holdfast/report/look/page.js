// Draws the Plotly figures of the page, in the colours of the reader's mode; the tables say the same without it.
(function () {
  var dark = window.matchMedia("screen and (prefers-color-scheme: dark)");
  var SHEET = 680;
  var BROAD = 1000;
  var onPaper = false;
  // A figure with words in it is never narrower than they need; where its place is, it scrolls. Paper is as wide as it is.
  function width(place, figure) {
    if (onPaper) { return SHEET; }
    var flows = figure.data.some(function (trace) { return trace.type === "sankey"; });
    var ticks = (figure.layout.yaxis || {}).ticktext || [];
    var worded = flows || ticks.some(function (name) { return String(name).length > 20; }) || (figure.layout.annotations || []).length > 12
      || figure.layout.xaxis2 || figure.data.some(function (trace) {
      var long = Array.isArray(trace.y) && trace.y.some(function (name) { return typeof name === "string" && name.length > 20; });
      return long || (trace.type === "heatmap" && trace.texttemplate);
    });
    var needed = flows ? BROAD : worded ? SHEET : 0;
    return place.clientWidth < needed ? needed : undefined;
  }

  function draw() {
    document.querySelectorAll("[data-figure]").forEach(function (place) {
      var source = document.getElementById(place.dataset.figure + (dark.matches ? "-dark" : "-light"));
      var figure = JSON.parse(source.textContent);
      figure.layout.width = width(place, figure);
      if (place.classList.toggle("scroll", !onPaper && figure.layout.width > place.clientWidth)) { place.tabIndex = 0; }
      Plotly.react(place, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: false });
    });
  }
  draw();
  dark.addEventListener("change", draw);
  // Drawn from nothing: what is on its way from one width to another would be printed half-way.
  function turned(paper) {
    onPaper = paper;
    document.querySelectorAll(".js-plotly-plot").forEach(function (place) { Plotly.purge(place); });
    draw();
  }
  window.addEventListener("afterprint", function () { turned(false); });
  window.addEventListener("beforeprint", function () {
    turned(true);
    // long tables stay folded: they are in the CSV
    document.querySelectorAll("details").forEach(function (one) {
      if (one.querySelectorAll("tr").length <= 40 && !one.closest(".pcards")) { one.open = true; }
    });
  });
})();
