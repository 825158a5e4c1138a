// In a file on its own, pictures are asked for by the names that they have in the site, and given from the file.
(function () {
  "use strict";
  const files = JSON.parse(document.getElementById("files").textContent);
  for (const name in files) {
    if (files[name]) continue;
    // A sheet that several tiles show stands in the style sheet, once.
    const probe = document.createElement("img");
    probe.dataset.file = name;
    document.body.append(probe);
    files[name] = getComputedStyle(probe).backgroundImage.replace(/^url\("|"\)$/g, "");
    probe.remove();
  }
  const image = HTMLImageElement.prototype;
  const own = Object.getOwnPropertyDescriptor(image, "src");
  const show = (shown, name) => {
    if (files[name]) shown.removeAttribute("data-file");
    own.set.call(shown, files[name] || name);
  };
  Object.defineProperty(image, "src", { ...own, set(name) { show(this, name); } });
  image.setAttribute = function (key, value) {
    if (key === "src") show(this, value);
    else Element.prototype.setAttribute.call(this, key, value);
  };
})();
