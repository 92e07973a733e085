// Small scripts of all pages. No inline scripts anywhere (Content-Security-Policy); every page works without these.
(function () {
  "use strict";

  // "/" goes to the search of the page, or to the search of customers; "?" tells the keys; Escape leaves a field.
  var jumps = { t: "/", c: "/customers/", k: "/tasks/", i: "/insights/", r: "/reports/", a: "/audiences/" };
  var waiting = false;
  function off() { try { return localStorage.getItem("holdfast.keys") === "off"; } catch (error) { return false; } }
  function typing(target) { return target.closest("input,select,textarea,[contenteditable]"); }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (typing(event.target)) { if (event.key === "Escape") { event.target.blur(); } return; }
    if (off()) { return; }
    if (waiting && jumps[event.key]) { waiting = false; location.assign(jumps[event.key]); return; }
    waiting = event.key === "g";
    if (event.key === "/") {
      var box = document.querySelector("[data-search]");
      event.preventDefault();
      if (box) { box.focus(); box.select(); } else { location.assign("/customers/?focus=1"); }
    } else if (event.key === "?") {
      var keys = document.getElementById("keys");
      if (keys && keys.showModal) { keys.showModal(); }
    }
  });

  // Keys of one letter can be turned off, for who speaks to her computer; a button opens the list of them.
  var letters = document.querySelector("[data-letters]");
  if (letters) {
    letters.checked = !off();
    letters.addEventListener("change", function () {
      try { localStorage.setItem("holdfast.keys", letters.checked ? "on" : "off"); } catch (error) { letters.checked = true; }
    });
  }
  document.querySelectorAll("[data-opens]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { document.getElementById(button.dataset.opens).showModal(); });
  });

  // A control that says data-submit sends its form when it changes; the button beside it stays for those without scripts.
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
  });

  // A button that says data-copy copies the text of the place it names.
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) { return; }
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim()).then(function () {
      button.textContent = button.dataset.copied || "✓";
    });
  });

  // A part that is wider than its place can be scrolled by keyboard: it takes the focus while it is.
  function reachable() {
    document.querySelectorAll(".scroll").forEach(function (part) {
      if (part.scrollWidth > part.clientWidth) { part.tabIndex = 0; }
    });
  }
  reachable();
  window.addEventListener("resize", reachable);
  document.addEventListener("toggle", reachable, true);
  document.addEventListener("htmx:after:swap", reachable);

  // A part that could not be fetched says so, instead of seeming to work for ever.
  document.addEventListener("htmx:error", function (event) {
    var place = event.target.querySelector && event.target.querySelector(".working");
    if (place) { place.className = "empty"; place.textContent = document.body.dataset.lost; }
  });

  // The navigation's line for this page is in view on narrow screens.
  var here = document.querySelector("nav a.on");
  if (here && window.matchMedia("(max-width: 860px)").matches) { here.scrollIntoView({ block: "nearest", inline: "center" }); }
})();
