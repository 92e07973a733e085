// Draws the Plotly figures of the page, in the colours of the reader's mode; the tables say the same without it.
(function () {
  var dark = window.matchMedia("screen and (prefers-color-scheme: dark)");
  function draw() {
    document.querySelectorAll("[data-figure]").forEach(function (place) {
      var source = document.getElementById(place.dataset.figure + (dark.matches ? "-dark" : "-light"));
      var figure = JSON.parse(source.textContent);
      Plotly.react(place, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: false });
    });
  }
  draw();
  dark.addEventListener("change", draw);
  window.addEventListener("beforeprint", function () {
    // long tables stay folded: they are in the CSV
    document.querySelectorAll("details").forEach(function (one) {
      if (one.querySelectorAll("tr").length <= 40 && !one.closest(".pcards")) { one.open = true; }
    });
  });
})();
