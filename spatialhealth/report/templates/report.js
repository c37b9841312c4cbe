// The page's own script: a map to look around in, tables to sort and copy. Without it the page shows the same.
"use strict";
(() => {
  document.documentElement.classList.add("js");
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const one = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, text = "") => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const say = (text) => { one("said").textContent = ""; setTimeout(() => { one("said").textContent = text; }, 50); };
  const save = (name, address) => make("a", { download: name, href: address }).click();

  // ---- copying ----
  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch (refused) { // older browsers, and pages that may not use the clipboard
      const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    const before = button.dataset.text || (button.dataset.text = button.textContent);
    button.textContent = "Copied";
    say("Copied.");
    setTimeout(() => { button.textContent = before; }, 1500);
  }
  const plain = (cell) => {
    const clone = cell.cloneNode(true);
    all("br", clone).forEach((line) => line.replaceWith(" "));
    const text = clone.textContent.replace(/\s+/g, " ").trim().replace(/\u2212/g, "-");
    return /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replace(/,/g, "") : text;
  };
  const tsv = (table) => all("thead tr, tbody tr", table).map((row) => [...row.cells]
    .flatMap((cell) => [plain(cell), ...Array(cell.colSpan - 1).fill("")]).join("\t")).join("\n") + "\n";

  // ---- tables ----
  const amount = (text) => {
    const found = /^[<>]?\s*(-?[\d.]+(?:e[-+]?\d+)?)(?:$|[\s(%*])/.exec(text.replace(/,/g, ""));
    return found ? parseFloat(found[1]) : NaN;
  };
  function ordered(rows, column, down) {
    const keyed = rows.map((row, place) => {
      const text = plain(row.cells[column]);
      return { row, place, text, value: amount(text) };
    });
    const numbers = keyed.every((each) => each.text === "" || !Number.isNaN(each.value));
    keyed.sort((a, b) => {
      if ((a.text === "") !== (b.text === "")) return a.text === "" ? 1 : -1; // what is missing comes last
      const way = numbers ? a.value - b.value : a.text.localeCompare(b.text, "en", { numeric: true });
      return (down ? -way : way) || a.place - b.place;
    });
    return keyed.map((each) => each.row);
  }
  function sortable(table) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], start = [...body.rows];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", class: "sort" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort") || "none"];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (next !== "none") head.setAttribute("aria-sort", next);
        const rows = next === "none" ? start : ordered(start, column, next === "descending");
        body.replaceChildren(...rows);
        rows.forEach((row, j) => row.classList.toggle("again", j > 0 && row.cells[0].textContent === rows[j - 1].cells[0].textContent));
        say(next === "none" ? "Rows as they came." : `Sorted by ${button.textContent}, ${next}.`);
      });
    });
  }
  function fit(wide) {
    const table = wide.querySelector("table"), more = wide.previousElementSibling.querySelector(".more");
    const over = wide.scrollWidth > wide.clientWidth + 1;
    more.textContent = over ? "Scroll sideways for more columns →" : "";
    if (over) {
      wide.tabIndex = 0;
      wide.setAttribute("role", "group");
      wide.setAttribute("aria-label", table.caption ? table.caption.textContent : "Table");
    } else ["tabindex", "role", "aria-label"].forEach((name) => wide.removeAttribute(name));
  }
  const wides = all(".wide");
  const values = one("atlas-values") ? [...one("atlas-values").querySelector("tbody").rows] : []; // before any sorting
  wides.forEach((wide) => {
    const table = wide.querySelector("table"), tools = make("div", { class: "tools" });
    const button = make("button", { type: "button", class: "copy" }, "Copy table");
    button.addEventListener("click", () => copy(tsv(table), button));
    tools.append(make("span", { class: "more" }), button);
    wide.before(tools);
    if (table.tBodies.length === 1 && table.tHead && !table.classList.contains("regression")) sortable(table);
    fit(wide);
  });
  addEventListener("resize", () => wides.forEach(fit));
  all("details").forEach((part) => part.addEventListener("toggle", () => all(".wide", part).forEach(fit)));
  all("pre").forEach((block) => {
    const tools = make("div", { class: "tools" }), called = block.parentElement.dataset.called;
    const button = make("button", { type: "button", class: "copy" }, `Copy ${called[0].toLowerCase() + called.slice(1)}`.replace("bibTeX", "BibTeX"));
    button.addEventListener("click", () => copy(block.textContent, button));
    tools.append(button);
    block.before(tools);
    if (block.scrollWidth > block.clientWidth + 1 || block.scrollHeight > block.clientHeight + 1) {
      block.tabIndex = 0;
      block.setAttribute("role", "group");
      block.setAttribute("aria-label", called);
    }
  });
  // a page that was sent alone has no folder "figures" beside it
  all("figure").forEach((figure) => {
    const link = figure.querySelector(".download");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      save(link.download, figure.querySelector("img").src);
    });
    const box = figure.querySelector(".picture");
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "Figure, scrolls sideways");
    }
  });
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open]):not(.long)");
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));

  // ---- the map ----
  if (!one("atlas")) return;
  all("#atlas .live").forEach((part) => { part.hidden = part.id === "atlas-chosen"; });
  const themes = JSON.parse(one("atlas-data").textContent);
  const stage = one("atlas-stage"), svg = one("atlas-svg"), view = one("atlas-view"), tip = one("atlas-tip");
  const select = one("atlas-theme"), find = one("atlas-find"), paths = all("path", view), places = new Map();
  paths.forEach((path, j) => places.set(path, j));
  const units = values.map((row) => row.cells[0].textContent);
  const box = svg.viewBox.baseVal, most = 40, hatch = one("hatch");
  let theme = 0, scale = 1, x = 0, y = 0, waiting = false, chosen = -1;

  const kind = (j) => { const place = themes[theme].places[j]; return place < 0 ? "m" : place; };
  const value = (j, which) => {
    const text = values[j].cells[which + 1].textContent;
    const hidden = themes[which].places[j] < 0;
    return text === "" ? themes[which].missing : hidden ? `${text} (${themes[which].missing})` : text;
  };
  function shows(which) {
    theme = which;
    const { label, note, colours, legend } = themes[which];
    const style = colours.map((colour, j) => `--k${j}:${colour}`).join(";");
    svg.setAttribute("style", style);
    svg.setAttribute("aria-label", `Map of ${units.length} units: ${label}`);
    paths.forEach((path, j) => path.setAttribute("class", `k${kind(j)}`));
    one("atlas-label").textContent = label;
    one("atlas-note").textContent = note;
    one("atlas-legend").setAttribute("style", style);
    one("atlas-legend").replaceChildren(...legend.map(([name, text, count]) => {
      const item = make("li"), number = make("span", { class: "count" }, `(${count.toLocaleString("en")})`);
      item.append(make("span", { class: `swatch ${name}` }), `${text} `, number);
      return item;
    }));
  }

  const mark = (name) => {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("class", `mark ${name}`);
    return path;
  };
  const over = mark("over"), picked = mark("chosen"), marks = document.createElementNS(svg.namespaceURI, "g");
  marks.append(picked, over);
  marks.style.setProperty("--fill", "none");
  svg.append(marks);

  function draw() {
    waiting = false;
    const edge = 0.5; // half of the sheet may be moved out of sight
    x = Math.min(box.width * edge, Math.max(box.width * (1 - edge) - box.width * scale, x));
    y = Math.min(box.height * edge, Math.max(box.height * (1 - edge) - box.height * scale, y));
    if (scale === 1) x = y = 0;
    for (const group of [view, marks]) group.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    hatch.setAttribute("patternTransform", `rotate(45) scale(${box.width / 900 / scale})`);
    svg.style.touchAction = scale > 1 ? "none" : "pan-y";
  }
  const redraw = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  function zoom(factor, at = { x: box.width / 2, y: box.height / 2 }) {
    const next = Math.min(most, Math.max(1, scale * factor));
    x = at.x - (at.x - x) * next / scale;
    y = at.y - (at.y - y) * next / scale;
    scale = next;
    redraw();
  }
  function move(right, down) { x -= right; y -= down; redraw(); }
  const point = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

  function choose(j, go) {
    chosen = j;
    const panel = one("atlas-chosen");
    panel.hidden = j < 0;
    picked.setAttribute("d", j < 0 ? "" : paths[j].getAttribute("d"));
    if (j < 0) return;
    const list = make("dl");
    themes.forEach((each, which) => list.append(make("dt", {}, each.label), make("dd", {}, value(j, which))));
    panel.replaceChildren(make("h4", {}, units[j]), list);
    if (!go) return;
    const around = paths[j].getBBox();
    scale = Math.max(scale, Math.min(12, Math.max(1, box.width / 8 / Math.max(around.width, around.height))));
    x = box.width / 2 - (around.x + around.width / 2) * scale;
    y = box.height / 2 - (around.y + around.height / 2) * scale;
    redraw();
  }

  const down = new Map();
  let moved = 0;
  function hover(event) {
    const j = places.has(event.target) ? places.get(event.target) : -1;
    tip.hidden = j < 0 || down.size > 0;
    over.setAttribute("d", j < 0 ? "" : paths[j].getAttribute("d"));
    if (j < 0) return;
    tip.replaceChildren(make("strong", {}, units[j]), make("br"), value(j, theme));
    const frame = stage.getBoundingClientRect(), left = event.clientX - frame.left, top = event.clientY - frame.top;
    tip.style.left = `${Math.max(4, Math.min(left + 14, frame.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${top + 18 + tip.offsetHeight > frame.height ? Math.max(4, top - tip.offsetHeight - 10) : top + 18}px`;
  }
  svg.addEventListener("pointerdown", (event) => { down.set(event.pointerId, point(event)); moved = 0; });
  svg.addEventListener("pointermove", (event) => {
    const from = down.get(event.pointerId);
    if (!from) return hover(event);
    const to = point(event);
    if (down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
      zoom(Math.hypot(to.x - other.x, to.y - other.y) / Math.hypot(from.x - other.x, from.y - other.y), middle);
    } else move(from.x - to.x, from.y - to.y);
    moved += Math.abs(from.x - to.x) + Math.abs(from.y - to.y);
    if (moved > 8 && !svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    down.set(event.pointerId, to);
  });
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => down.delete(event.pointerId));
  svg.addEventListener("pointerleave", (event) => { tip.hidden = true; over.setAttribute("d", ""); if (!svg.hasPointerCapture(event.pointerId)) down.delete(event.pointerId); });
  svg.addEventListener("click", (event) => {
    stage.focus({ preventScroll: true });
    if (moved <= 8) choose(places.has(event.target) ? places.get(event.target) : -1, false);
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), point(event));
  }, { passive: false });

  const acts = { in: () => zoom(1.6), out: () => zoom(1 / 1.6), all: () => { scale = 1; redraw(); }, save: picture };
  all("#atlas [data-do]").forEach((button) => button.addEventListener("click", () => acts[button.dataset.do]()));
  const step = 0.12;
  const next = (by) => choose(((chosen < 0 && by < 0 ? 0 : chosen) + by + units.length) % units.length, true);
  const keys = {
    ArrowLeft: () => move(-box.width * step, 0), ArrowRight: () => move(box.width * step, 0),
    ArrowUp: () => move(0, -box.height * step), ArrowDown: () => move(0, box.height * step),
    "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.all, Home: acts.all,
    n: () => next(1), p: () => next(-1), Escape: () => choose(-1, false),
  };
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-roledescription", "map");
  stage.setAttribute("aria-label", "Map of the results");
  stage.setAttribute("aria-describedby", "atlas-keys");
  stage.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });

  select.addEventListener("change", () => { shows(Number(select.value)); say(`The map shows ${themes[theme].label}.`); });
  find.addEventListener("focus", () => {
    if (!one("atlas-units").children.length) one("atlas-units").append(...units.map((name) => make("option", { value: name })));
  });
  find.addEventListener("change", () => {
    const asked = find.value.trim().toLowerCase();
    const j = units.findIndex((name) => name.toLowerCase() === asked);
    const near = j >= 0 || !asked ? j : units.findIndex((name) => name.toLowerCase().includes(asked));
    if (near >= 0) choose(near, true);
    else if (asked) say("No such unit.");
  });

  /* Save what is shown, with its legend, as a drawing of its own. */
  function picture() {
    const { label, colours, legend } = themes[theme], clone = svg.cloneNode(true), unit = box.width / 60;
    const colour = (name) => (name === "km" ? "url(#hatch)" : colours[Number(name.slice(1))]);
    clone.lastElementChild.remove();
    clone.removeAttribute("style");
    clone.setAttribute("viewBox", `0 ${-2 * unit} ${box.width * 1.3} ${box.height + 2 * unit}`);
    all("g path", clone).forEach((path) => {
      const attributes = { fill: colour(path.getAttribute("class")), stroke: "#4d4d4d", "stroke-width": 0.4, "vector-effect": "non-scaling-stroke", "fill-rule": "evenodd" };
      path.removeAttribute("class");
      for (const [name, text] of Object.entries(attributes)) path.setAttribute(name, text);
    });
    const write = (text, at, down, bold) => {
      const node = document.createElementNS(clone.namespaceURI, "text");
      for (const [name, given] of Object.entries({ x: at, y: down, "font-size": unit, "font-family": "sans-serif", "font-weight": bold ? 700 : 400 })) node.setAttribute(name, given);
      node.textContent = text;
      clone.append(node);
    };
    write(label, 0, -unit * 0.6, true);
    legend.forEach(([name, text, count], j) => {
      const swatch = document.createElementNS(clone.namespaceURI, "rect"), top = unit * (1 + 1.7 * j);
      for (const [attribute, given] of Object.entries({ x: box.width * 1.01, y: top, width: 1.6 * unit, height: unit, fill: colour(name), stroke: "#4d4d4d", "stroke-width": unit / 20 })) swatch.setAttribute(attribute, given);
      clone.append(swatch);
      write(`${text} (${count.toLocaleString("en")})`, box.width * 1.01 + 2.1 * unit, top + 0.85 * unit, false);
    });
    const file = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(clone)], { type: "image/svg+xml" }));
    save(`${label.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_|_$/g, "").toLowerCase()}.svg`, file);
    setTimeout(() => URL.revokeObjectURL(file), 1000);
  }
  shows(Number(select.value)); // a browser may remember what was chosen before
  draw();
})();
