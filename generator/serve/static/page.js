// Added to pages on their way out of `filter-gallery serve`: shows what is wrong, and loads the page again when the site
// changed. Never a part of the site.
(function () {
  "use strict";
  var own = document.currentScript.dataset, panel = null, closed = "";
  var STYLE = ":host{all:initial}" +
    "div{position:fixed;inset-inline:0;inset-block-end:0;z-index:2147483647;box-sizing:border-box;max-block-size:45vh;" +
    "overflow:auto;padding:.8rem 1.2rem;background:Canvas;color:CanvasText;font:1rem/1.5 system-ui,sans-serif;" +
    "border-block-start:4px solid #b23a22;box-shadow:0 0 24px #0006}" +
    "div.wait{border-color:GrayText;padding-block:.3rem;inset-inline-start:auto}" +
    "p{margin:0 0 .3rem;font-weight:600}.wait p{font-weight:400;margin:0}" +
    "ul{margin:0;padding-inline-start:1.2rem}li{overflow-wrap:anywhere;font-family:ui-monospace,monospace}" +
    "button{float:inline-end;font:inherit;min-inline-size:2rem;min-block-size:2rem;cursor:pointer}";

  function element(name, parent, text) {
    var made = document.createElement(name);
    if (text) made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  function show(words, problems) {
    if (panel) panel.remove();
    panel = null;
    var key = JSON.stringify([words, problems]);
    if (window.parent !== window || !words || key === closed) return; // the page around a frame shows it
    panel = element("filter-gallery-preview", document.documentElement);
    var root = panel.attachShadow({ mode: "open" });
    element("style", root, STYLE + "*{color-scheme:" + getComputedStyle(document.documentElement).colorScheme + "}");
    var box = element("div", root);
    if (problems.length) {
      var button = element("button", box, "\u00d7");
      button.setAttribute("aria-label", "Close");
      button.addEventListener("click", function () { closed = key; panel.remove(); panel = null; });
    } else {
      box.className = "wait";
    }
    element("p", box, words);
    if (problems.length) {
      var list = element("ul", box);
      problems.forEach(function (problem) { element("li", list, problem); });
    }
    box.setAttribute("role", problems.length ? "alert" : "status");
  }

  function onState(state) {
    if (!state) { show("filter-gallery serve does not respond. This page waits for it.", []); return; }
    if (state.number < own.number) return; // older than this page
    if (state.site !== own.site) { location.reload(); return; }
    if (state.problems.length) show("Not built as you want it:", state.problems);
    else show(state.building ? "Building \u2026" : "", []);
  }

  if (window.SharedWorker) {
    new SharedWorker("/_serve/worker.js", "filter-gallery").port.onmessage = function (event) { onState(event.data); };
  } else {
    var source = new EventSource("/_serve/events");
    source.onmessage = function (event) { onState(JSON.parse(event.data)); };
    source.onerror = function () { onState(null); };
  }
})();
