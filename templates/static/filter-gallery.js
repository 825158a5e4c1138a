// <filter-gallery src="path/to/site/" model="vgg16" layer="block3_conv1" filters="1,2,3">: filters in any page.
// It loads classic scripts only, because over file:// nothing else can be loaded.
(function () {
  "use strict";
  if (customElements.get("filter-gallery")) return; // of another site
  const ATTRIBUTES = ["src", "model", "layer", "filter", "filters", "technique", "columns", "caption"];
  const MOST = 64, PER_LAYER = "strongest:6"; // filters of a layer, of a sheet; of a model's layers
  const home = new URL("..", document.currentScript.src).href;

  // A data file calls filterGallery; its script element says which request it is for. Our own pages define that function too.
  const waiting = new WeakMap(), files = new Map();
  let others = window.filterGallery;
  const dispatch = (value) => (waiting.get(document.currentScript) || others)?.(value);
  Object.defineProperty(window, "filterGallery", { configurable: true, get: () => dispatch, set: (value) => { others = value; } });

  function load(address) {
    if (!files.has(address)) files.set(address, new Promise((done, failed) => {
      const script = make("script", { src: address });
      waiting.set(script, done);
      script.onload = script.onerror = () => {
        script.remove();
        failed(new Error(`No gallery there: ${address} cannot be read.`)); // no effect if it was called
      };
      document.head.append(script);
    }));
    return files.get(address);
  }

  function make(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  /** Levenshtein's distance. */
  function distance(a, b) {
    let row = [...b, 0].map((_, at) => at);
    for (const [i, letter] of [...a].entries()) {
      const next = [i + 1];
      row.slice(1).forEach((above, j) => next.push(Math.min(row[j] + (letter !== b[j]), above + 1, next[j] + 1)));
      row = next;
    }
    return row[b.length];
  }

  /** Return the item of `known` with this name, else throw an error that offers the nearest item's first name. */
  function named(what, name, known, names) {
    const far = (one) => Math.min(...names(one).map((each) => (each === name ? -1 : distance(each.toLowerCase(), name.toLowerCase()))));
    const [near] = [...known].sort((a, b) => far(a) - far(b));
    if (near && far(near) <= 0) return near;
    throw new Error(`${what} "${name}".${near ? ` Did you mean ${names(near)[0]}?` : ""}`);
  }

  /** Return the filters that `text` selects, as in config.yaml: all, a number spread over the layer, a list; or the strongest. */
  function chosen(title, known, best, text) {
    if (text === "all") return known;
    const strongest = text.match(/^strongest\s*:\s*([1-9]|1[0-2])$/);
    if (strongest) return best.slice(0, strongest[1]);
    const parts = text.split(",").map((part) => part.trim());
    const list = [...new Set(parts.filter(Boolean).map((part) => (/^\d+$/.test(part) ? Number(part) : NaN)))];
    const many = parts.length > 1;
    if (list.includes(NaN) || (many && !list.length) || (!many && list[0] === 0)) throw new Error(`"${text}" names no filters: write all, a number, a list such as 1,2,3, or strongest:N up to 12.`);
    if (!many) {
      const kept = Math.min(known.length, list[0] || MOST);
      return known.slice(0, kept).map((_, place) => known[Math.floor((place * known.length) / kept)]);
    }
    const wrong = list.find((index) => !known.includes(index));
    if (wrong === undefined) return list;
    const [near] = [...known].sort((a, b) => Math.abs(a - wrong) - Math.abs(b - wrong));
    throw new Error(`${title} shows no filter ${wrong}. The nearest is ${near}.`);
  }

  const pad = (value, length) => String(value).padStart(length, "0");

  /** Return filters as links, with thumbnails cut from sheets, or with whole pictures. */
  function row(base, layer, known, filters, technique, sheet, columns) {
    const made = make("div", { className: sheet ? "row" : "row one" });
    if (columns && sheet) made.style.maxInlineSize = `${106 * columns - 10}px`;
    filters.forEach((index, number) => {
      const at = known.indexOf(index), place = sheet === "best" ? number : at, ends = [].concat(technique.file);
      const folder = `${base + layer.folder}/`, stem = folder + pad(index, 4);
      let shown = make("img", { alt: "" });
      if (technique.none.includes(at)) shown = make("span", { className: "no-picture" }, make("b", {}, layer.verdicts[at] === "d" ? "dead" : "no picture"));
      else if (sheet) {
        Object.assign(shown, { width: 96, height: 96, src: `${folder + sheet}-${pad(Math.floor(place / MOST), 3)}.webp` });
        shown.style.objectPosition = `-${96 * (place % 8)}px -${96 * Math.floor((place % MOST) / 8)}px`;
      } else shown.src = stem + (ends[at] || ends[0]);
      made.append(make("a", { className: `tile ${technique.kind}`, href: `${stem}.html` }, shown, make("span", { className: "hidden" }, `${layer.title} ${layer.names ? "" : "filter "}`), layer.names ? layer.names[at] : index));
    });
    return made;
  }

  async function figure(base, { model, layer, filter, filters, technique, columns, caption }) {
    if (!model) throw new Error('Say which model: model="..."');
    if (columns && !/^([1-9]|[1-5]\d|6[0-4])$/.test(columns)) throw new Error(`"${columns}" columns: write a number from 1 to 64.`);
    const { models } = await load(`${base}data.js`);
    const { slug } = named("This gallery has no model", model, models, (one) => [one.name, one.slug]);
    let { page, name, layers } = await load(`${base}data/${slug}.js`);
    const made = make("figure", { className: "gallery" });
    let title = name, about = `${/^\d/.test(filters) ? filters : "the strongest"} filters of each layer`;
    if (layer) layers = [named(`${name} has no layer`, layer, layers, (one) => [one.title, one.folder.split("/")[1]])];
    else if (filter || technique || !/^(strongest:.*|\d*)$/.test(filters)) throw new Error("Filters and techniques are of a layer: name one too, or say how many of each layer.");
    for (const one of layers) {
      const known = Array.isArray(one.filters) ? one.filters : [...Array(one.filters).keys()];
      const ways = one.techniques, to = `${one.folder}/index.html`;
      if (!layer) {
        const each = chosen(one.title, known, one.best, filters || PER_LAYER), sheet = /^\d/.test(filters) ? ways[0].slug : "best";
        made.append(make("p", {}, make("a", { href: base + to }, one.title)), row(base, one, known, each, ways[0], sheet, columns));
        continue;
      }
      const way = technique ? named(`${one.title} has no technique`, technique, ways, (each) => [each.slug, each.title]) : ways[0];
      const show = chosen(one.title, known, one.best, filter ? `${filter},` : filters), single = show.length === 1;
      // The slices of a kernel are laid out only on its sheet.
      made.append(row(base, one, known, show, way, single && way.kind !== "strip" ? "" : way.slug, columns));
      page = to;
      title = one.title;
      about = `${name}, ${single ? `filter ${show[0]}` : `${show.length}${show.length < one.of ? ` of ${one.of}` : ""} filters`}${way === ways[0] ? "" : `, ${way.title}`}`;
    }
    made.append(make("figcaption", {}, make("a", { className: "title", href: base + page }, title), ` ${about}`, make("span", { className: "own", dir: "auto" }, caption)));
    return made;
  }

  customElements.define("filter-gallery", class extends HTMLElement {
    static observedAttributes = ATTRIBUTES;

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).append(make("slot")); // the element's own content, until the filters are loaded
    }

    connectedCallback() { this.show(); }

    attributeChangedCallback() { if (this.isConnected) this.show(); }

    async show() {
      const turn = (this.turn = {});
      await null; // several attributes may change at once
      if (turn !== this.turn) return;
      const asked = Object.fromEntries(ATTRIBUTES.map((name) => [name, (this.getAttribute(name) || "").trim()]));
      const base = asked.src ? new URL(asked.src.replace(/\/?$/, "/"), document.baseURI).href : home;
      const shown = await figure(base, asked).catch((error) => make("figure", { className: "gallery" }, make("p", {}, error.message)));
      if (turn !== this.turn) return;
      // The former content stays until the new style sheet is loaded, so that nothing unstyled is shown.
      const style = make("link", { rel: "stylesheet", href: `${home}assets/filter-gallery.css` });
      shown.hidden = true;
      style.onload = style.onerror = () => {
        shown.hidden = false;
        while (style.previousSibling) style.previousSibling.remove();
      };
      this.shadowRoot.append(style, shown);
    }
  });
})();
