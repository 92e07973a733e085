/* Holdfast in the browser: Segment's words, no dependencies, no third party. Honours Do-Not-Track, Global Privacy Control and
   consent. How to use it: docs/sending-events.md. A message stays in localStorage until the server has it on disk; sent twice, it
   counts once, by its messageId. */
(function (w, d, n) {
  "use strict";
  if (w.holdfast && !Array.isArray(w.holdfast)) return;
  var tag = d.currentScript, said = (tag && tag.dataset) || {}, early = w.holdfast || [];
  var key, host, choice, timer, busy, stopped, left, tries = 0, most = 20, held = [], queue = [], memory = {};
  var required = said.consent === "required";
  var P = "holdfast.", DAY = 86400, MINE = "queue." + uuid();
  var CONSENT = { event: "Consent Preference Updated", properties: {} };

  function uuid() {
    var b = w.crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(b, function (x) { return (x + 256).toString(16).slice(1); }).join("");
  }
  function never() { return n.doNotTrack === "1" || w.doNotTrack === "1" || n.globalPrivacyControl === true; }
  function allowed() {
    if (never() || (choice && choice.analytics === false)) return "no";
    return required && !(choice && choice.analytics) ? "wait" : "yes";
  }

  /* What is kept: in localStorage, and what it does not take (full, or switched off) as long as the page lives. */
  function keep(name, value) {
    try {
      value == null ? localStorage.removeItem(P + name) : localStorage.setItem(P + name, JSON.stringify(value));
      delete memory[name];
    } catch (e) { memory[name] = value; }
  }
  function kept(name) {
    if (name in memory) return memory[name];
    try { return JSON.parse(localStorage.getItem(P + name)); } catch (e) {}
  }
  function names() { try { return Object.keys(localStorage); } catch (e) { return []; } }
  function cookie(value, age) {
    d.cookie = "holdfast_id=" + value + ";path=/;samesite=lax;max-age=" + age + (location.protocol === "https:" ? ";secure" : "");
  }
  function anonymous() {
    var id = kept("anonymous") || (d.cookie.match(/holdfast_id=(\w+)/) || [])[1] || uuid();
    keep("anonymous", id);
    cookie(id, 365 * DAY);
    return id;
  }
  function forget(what) {
    what.forEach(function (name) { keep(name, null); });
    cookie("", 0);
  }
  function wipe() {
    queue = []; held = [];
    forget(["user", "group", "anonymous", "consent"]);
    names().forEach(function (name) { if (!name.indexOf(P)) localStorage.removeItem(name); });
  }

  function place() {
    return { path: location.pathname, url: location.href, search: location.search, title: d.title, referrer: d.referrer };
  }
  function context() {
    var campaign = {}, about = { library: { name: "holdfast.js", version: "1" }, page: place(), locale: n.language, userAgent: n.userAgent };
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (!name.indexOf("utm_")) campaign[name === "utm_campaign" ? "name" : name.slice(4)] = value;
    });
    if (Object.keys(campaign).length) about.campaign = campaign;
    try { about.timezone = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch (e) {}
    return about;
  }

  /* From a call to the queue: who it was is added when it may be known. */
  function made(type, fields) {
    return Object.assign({ type: type, messageId: uuid(), timestamp: new Date().toISOString(), context: context() }, fields);
  }
  function call(type, fields) {
    var message = made(type, fields);
    if (allowed() === "yes" && key) enqueue(message);
    else if (allowed() !== "no" && held.length < 100) held.push(message);
  }
  function enqueue(message) {
    var user = kept("user") || {}, group = kept("group");
    if (message.type === "identify") {
      if (message.userId && user.id && user.id !== message.userId) { forget(["anonymous", "group"]); user = {}; group = null; }
      user = { id: message.userId || user.id, traits: Object.assign({}, user.traits, message.traits) };
      message.traits = user.traits;
      keep("user", user);
    }
    if (message.type === "group") keep("group", group = message.groupId);
    message.anonymousId = anonymous();
    if (user.id && !message.userId) message.userId = user.id;
    if (message.type === "alias" && !message.previousId) message.previousId = user.id || message.anonymousId;
    if (group) message.context.groupId = group;
    if (choice) message.context.consent = { categoryPreferences: choice };
    if (new Blob([JSON.stringify(message)]).size > 32768) return console.warn("holdfast: an event over 32 KB was left out");
    queue = queue.concat(message).slice(-500);
    keep(MINE, queue);
    soon(queue.length < most ? 300 : 0);
  }

  /* From the queue to the server. */
  function soon(wait) { clearTimeout(timer); timer = setTimeout(flush, wait); }
  function portion(from) {
    for (var to = from, size = 0; to < queue.length && to < from + most; to++) {
      size += JSON.stringify(queue[to]).length;
      if (to > from && size > 50000) break;
    }
    return queue.slice(from, to);
  }
  function body(batch) { return JSON.stringify({ writeKey: key, batch: batch, sentAt: new Date().toISOString() }); }
  function done(batch) {
    queue = queue.filter(function (message) { return batch.indexOf(message) < 0; });
    keep(MINE, queue.length ? queue : null);
  }
  function flush() {
    var batch = portion(0), text = body(batch), wait = 0;
    if (busy || stopped || !batch.length) return;
    busy = true;
    /* Plain text, so that the browser does not ask the server first. */
    fetch(host + "/v1/batch", { method: "POST", body: text, credentials: "omit", keepalive: text.length < 20000, headers: { "content-type": "text/plain" } })
      .then(function (answer) {
        if (answer.status === 429 || answer.status === 408 || answer.status >= 500) throw answer;
        if (!answer.ok) console.warn("holdfast: answered " + answer.status);
        if (answer.status === 401) stopped = true;
        else if (answer.ok || batch.length === 1) { done(batch); tries = 0; most = 20; }
        else most = 1;
      })
      .catch(function (answer) {
        var later = answer.headers && answer.headers.get("retry-after");
        wait = later ? later * 1000 : Math.min(60, Math.pow(2, tries++)) * (750 + Math.random() * 500);
      })
      .then(function () { busy = false; if (queue.length) soon(wait); });
  }
  function leave() {
    if (left === queue) return;
    left = queue;
    for (var from = 0, batch; !stopped && key && (batch = portion(from)).length; from += batch.length) {
      if (!n.sendBeacon(host + "/v1/batch", body(batch))) return;
    }
  }

  var api = {
    load: function (writeKey, options) {
      options = options || {};
      if (key) return;
      if (options.consent) required = options.consent === "required";
      host = (options.host || said.host || (tag ? new URL(tag.src).origin : location.origin)).replace(/\/$/, "");
      key = writeKey;
      choice = choice || (never() ? null : kept("consent"));
      if (never()) return wipe();
      if (allowed() === "no") held = [];
      if (allowed() !== "yes") return;
      names().forEach(function (name) {
        if (name.indexOf(P + "queue.")) return;
        queue = queue.concat(kept(name.slice(P.length)) || []);
        localStorage.removeItem(name);
      });
      keep(MINE, queue.length ? queue : null);
      held.splice(0).forEach(enqueue);
      soon(0);
    },
    identify: function (id, traits) {
      call("identify", id == null || typeof id === "object" ? { traits: id || traits || {} } : { userId: String(id), traits: traits || {} });
    },
    track: function (event, properties) { call("track", { event: event, properties: properties || {} }); },
    page: function (category, name, properties) {
      if (typeof name === "object") { properties = name; name = undefined; }
      if (typeof category === "object") { properties = category; category = undefined; }
      if (name === undefined) { name = category; category = undefined; }
      call("page", { name: name, category: category, properties: Object.assign(place(), properties) });
    },
    group: function (id, traits) { call("group", { groupId: String(id), traits: traits || {} }); },
    alias: function (id, previous) { call("alias", { userId: String(id), previousId: previous }); },
    reset: function () { forget(["user", "group", "anonymous"]); },
    anonymousId: function () { return allowed() === "yes" ? anonymous() : null; },
    consent: function (given) {
      var before = allowed();
      if (never()) return;
      choice = Object.assign({}, choice || kept("consent"), given);
      if (allowed() === "yes") {
        keep("consent", choice);
        call("track", CONSENT);
        if (key) held.splice(0).forEach(enqueue);
      } else if (allowed() === "no") {
        if (before === "yes" && key && kept("anonymous")) {
          /* The last that is told is that nothing more may be. */
          queue = [];
          enqueue(made("track", CONSENT));
          n.sendBeacon(host + "/v1/batch", body(queue));
        }
        wipe();
        if (!required) keep("consent", choice);
      }
    }
  };

  /* Whatever goes wrong here, the page goes on. */
  Object.keys(api).forEach(function (name) {
    var does = api[name];
    api[name] = function () {
      try { return does.apply(api, arguments); } catch (error) { console.warn("holdfast:", error); }
    };
  });
  /* What was agreed or withdrawn in another tab holds here too; so it does on a page that comes back out of the browser's cache. */
  function heard() {
    choice = kept("consent");
    if (allowed() !== "yes") { queue = []; keep(MINE, null); }
    if (allowed() === "no") held = [];
    else if (allowed() === "yes" && key) held.splice(0).forEach(enqueue);
  }
  w.addEventListener("storage", function (event) { if (!event.key || event.key === P + "consent") heard(); });
  w.addEventListener("pageshow", function (event) { if (event.persisted) heard(); });
  w.addEventListener("pagehide", leave);
  d.addEventListener("visibilitychange", function () { if (d.visibilityState === "hidden") leave(); });
  w.addEventListener("online", flush);
  w.holdfast = api;
  if (said.writeKey) { api.load(said.writeKey); api.page(); }
  early.forEach(function (words) { if (api[words[0]]) api[words[0]].apply(api, words.slice(1)); });
})(window, document, navigator);
