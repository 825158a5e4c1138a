// Pages can be read without this. It adds: keys for previous and next, a search, a layer's controls, and a lightbox.
(function () {
  "use strict";
  const here = document.documentElement.dataset;
  const root = here.root || "";
  const find = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => [...(within || document).querySelectorAll(selector)];
  const link = (rel) => find(`link[rel="${rel}"]`) || find(`a[rel="${rel}"]`);

  /** Make an element; text is never parsed as HTML. */
  function make(tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name in made && !name.startsWith("aria")) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false });
  const shown = (value) => (value === null ? "–" : number.format(value).replace("-", "−"));
  const pad = (value, length) => String(value).padStart(length, "0");

  /** Return what is after the address's # as a map; null if that is only a position on the page. */
  function state() {
    const hash = location.hash.slice(1);
    return !hash || hash.includes("=") ? new Map(new URLSearchParams(hash)) : null;
  }

  function written(map) {
    const kept = new URLSearchParams([...map].filter((pair) => pair[1]));
    return [...kept].length ? "#" + kept : "";
  }

  /** Change the address, as a new entry of the history or in place of the current one. */
  function remember(map, step) {
    const address = location.pathname + location.search + written(map);
    history[step ? "pushState" : "replaceState"](null, "", address);
  }

  // --- Search -----------------------------------------------------------------------------------------------------

  const VERDICTS = ["converged", "weak", "dead"];
  const MOST = 60;
  const FLAGS = ["overactive", "redundant", "rare"];
  const CLASS = "class:"; // narrows to the filters that prefer a class of the dataset
  /** Return letters and digits only, so that signs between them do not matter; a text without any stays as it is. */
  const plain = (text) => text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "") || text.trim().toLowerCase();
  const models = new Map();
  let loading = null;

  /** Every model's file is a script that calls this, because over file:// only scripts can be loaded. */
  window.filterGallery = (model) => models.set(model.slug, model);

  function load() {
    const slugs = (here.models || "").split(" ").filter(Boolean);
    loading = loading || Promise.all(slugs.map((slug) => new Promise((done) => {
      document.head.append(make("script", { src: `${root}data/${slug}.js`, onload: done, onerror: done }));
    })));
    return loading.then(() => slugs.map((slug) => models.get(slug)).filter(Boolean));
  }

  /** Return the places of the filters of a layer that prefer a class, whose name is written as ``plain`` has it. */
  const preferring = (layer, name) =>
    Object.entries(layer.classes || {}).filter(([own]) => plain(own).replaceAll(" ", "") === name.replaceAll(" ", "")).flatMap(([, places]) => places);

  /** Tell whether a filter has a verdict, is over-active, redundant or rare, or prefers a class. */
  const is = (layer, place, kind) =>
    kind.startsWith(CLASS) ? preferring(layer, kind.slice(CLASS.length)).includes(place) : FLAGS.includes(kind) ? (layer.flags[kind] || []).includes(place) : layer.verdicts[place] === kind[0];

  const indices = (layer) =>
    Array.isArray(layer.filters) ? layer.filters : Array.from({ length: layer.filters }, (_, index) => index);

  /** Return how well words fit a layer of a model: 0 is not at all; more if its own name begins with one, or is one. */
  function fit(words, model, layer) {
    const own = plain(layer ? layer.title : model.name);
    const whole = plain(model.name) + " " + (layer ? own + " " + plain(layer.type) : "");
    let best = 1;
    for (const word of words) {
      if (!whole.includes(word)) return 0;
      best = Math.max(best, own === word ? 4 : own.startsWith(word) ? 3 : own.includes(word) ? 2 : 1);
    }
    return best;
  }

  /** Return the results of a query, the best first: {title, about, href, rank}. All its words must fit. */
  function search(query, known, slug) {
    const tokens = query.trim().split(/[\s/,·]+/).filter(Boolean);
    const terms = tokens.map(plain).filter(Boolean);
    const words = terms.filter((word, at) => !(/^filters?$/.test(word) && (terms.length > 1 || !at))); // "conv1, filter 5"
    const results = [];
    const kind = words.find((word) => word.startsWith(CLASS) && word.length > CLASS.length)
      || [...VERDICTS, ...FLAGS].find((name) => words.some((word) => word.length > 2 && name.startsWith(word)));
    const rest = words.filter((word) => !kind || word.length < 3 || !kind.startsWith(word));
    const digits = rest.filter((word) => /^\d+$/.test(word));
    const filter = digits.length ? Number(digits[digits.length - 1]) : null;
    const others = filter === null ? rest : rest.filter((_, at) => at !== rest.lastIndexOf(digits[digits.length - 1]));
    for (const page of pages(known)) {
      if (words.length && words.every((word) => plain(page.title + page.about).includes(word))) results.push({ ...page, rank: 6 });
    }
    for (const model of known) {
      if (!words.length) {
        if (!slug) results.push({ title: model.name, about: `${model.layers.length} layers`, href: model.page, rank: 9 });
        else if (model.slug === slug) for (const layer of model.layers) results.push(asLayer(model, layer, 1));
        continue;
      }
      const whole = fit(words, model);
      if (whole) results.push({ title: model.name, about: `${model.layers.length} layers`, href: model.page, rank: 20 + whole });
      for (const layer of model.layers) {
        const near = model.slug === slug ? 0.5 : 0;
        const named = fit(words, model, layer);
        if (named) results.push(asLayer(model, layer, 10 + named + near));
        (layer.names || []).forEach((name, place) => { // of a network's answers
          const whole = plain(`${name} ${layer.title} ${model.name}`);
          if (!words.every((word) => whole.includes(word)) || !words.some((word) => plain(name).includes(word))) return;
          results.push({ title: name, about: `${model.name}, ${layer.title}`, href: `${layer.folder}/${pad(indices(layer)[place], 4)}.html`, rank: 12 + near });
        });
        const fits = (kind || filter !== null) && (others.length ? fit(others, model, layer) : 1);
        if (!fits) continue;
        const places = [];
        indices(layer).forEach((index, place) => {
          if ((filter === null || index === filter) && (!kind || is(layer, place, kind))) places.push([index, place]);
        });
        if (kind && filter === null && places.length) {
          const one = asLayer(model, layer, 8 + fits + near);
          results.push({ ...one, about: `${model.name}, ${places.length} ${kind}`, href: `${one.href}#show=${kind}` });
        }
        for (const [index, place] of places) {
          const name = VERDICTS.find((each) => each[0] === layer.verdicts[place]);
          const href = `${layer.folder}/${pad(index, 4)}.html`;
          results.push({ title: `${layer.title}, filter ${index}`, about: `${model.name}, ${name}`, href, rank: 2 + fits / 2 + near });
        }
      }
    }
    return results.map((one, at) => [one, at]).sort((a, b) => b[0].rank - a[0].rank || a[1] - b[1]).map((pair) => pair[0]);
  }

  /** Return the pages that belong to no layer: how to read the pictures, and comparisons. */
  const pages = (known) => [
    { title: "How to read these pictures", about: "Caveats", href: "reading.html" },
    ...known.flatMap((model) => model.compared.map((one) => ({ title: one.title, about: "Comparison", href: one.page }))),
  ];

  const asLayer = (model, layer, rank) => ({
    title: layer.title, rank, href: `${layer.folder}/index.html`, layer: true,
    about: `${model.name}, ${layer.type}, ${layer.verdicts.length} filters`,
  });

  /** Open the search dialog; `slug` names a model whose layers are listed before anything is typed. */
  function openSearch(text, slug) {
    const list = make("div", { id: "found", role: "listbox", "aria-label": "Found" });
    const status = make("p", { className: "muted", role: "status" });
    const field = make("input", {
      type: "search", value: text, placeholder: "layer, filter, verdict: block4 dead", autocomplete: "off", spellcheck: false,
      role: "combobox", "aria-expanded": "true", "aria-controls": "found", "aria-autocomplete": "list", "aria-label": "Search models, layers and filters",
    });
    const dialog = make("dialog", { className: "search", "aria-label": "Search" }, field, status, list);
    const layerState = () => (find("#layer") && state() ? written(new Map([...state()].filter(([key]) => key !== "filter" && key !== "show"))) : "");
    let at = 0;

    function choose(next) {
      const options = all("[role=option]", list);
      at = options.length ? (next + options.length) % options.length : 0;
      options.forEach((option, place) => option.setAttribute("aria-selected", place === at));
      if (options[at]) {
        field.setAttribute("aria-activedescendant", options[at].id);
        options[at].scrollIntoView({ block: "nearest" });
      } else field.removeAttribute("aria-activedescendant");
    }

    function show(known) {
      const results = search(field.value, known, slug);
      list.replaceChildren(...results.slice(0, MOST).map((one, place) => make(
        "a", { href: root + one.href + (one.layer && !one.href.includes("#") ? layerState() : ""), id: `found-${place}`, role: "option", tabIndex: -1, "aria-selected": "false" },
        make("b", {}, one.title), make("span", {}, one.about),
      )));
      const more = results.length - MOST;
      status.textContent = !known.length ? "Nothing to search in." : !results.length ? "Nothing found."
        : `${results.length} found${more > 0 ? `, the first ${MOST} are shown` : ""}.`;
      choose(0);
    }

    field.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) choose(at + step);
      else if (event.key === "Escape") dialog.close(); // a search field would only clear itself
      else if (event.key === "Enter") { const option = all("[role=option]", list)[at]; if (option) option.click(); }
      else return;
      event.preventDefault();
    });
    list.addEventListener("click", (event) => { if (!event.ctrlKey && !event.metaKey) setTimeout(() => dialog.close()); });
    present(dialog);
    field.focus();
    load().then((known) => { show(known); field.addEventListener("input", () => show(known)); });
  }

  /** Show a dialog; a click outside of it closes it, and closing removes it from the page. */
  function present(dialog, closed) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { dialog.remove(); if (closed) closed(); });
    document.body.append(dialog);
    dialog.showModal();
  }

  const KEYS = [["← →", "previous, next"], ["u", "up"], ["/", "search"], ["l", "switch layer"], ["+ − 0", "zoom, in a large picture"], ["t", "next technique, in a large picture"], ["?", "these keys"], ["Esc", "close"]];

  function openHelp() {
    const rows = KEYS.map(([key, what]) => make("div", {}, make("dt", {}, key), make("dd", {}, what)));
    present(make("dialog", { className: "search help", "aria-label": "Keys" }, make("h2", {}, "Keys"), make("dl", { className: "settings" }, ...rows), make("button", { type: "button", autofocus: true, onclick: (event) => event.target.closest("dialog").close() }, "Close")));
  }

  // --- Lightbox ---------------------------------------------------------------------------------------------------

  /**
   * Show `count` pictures large. `item(place)` is {title, about, page, ways: [{slug, title, src, sharp}]}; `moved(place, way)`
   * is called after each step, `closed()` at the end. Return functions that show another picture, and that close the dialog.
   */
  function openBox(count, item, place, way, moved, closed) {
    let zoom = 1;
    const image = make("img", { draggable: false });
    const stage = make("div", { className: "stage", tabIndex: 0, role: "group" }, image);
    const title = make("h2", {});
    const about = make("p", { className: "muted", role: "status" });
    const ways = make("div", { className: "ways", role: "group", "aria-label": "Techniques" });
    const page = make("a", { className: "go" }, "Page of the filter");
    const button = (label, sign, act) => make("button", { type: "button", "aria-label": label, title: label, onclick: act }, sign);
    const previous = button("Previous", "←", () => step(-1));
    const next = button("Next", "→", () => step(1));
    const bar = make("div", { className: "keys" }, previous, next, button("Smaller", "−", () => scale(zoom / 1.5)), button("Larger", "+", () => scale(zoom * 1.5)), page, button("Close", "×", () => dialog.close()));
    const dialog = make("dialog", { className: "box", "aria-label": "Large picture" }, bar, stage, make("div", { className: "panel" }, title, about, ways));

    /** Zoom, and keep the middle of the picture, or the point under the pointer, where it is. */
    function scale(to, x, y) {
      const before = zoom;
      const box = stage.getBoundingClientRect();
      const at = x === undefined ? [box.width / 2, box.height / 2] : [x - box.left, y - box.top];
      const seen = image.getBoundingClientRect();
      zoom = Math.min(8, Math.max(1, to));
      stage.style.setProperty("--zoom", zoom);
      stage.classList.toggle("zoomed", zoom > 1);
      const now = image.getBoundingClientRect();
      stage.scrollLeft += now.left - box.left - at[0] + ((at[0] + box.left - seen.left) * zoom) / before;
      stage.scrollTop += now.top - box.top - at[1] + ((at[1] + box.top - seen.top) * zoom) / before;
    }

    function step(by) {
      if (count > 1) { place = (place + by + count) % count; draw(true); }
    }

    function draw(notify) {
      const one = item(place);
      const chosen = one.ways.find((each) => each.slug === way) || one.ways[0];
      image.hidden = !chosen;
      if (chosen) {
        image.src = chosen.src;
        image.alt = [one.title, chosen.title].filter(Boolean).join(": ");
        image.className = chosen.sharp ? "cells" : "";
      }
      stage.setAttribute("aria-label", chosen ? image.alt : one.title);
      title.textContent = one.title;
      about.textContent = one.about;
      page.hidden = !one.page;
      if (one.page) page.href = one.page;
      previous.hidden = next.hidden = count < 2;
      ways.replaceChildren(...(one.ways.length < 2 ? [] : one.ways.map((each) => make(
        "button", { type: "button", "aria-pressed": String(each === chosen), onclick: () => { way = each.slug; draw(true); } },
        make("img", { src: each.src, alt: "", className: each.sharp ? "cells" : "" }), make("span", {}, each.title),
      ))));
      scale(1);
      if (notify && moved) moved(place, way);
    }

    dialog.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const act = {
        ArrowLeft: () => zoom === 1 && step(-1), ArrowRight: () => zoom === 1 && step(1), "+": () => scale(zoom * 1.5), "=": () => scale(zoom * 1.5),
        "-": () => scale(zoom / 1.5), 0: () => scale(1),
        t: () => {
          const list = item(place).ways;
          if (list.length < 2) return;
          const at = Math.max(0, list.findIndex((each) => each.slug === way));
          way = list[(at + 1) % list.length].slug;
          draw(true);
        },
      }[event.key];
      if (!act) return;
      if (act() !== false) event.preventDefault();
    });
    let start = null;
    stage.addEventListener("pointerdown", (event) => {
      start = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop };
      if (zoom > 1 && event.pointerType === "mouse") stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!start || zoom === 1 || event.pointerType !== "mouse") return; // fingers scroll by themselves
      stage.scrollLeft = start.left + start.x - event.clientX;
      stage.scrollTop = start.top + start.y - event.clientY;
    });
    stage.addEventListener("pointerup", (event) => {
      const moved = start && zoom === 1 ? event.clientX - start.x : 0;
      const forward = getComputedStyle(stage).direction === "rtl" ? -moved : moved;
      if (Math.abs(moved) > 40 && Math.abs(moved) > Math.abs(event.clientY - start.y)) step(forward > 0 ? -1 : 1);
      start = null;
    });
    stage.addEventListener("pointercancel", () => { start = null; });
    stage.addEventListener("dblclick", (event) => scale(zoom > 1 ? 1 : 2.25, event.clientX, event.clientY));
    stage.addEventListener("wheel", (event) => {
      if (event.ctrlKey) { event.preventDefault(); scale(zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15), event.clientX, event.clientY); }
    }, { passive: false });
    draw(false);
    present(dialog, closed);
    stage.focus();
    return {
      close: () => dialog.close(),
      go: (to, as) => { if (to !== place || as !== way) { place = to; way = as; draw(false); } },
    };
  }

  // --- A layer's page -----------------------------------------------------------------------------------------------

  function layerPage(data, form) {
    const sheet = find(".sheet");
    const tiles = all(".tile", sheet);
    const output = find("output", form);
    const about = find(".about");
    const flagged = new Map(Object.entries(data.flags).map(([name, places]) => [name, new Set(places)]));
    const none = data.techniques.map((technique) => new Set(technique.none));
    const first = about.textContent;
    let box = null;
    let order = [];

    const keys = (sort) => (sort === "score" ? data.scores : Object.hasOwn(data.orders, sort) ? data.orders[sort] : sort.startsWith("photo-") ? data.responses[Number(sort.slice(6))] || null : null);
    const preferred = new Map(Object.entries(data.classes).map(([name, places]) => [CLASS + name, new Set(places)]));
    const counts = (show, place) => !show || (preferred.has(show) ? preferred.get(show).has(place) : flagged.has(show) ? flagged.get(show).has(place) : data.verdicts[place] === show[0]);
    const chosen = (values) => Math.max(0, data.techniques.findIndex((one) => one.slug === values.get("technique")));

    function source(technique, place) {
      const end = Array.isArray(technique.file) ? technique.file[place] : technique.file;
      return pad(data.filters[place], 4) + end;
    }

    function item(place) {
      const index = data.filters[place];
      const numbers = [`score ${shown(data.scores[place])}`, ...data.photos.map((name, at) => `${name} ${shown(data.responses[at][place])}`)];
      const ways = data.techniques.filter((_, at) => !none[at].has(place)).map((one) => ({ ...one, src: source(one, place) }));
      const verdict = VERDICTS.find((name) => name[0] === data.verdicts[place]);
      return { title: `${data.title}, ${data.names ? data.names[place] : `filter ${index}`}`, about: `${verdict}; ${numbers.join(", ")}`, page: `${pad(index, 4)}.html`, ways };
    }

    /** Return what filters are narrowed to; of a class, its name as the data has it. */
    function shownBy(name) {
      const known = [...VERDICTS, ...FLAGS, ...preferred.keys()];
      return known.find((one) => one === name) || known.find((one) => one.startsWith(CLASS) && plain(one).replaceAll(" ", "") === plain(name).replaceAll(" ", "")) || "";
    }

    /** Show what the address asks for. */
    function apply() {
      const values = state();
      if (!values) return;
      const at = chosen(values);
      const technique = data.techniques[at];
      const sort = values.get("sort") || "";
      const show = shownBy(values.get("show") || "");
      const by = keys(sort);
      order = tiles.map((_, place) => place).filter((place) => counts(show, place));
      if (by) order.sort((a, b) => (by[b] === null ? -Infinity : by[b]) - (by[a] === null ? -Infinity : by[a]) || a - b);
      const kept = new Set(order);
      tiles.forEach((tile, place) => {
        const name = `${technique.slug}-${pad(Math.floor(place / 64), 3)}.webp`;
        const image = tile.firstChild;
        if (image.getAttribute("src") !== name) image.setAttribute("src", name);
        tile.classList.toggle("none", none[at].has(place));
        tile.hidden = !kept.has(place);
        tile.lastChild.data = (data.names ? data.names[place] : data.filters[place]) + (by ? ` · ${shown(by[place])}` : "");
      });
      sheet.append(...order.map((place) => tiles[place]));
      sheet.style.setProperty("--size", { 2: 1.5, 3: 2.25 }[values.get("size")] || 1);
      if (show && !order.length && !find(`option[value=${show}]`, form)) form.elements.show.append(make("option", { value: show }, `${show} (0)`));
      for (const name of ["sort", "show", "size"]) {
        form.elements[name].value = (name === "show" ? show : values.get(name)) || "";
        if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
      }
      form.elements.technique.value = technique.slug;
      output.textContent = order.length === tiles.length ? "" : `${order.length} of ${tiles.length} filters`;
      about.textContent = at ? `${technique.title}. Choose a filter to see it large, beside its other pictures.` : first;
      for (const step of all(".steps a")) {
        step.hash = written(new Map([...values].filter(([key]) => key !== "filter" && key !== "show")));
      }
      updateLightbox(values, technique.slug);
    }

    function updateLightbox(values, way) {
      const place = /^\d+$/.test(values.get("filter")) ? data.filters.indexOf(Number(values.get("filter"))) : -1;
      if (place < 0) { if (box) box.close(); return; }
      const places = order.includes(place) ? order : [place, ...order];
      const first = data.techniques[0].slug;
      const moved = (to, as) => change({ filter: data.filters[places[to]], technique: as === first ? "" : as }, false);
      if (box) { box.go(places.indexOf(place), way); return; }
      box = openBox(places.length, (at) => item(places[at]), places.indexOf(place), way, moved, () => {
        box = null;
        const now = state();
        const last = now && now.has("filter") ? data.filters.indexOf(Number(now.get("filter"))) : place;
        if (now && now.has("filter")) change({ filter: "" }, false);
        if (tiles[last]) tiles[last].focus();
      });
    }

    function change(what, step) {
      const values = state() || new Map();
      for (const [key, value] of Object.entries(what)) values.set(key, String(value));
      remember(values, step);
      apply();
    }

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => {
      const { name, value } = event.target;
      change({ [name]: name === "technique" && value === data.techniques[0].slug ? "" : value }, true);
    });
    sheet.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (!tile || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      change({ filter: data.filters[tiles.indexOf(tile)] }, true);
    });
    addEventListener("popstate", apply);
    apply();
  }

  // --- A filter's page ----------------------------------------------------------------------------------------------

  /** Let pictures be enlarged. */
  function enlargeable(images) {
    const item = (place) => {
      const image = images[place];
      return { title: image.alt, about: "", page: "", ways: [{ slug: "", title: "", src: image.src, sharp: image.classList.contains("cells") }] };
    };
    images.forEach((image, place) => {
      const open = () => openBox(images.length, item, place, "", null, () => image.focus());
      Object.assign(image, { tabIndex: 0, title: "Enlarge" });
      image.setAttribute("role", "button");
      image.classList.add("enlarge");
      image.addEventListener("click", open);
      image.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
      });
    });
  }

  // --- Every page ---------------------------------------------------------------------------------------------------

  const slug = find(".trail") && find(".trail").dataset.model;
  const button = find(".find");
  if (button) {
    button.classList.add("ready");
    button.addEventListener("click", () => openSearch("", ""));
  }
  if (slug) {
    const current = find(".trail [aria-current]");
    current.after(make("button", { type: "button", className: "switch", onclick: () => openSearch("", slug) }, "Switch layer"));
  }
  const foot = find(".foot > p:last-child");
  if (foot && matchMedia("(any-hover: hover)").matches) foot.append(" Press ", make("kbd", {}, "?"), " for the keys.");
  const data = find("#layer");
  const form = find(".tools");
  if (data && form) layerPage(JSON.parse(data.textContent), form);
  enlargeable(all("main figure img").filter((image) => image.alt && !image.closest("a, .stack")));
  const asked = state();
  if (asked && asked.has("q")) openSearch(asked.get("q"), slug);

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || find("dialog[open]")) return;
    const at = event.target;
    if (at instanceof Element && at.closest("input:not([type=radio]), textarea, select, [contenteditable]")) return;
    if (event.key === "/") openSearch("", slug);
    else if (event.key === "?") openHelp();
    else if (event.key === "l" && slug) openSearch("", slug);
    else {
      const rel = { ArrowLeft: "prev", ArrowRight: "next", u: "up" }[event.key];
      const scrolls = at instanceof Element && at.closest("[tabindex='0']:not(img), [type=radio]");
      const to = rel && !event.shiftKey && !scrolls && (find(`.steps a[rel="${rel}"]`) || link(rel));
      if (!to) return;
      location.href = to.href;
    }
    event.preventDefault();
  });
})();
