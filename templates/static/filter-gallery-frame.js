// embed.html: reads its options after the #, and sends its height to the page around the frame.
(function () {
  "use strict";
  const root = document.documentElement;
  const element = document.querySelector("filter-gallery");
  function apply() {
    const options = new URLSearchParams(location.hash.slice(1));
    root.style.colorScheme = options.get("theme") || "";
    for (const name of ["filter", "filters", "technique", "columns", "caption"]) element.setAttribute(name, options.get(name) || "");
  }
  addEventListener("hashchange", apply);
  apply();
  if (location.hash.length > 1) element.replaceChildren(); // the filters in the page are not those of the options
  const sendHeight = () => {
    if (!element.childElementCount && !element.shadowRoot?.querySelector("figure:not([hidden])")) return; // nothing is shown yet
    parent.postMessage({ type: "filter-gallery:height", height: Math.ceil(root.getBoundingClientRect().height) }, "*");
  };
  if (parent !== window) new ResizeObserver(sendHeight).observe(root);
})();
