// Pages are read without this. It lets the arrow keys turn them.
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    var rel = event.key === "ArrowLeft" ? "prev" : event.key === "ArrowRight" ? "next" : "";
    var at = event.target;
    if (!rel || (at instanceof Element && at.closest("input, textarea, select, [tabindex]"))) return;
    var link = document.querySelector('link[rel="' + rel + '"]');
    if (link) location.href = link.href;
  });
})();
