// Draws the Plotly figures of a page in the colours of the reader's mode, and opens the people behind a point.
// Plotly is loaded only where there is a figure; the tables say the same without any of this.
(function () {
  "use strict";
  var plotly = document.currentScript.dataset.plotly;
  var dark = window.matchMedia("screen and (prefers-color-scheme: dark)");
  var SHEET = 680;
  var BROAD = 1000;
  var BROAD_HEIGHT = 500;
  var onPaper = false;
  var loading = null;

  function loaded() {
    loading = loading || new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = plotly;
      script.onload = resolve;
      script.onerror = reject;
      document.head.appendChild(script);
    });
    return loading;
  }

  function read(name, kind) {
    var source = document.getElementById(name + "-" + kind);
    return source ? JSON.parse(source.textContent) : null;
  }

  // A point of a heat map is named by row and column, any other by its number.
  function address(opens, point) {
    var trace = opens && opens[point.curveNumber];
    var at = point.pointNumber;
    var found = trace && (Array.isArray(at) ? trace[at[0]] && trace[at[0]][at[1]] : trace[at]);
    return typeof found === "string" && found.indexOf("/insights/") === 0 ? found : null;
  }

  // A figure with words in it is never narrower than they need; where its place is, it scrolls. Paper is as wide as it is.
  function width(place, figure) {
    if (onPaper) { return turnedSheet() ? BROAD : SHEET; }
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

  // A sheet with a table of many columns is turned (page.css says which).
  function turnedSheet() { return getComputedStyle(document.querySelector("main")).page === "broad"; }

  function draw(place) {
    var figure = read(place.dataset.figure, dark.matches ? "dark" : "light");
    if (!figure) { return; }
    figure.layout.width = width(place, figure);
    place.style.maxHeight = onPaper && turnedSheet() ? BROAD_HEIGHT + "px" : "";
    if (place.style.maxHeight && figure.layout.height) { figure.layout.height = Math.min(figure.layout.height, BROAD_HEIGHT); }
    if (place.classList.toggle("scroll", !onPaper && figure.layout.width > place.clientWidth)) { place.tabIndex = 0; }
    window.Plotly.react(place, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: false });
    var opens = read(place.dataset.figure, "opens");
    if (opens && opens.length && !place.dataset.opens) {
      place.dataset.opens = "1";
      place.classList.add("opens");
      place.on("plotly_click", function (event) {
        var found = event.points.map(function (point) { return address(opens, point); }).filter(Boolean)[0];
        if (found) { location.assign(found); }
      });
    }
  }

  function all() {
    var places = document.querySelectorAll("[data-figure]");
    if (places.length) { loaded().then(function () { places.forEach(draw); }); }
  }

  // Drawn from nothing: what is on its way from one width to another would be printed half-way.
  function turned(paper) {
    onPaper = paper;
    document.querySelectorAll(".js-plotly-plot").forEach(function (place) {
      window.Plotly.purge(place);
      delete place.dataset.opens;
      draw(place);
    });
  }

  all();
  dark.addEventListener("change", all);
  window.addEventListener("beforeprint", function () { turned(true); });
  window.addEventListener("afterprint", function () { turned(false); });
  document.addEventListener("htmx:after:swap", all);
})();
