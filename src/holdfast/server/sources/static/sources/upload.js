// How far an upload has come, and a place to drop a file. Without this script the form works all the same.
(function () {
  "use strict";
  document.querySelectorAll("form[data-upload]").forEach(function (form) {
    var box = form.querySelector(".drop"), input = form.querySelector("input[type=file]"), shown = form.querySelector("[data-progress]");
    var bar = shown.querySelector("progress"), said = shown.querySelector("[data-said]"), problem = form.querySelector("[data-problem]");
    var button = form.querySelector("button");

    ["dragover", "dragleave", "drop"].forEach(function (name) {
      box.addEventListener(name, function (event) {
        event.preventDefault();
        box.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; }
      });
    });

    function over(text) {
      problem.textContent = text;
      problem.hidden = false;
      shown.hidden = true;
      button.disabled = false;
    }

    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", function (step) {
        if (!step.lengthComputable) { return; }
        bar.value = Math.round(100 * step.loaded / step.total);
        said.textContent = bar.value + " %, " + (step.loaded / 1e6).toFixed(1) + " / " + (step.total / 1e6).toFixed(1) + " MB";
      });
      request.addEventListener("load", function () {
        var answer = {};
        try { answer = JSON.parse(request.responseText); } catch (error) { answer = {}; }
        if (answer.go) { location.assign(answer.go); } else { over(answer.problem || request.status + " " + request.statusText); }
      });
      request.addEventListener("error", function () { over(form.dataset.lost || "…"); });
      problem.hidden = true;
      shown.hidden = false;
      button.disabled = true;
      request.send(new FormData(form));
    });
  });
})();
