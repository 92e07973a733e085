// Search with the keyboard, lists with the keyboard, and looking for news while the page is seen. Pages work without it.
(function () {
  "use strict";

  // Parts that say data-look are asked to look again every 1.5 s, but only while somebody can see the page.
  window.setInterval(function () {
    if (document.visibilityState !== "visible") { return; }
    document.querySelectorAll("[data-look]").forEach(function (part) { part.dispatchEvent(new Event("look")); });
  }, 1500);

  // A form that says data-sure asks before it is sent.
  document.addEventListener("submit", function (event) {
    var said = event.target.dataset && event.target.dataset.sure;
    if (said && !window.confirm(said)) { event.preventDefault(); }
  });

  // Rows of a list: arrows or j and k move, Enter opens, d presses the button that says data-done.
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input,select,textarea,button")) { return; }
    var rows = Array.prototype.slice.call(document.querySelectorAll("[data-row]"));
    if (!rows.length) { return; }
    var at = rows.indexOf(document.activeElement && document.activeElement.closest("[data-row]"));
    if (event.key === "ArrowDown" || event.key === "j") { event.preventDefault(); rows[Math.min(at + 1, rows.length - 1)].focus(); }
    else if (event.key === "ArrowUp" || event.key === "k") { event.preventDefault(); rows[Math.max(at - 1, 0)].focus(); }
    else if (at >= 0 && event.key === "Enter" && event.target === rows[at]) { rows[at].querySelector("a").click(); }
    else if (at >= 0 && event.key === "d") {
      var done = rows[at].querySelector("[data-done]");
      if (done) { event.preventDefault(); done.form.requestSubmit(done); }
    }
  });

  // Search as one types: the newest answer wins; arrows move through the hits, Enter opens, Escape closes.
  var form = document.querySelector("[data-find]");
  if (!form) { return; }
  var box = form.querySelector("input[type=search]");
  var list = document.getElementById("hits");
  var waiting = null;
  var asking = null;
  var at = -1;
  var shown = "";
  var hurried = false;
  function hits() { return Array.prototype.slice.call(list.querySelectorAll(".hit")); }
  function mark(next) {
    var all = hits();
    at = all.length ? (next + all.length) % all.length : -1;
    all.forEach(function (one, place) {
      one.classList.toggle("at", place === at);
      one.id = "hit-" + place;
      one.setAttribute("aria-selected", place === at ? "true" : "false");
    });
    if (at >= 0) { box.setAttribute("aria-activedescendant", "hit-" + at); all[at].scrollIntoView({ block: "nearest" }); }
    else { box.removeAttribute("aria-activedescendant"); }
  }
  function close() { list.textContent = ""; at = -1; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); }
  function ask() {
    var text = box.value.trim();
    window.clearTimeout(waiting);
    if (asking) { asking.abort(); }
    shown = text;
    if (!text) { close(); return; }
    asking = new AbortController();
    fetch(form.dataset.find + "?q=" + encodeURIComponent(text), { headers: { "HX-Request": "true" }, signal: asking.signal })
      .then(function (answer) { if (!answer.ok) { throw new Error(answer.status); } return answer.text(); })
      .then(function (html) { list.innerHTML = html; box.setAttribute("aria-expanded", "true"); mark(hits().length ? 0 : -1); if (hurried && at >= 0) { hits()[at].click(); } hurried = false; })
      .catch(function (error) { if (error.name !== "AbortError") { hurried = false; close(); } });
  }
  box.addEventListener("input", function () { window.clearTimeout(waiting); waiting = window.setTimeout(ask, 120); });
  box.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown") { event.preventDefault(); if (hits().length) { mark(at + 1); } else { ask(); } }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
    else if (event.key === "Enter" && box.value.trim() !== shown) { event.preventDefault(); hurried = true; ask(); }
    else if (event.key === "Enter" && at >= 0 && hits()[at]) { event.preventDefault(); hits()[at].click(); }
    else if (event.key === "Escape") { if (list.textContent) { event.stopPropagation(); } close(); }
  });
  document.addEventListener("click", function (event) { if (!form.contains(event.target)) { close(); } });
  if (new URLSearchParams(location.search).has("focus")) { box.focus(); }
})();
