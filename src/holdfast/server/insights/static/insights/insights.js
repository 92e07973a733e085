// Draws the Plotly figures of a page in the colours of the reader's mode, and opens the people behind a point.
// Plotly is loaded only where there is a figure; the tables say the same without any of this.
(function () {
  "use strict";
  var plotly = document.currentScript.dataset.plotly;
  var dark = window.matchMedia("screen and (prefers-color-scheme: dark)");
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

  function draw(place) {
    var figure = read(place.dataset.figure, dark.matches ? "dark" : "light");
    if (!figure) { return; }
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

  // A sheet of paper is narrower than the window, and the figures do not learn it by themselves.
  function drawn(width) {
    document.querySelectorAll(".js-plotly-plot").forEach(function (place) {
      window.Plotly.relayout(place, width ? { width: width, autosize: false } : { width: null, autosize: true });
    });
  }

  all();
  dark.addEventListener("change", all);
  window.addEventListener("beforeprint", function () { drawn(640); });
  window.addEventListener("afterprint", function () { drawn(0); });
  document.addEventListener("htmx:after:swap", all);
})();
