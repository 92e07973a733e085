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

  // What is swapped takes nothing from who is at work in it: the focus stays with the same button, else with the part; and when
  // a part looks again by itself, what was opened or written in it stays so.
  var kept = null;
  function action(one) { return one.form ? one.form.getAttribute("action") : one.getAttribute("href"); }
  function words(one) { return [one.tagName, one.getAttribute("aria-label") || one.textContent.trim(), one.name, action(one)].join("|"); }
  function places(one) {
    var found = [];
    for (var at = one.closest("[id]"); at; at = at.parentElement && at.parentElement.closest("[id]")) { found.push(at.id); }
    return found;
  }
  function changed(one) {
    if (one.tagName === "SELECT") { return one.value !== (one.querySelector("option[selected]") || one.options[0] || one).value; }
    return one.value !== one.defaultValue || one.checked !== one.defaultChecked;
  }
  function written() {
    var fields = "main input[id]:not([type=file],[type=hidden]),main select[id],main textarea[id]";
    return Array.from(document.querySelectorAll(fields)).filter(changed);
  }
  document.addEventListener("htmx:before:swap", function (event) {
    var held = document.activeElement;
    var itself = !event.target.matches || !event.target.matches("form,button,a");
    kept = {
      held: held === document.body ? null : held,
      words: held && words(held),
      places: held ? places(held) : [],
      parts: itself ? Array.from(document.querySelectorAll("details")) : [],
      opened: itself ? Array.from(document.querySelectorAll("details[open]>summary")) : [],
      written: itself ? written() : []
    };
  });
  document.addEventListener("htmx:after:swap", function () {
    var was = kept;
    kept = null;
    if (!was) { return; }
    var gone = was.opened.filter(function (one) { return !one.isConnected; }).map(words);
    document.querySelectorAll("details:not([open])>summary").forEach(function (one) {
      var anew = was.parts.indexOf(one.parentElement) < 0;
      if (anew && gone.indexOf(words(one)) >= 0) { one.parentElement.open = true; }
    });
    was.written.forEach(function (one) {
      var now = document.getElementById(one.id);
      if (now && now !== one) { now.value = one.value; now.checked = one.checked; }
    });
    if (!was.held || was.held.isConnected || document.activeElement !== document.body) { return; }
    var part = was.places.map(function (id) { return document.getElementById(id); }).filter(Boolean)[0] || document.getElementById("top");
    var same = Array.from(part.querySelectorAll("a,button,input,select,summary")).filter(function (one) { return words(one) === was.words; })[0];
    if (!same) { part.tabIndex = -1; }
    (same || part).focus({ preventScroll: !!same });
  });

  // The navigation's line for this page is in view on narrow screens.
  var here = document.querySelector("nav a.on");
  if (here && window.matchMedia("(max-width: 860px)").matches) { here.scrollIntoView({ block: "nearest", inline: "center" }); }
})();
