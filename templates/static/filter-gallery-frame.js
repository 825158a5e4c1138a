// embed.html: its options stand after the #, and the page around the frame is told how high it is.
(function () {
  "use strict";
  const root = document.documentElement;
  const element = document.querySelector("filter-gallery");
  function apply() {
    const said = new URLSearchParams(location.hash.slice(1));
    root.style.colorScheme = said.get("theme") || "";
    for (const name of ["filter", "filters", "technique", "columns", "caption"]) element.setAttribute(name, said.get(name) || "");
  }
  addEventListener("hashchange", apply);
  apply();
  if (location.hash.length > 1) element.replaceChildren(); // what stands there is something else
  const tell = () => {
    if (!element.childElementCount && !element.shadowRoot?.querySelector("figure:not([hidden])")) return; // it is still to come
    parent.postMessage({ type: "filter-gallery:height", height: Math.ceil(root.getBoundingClientRect().height) }, "*");
  };
  if (parent !== window) new ResizeObserver(tell).observe(root);
})();
