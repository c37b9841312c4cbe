(root) => {
  "use strict";
  if (!root || root.dataset.ready) return;
  root.dataset.ready = "1";
  const all = (query, from = root) => [...from.querySelectorAll(query)];
  const one = (query) => root.querySelector(query);
  const put = (node, attributes) => {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const make = (tag, attributes = {}, ...inside) => {
    const node = put(document.createElement(tag), attributes);
    node.append(...inside);
    return node;
  };
  const draws = (tag, attributes) => put(document.createElementNS(svg.namespaceURI, tag), attributes);

  const themes = JSON.parse(one("script[type='application/json']").textContent);
  const stage = one(".stage"), svg = one(".stage svg"), view = one(".view"), tip = one(".tip");
  const menu = one(".bar select"), find = one(".bar input"), told = one(".told"), panel = one(".chosen");
  const shapes = [...view.children], places = new Map(shapes.map((shape, j) => [shape, j]));
  const rows = [...one(".values tbody").rows]; // before any sorting
  const units = rows.map((row) => row.cells[0].textContent);
  const box = svg.viewBox.baseVal, most = 40, dots = all("circle", view);
  const patterns = all("pattern").map((node) => [node, node.getAttribute("patternTransform").split(" ")[0]]);
  const radius = dots.length ? Number(dots[0].getAttribute("r")) : 0;
  let theme = 0, only = "", scale = 1, x = 0, y = 0, waiting = false, chosen = -1;

  const drawn = (j) => shapes[j].tagName === "circle" || shapes[j].getAttribute("d") !== "";
  const value = (j, which) => {
    const { faint, uncertain } = themes[which], text = rows[j].cells[which + 1].textContent || "no value";
    return faint.includes(j) ? `${text} (${uncertain})` : text;
  };
  function paint() {
    const { places: at, faint, striped } = themes[theme], pale = new Set(faint), sides = new Set(striped);
    shapes.forEach((shape, j) => {
      const place = at[j], plain = place < 0 ? "km" : `${sides.has(place) ? "s" : "k"}${place}`;
      const kind = pale.has(j) ? `f${place}` : plain;
      const off = only !== "" && (only === "f" ? !pale.has(j) : only !== plain);
      shape.setAttribute("class", off ? `${kind} off` : kind);
    });
    all(".legend button").forEach((button) => button.setAttribute("aria-pressed", button.dataset.kind === only));
  }
  function shows(which) {
    theme = which;
    only = "";
    leave();
    const { label, note, colours, legend } = themes[which];
    themes.forEach((each) => each.colours.forEach((_, j) => svg.style.removeProperty(`--k${j}`)));
    colours.forEach((colour, j) => svg.style.setProperty(`--k${j}`, colour));
    svg.setAttribute("aria-label", `Map of ${units.length} units: ${label}`);
    one(".head").textContent = label;
    one(".note").textContent = note;
    one(".legend").replaceChildren(...legend.map(([kind, text, count]) => {
      const swatch = make("span", { class: `swatch ${kind === "km" ? "m" : kind.slice(0, 1)}` });
      if (/\d/.test(kind)) swatch.style.setProperty("--fill", colours[Number(kind.slice(1))]);
      const inside = [swatch, make("span", {}, `${text} `, make("span", { class: "count" }, `(${count.toLocaleString("en")})`))];
      if (kind === "") return make("li", {}, ...inside);
      const button = make("button", { type: "button", "data-kind": kind, title: "Show only these" }, ...inside);
      button.addEventListener("click", () => { only = only === kind ? "" : kind; paint(); });
      return make("li", {}, button);
    }));
    paint();
  }

  const marks = draws("g", {});
  svg.append(marks);
  const marked = { over: -1, picked: -1 };
  function mark(name, j) {
    if (marked[name] === j) return;
    marked[name] = j;
    all(`.${name}`, marks).forEach((node) => node.remove());
    if (j < 0) return;
    const copy = (kind) => put(shapes[j].cloneNode(), { class: `mark ${kind}` });
    if (name === "over") marks.append(copy(name));
    else marks.prepend(copy(`${name} casing`), copy(name)); // seen in grey on light and on dark
  }
  function leave() {
    tip.hidden = true;
    mark("over", -1);
  }

  function draw() {
    waiting = false;
    const edge = 0.5; // half of the sheet may be moved out of sight
    x = Math.min(box.width * edge, Math.max(box.width * (1 - edge) - box.width * scale, x));
    y = Math.min(box.height * edge, Math.max(box.height * (1 - edge) - box.height * scale, y));
    if (scale === 1) x = y = 0;
    for (const group of [view, marks]) group.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    const sized = svg.getScreenCTM(), pixel = sized && sized.a > 0 ? 1 / sized.a : box.width / 700;
    patterns.forEach(([node, turn]) => node.setAttribute("patternTransform", `${turn} scale(${pixel / scale})`));
    if (radius) [...dots, ...marks.children].forEach((dot) => dot.setAttribute("r", radius / scale));
    svg.style.touchAction = scale > 1 ? "none" : "pan-y";
  }
  function redraw() {
    leave(); // what was under the pointer no longer is
    if (!waiting) { waiting = true; requestAnimationFrame(draw); }
  }
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
    panel.hidden = j < 0;
    told.textContent = "";
    mark("picked", j >= 0 && drawn(j) ? j : -1);
    if (j < 0) return;
    const list = make("dl");
    themes.forEach((each, which) => list.append(make("dt", {}, each.label), make("dd", {}, value(j, which))));
    panel.replaceChildren(make("p", { class: "head" }, units[j], drawn(j) ? "" : " (no geometry)"), list);
    if (!go || !drawn(j)) return;
    const around = shapes[j].getBBox();
    scale = Math.max(scale, Math.min(12, Math.max(1, box.width / 8 / Math.max(around.width, around.height))));
    x = box.width / 2 - (around.x + around.width / 2) * scale;
    y = box.height / 2 - (around.y + around.height / 2) * scale;
    redraw();
  }

  const held = new Map();
  let moved = 0;
  function hover(event) {
    const j = places.has(event.target) ? places.get(event.target) : -1;
    tip.hidden = j < 0 || held.size > 0;
    mark("over", j);
    if (j < 0) return;
    tip.replaceChildren(make("strong", {}, units[j]), make("br"), value(j, theme));
    const frame = stage.getBoundingClientRect(), left = event.clientX - frame.left, top = event.clientY - frame.top;
    tip.style.left = `${Math.max(4, Math.min(left + 14, frame.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${top + 18 + tip.offsetHeight > frame.height ? Math.max(4, top - tip.offsetHeight - 10) : top + 18}px`;
  }
  svg.addEventListener("pointerdown", (event) => { held.set(event.pointerId, point(event)); moved = 0; });
  svg.addEventListener("pointermove", (event) => {
    const from = held.get(event.pointerId);
    if (!from) return hover(event);
    const to = point(event);
    if (held.size === 2) {
      const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
      zoom(Math.hypot(to.x - other.x, to.y - other.y) / Math.hypot(from.x - other.x, from.y - other.y), middle);
    } else move(from.x - to.x, from.y - to.y);
    moved += Math.abs(from.x - to.x) + Math.abs(from.y - to.y);
    if (moved > 8 && !svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    held.set(event.pointerId, to);
  });
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => held.delete(event.pointerId));
  svg.addEventListener("pointerleave", (event) => {
    leave();
    if (!svg.hasPointerCapture(event.pointerId)) held.delete(event.pointerId);
  });
  svg.addEventListener("click", (event) => {
    stage.focus({ preventScroll: true });
    if (moved <= 8) choose(places.has(event.target) ? places.get(event.target) : -1, false);
  });
  svg.addEventListener("wheel", (event) => {
    const page = document.documentElement; // one that scrolls keeps the wheel for that
    if (!event.ctrlKey && !event.metaKey && page.scrollHeight > page.clientHeight + 1) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 1 / 300)), point(event));
  }, { passive: false });

  const acts = { in: () => zoom(1.6), out: () => zoom(1 / 1.6), all: () => { scale = 1; redraw(); }, save: picture };
  all("[data-do]").forEach((button) => button.addEventListener("click", () => acts[button.dataset.do]()));
  const step = 0.12;
  const next = (by) => choose(((chosen < 0 && by < 0 ? 0 : chosen) + by + units.length) % units.length, true);
  const keys = {
    ArrowLeft: () => move(-box.width * step, 0), ArrowRight: () => move(box.width * step, 0),
    ArrowUp: () => move(0, -box.height * step), ArrowDown: () => move(0, box.height * step),
    "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.all, Home: acts.all,
    n: () => next(1), p: () => next(-1), Escape: () => choose(-1, false),
  };
  put(stage, {
    tabindex: 0, role: "application", "aria-roledescription": "map", "aria-label": "Map", "aria-describedby": `${root.id}-keys`,
  });
  stage.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });

  if (menu) menu.addEventListener("change", () => shows(Number(menu.value)));
  find.addEventListener("focus", () => {
    if (!find.list.children.length) find.list.append(...units.map((name) => make("option", { value: name })));
  });
  find.addEventListener("change", () => {
    const asked = find.value.trim().toLowerCase(), names = units.map((name) => name.toLowerCase());
    const ways = [(name) => name === asked, (name) => name.split(/, | \(|\)/).includes(asked), (name) => name.includes(asked)];
    const found = ways.map((way) => names.findIndex(way)).find((j) => j >= 0);
    if (!asked) return choose(-1, false);
    if (found === undefined) told.textContent = "No unit is called so."; else choose(found, true);
  });

  /* Save what is shown, with its legend, as a drawing of its own. */
  function picture() {
    const { label, colours, legend } = themes[theme], unit = Math.max(box.width, box.height) / 60, clone = svg.cloneNode(true);
    const colour = (kind) => (/^k\d/.test(kind) ? colours[Number(kind.slice(1))] || "none" : kind ? `url(#${root.id}-${kind})` : "none");
    clone.lastElementChild.remove();
    clone.removeAttribute("style");
    put(clone, { width: box.width, height: box.height });
    all("[class]", clone).forEach((node) => {
      const [kind, off] = node.getAttribute("class").split(" "), shape = node.closest("g");
      node.removeAttribute("class");
      if (node === shape) return;
      node.setAttribute("fill", colour(kind));
      if (off) node.setAttribute("opacity", 0.12);
      if (shape) put(node, { stroke: "#4d4d4d", "stroke-width": 0.4, "vector-effect": "non-scaling-stroke", "fill-rule": "evenodd" });
    });
    const said = legend.map(([, text, count]) => `${text} (${count.toLocaleString("en")})`);
    const wide = Math.max(box.width * 1.01 + unit * (2.6 + 0.62 * Math.max(...said.map((text) => text.length))), unit * 0.68 * label.length);
    const tall = Math.max(box.height, unit * (0.5 + 1.7 * legend.length));
    const lines = [themes[theme].note, root.dataset.source].filter(Boolean).join(" ").match(new RegExp(`.{1,${Math.floor(wide / unit / 0.6)}}(?:\\s|$)`, "g")) || [];
    const sheet = draws("svg", { viewBox: `0 ${-2 * unit} ${wide} ${tall + (2.5 + 1.4 * lines.length) * unit}` });
    // patterns are drawn for the scale of the map
    const key = draws("g", { transform: `scale(${scale})` });
    sheet.append(clone, key);
    const write = (text, at, down, bold) => {
      const node = draws("text", { x: at, y: down, "font-size": unit, "font-family": "sans-serif", "font-weight": bold ? 700 : 400 });
      node.textContent = text;
      sheet.append(node);
    };
    write(label, 0, -unit * 0.6, true);
    lines.forEach((line, j) => write(line.trim(), 0, tall + (1.3 + 1.4 * j) * unit, false));
    legend.forEach(([kind], j) => {
      const top = unit * (1 + 1.7 * j), by = 1 / scale, fill = kind === "f" ? "#fff" : colour(kind);
      if (kind) key.append(draws("rect", { x: box.width * 1.01 * by, y: top * by, width: 1.6 * unit * by, height: unit * by, fill, stroke: "#4d4d4d", "stroke-width": unit / 20 * by }));
      if (kind === "f") [0.4, 0.8, 1.2].forEach((at) => key.append(draws("circle", { cx: (box.width * 1.01 + at * unit) * by, cy: (top + unit / 2) * by, r: unit / 12 * by, fill: "#6b6b6b" })));
      write(said[j], box.width * 1.01 + 2.1 * unit, top + 0.85 * unit, false);
    });
    const file = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(sheet)], { type: "image/svg+xml" }));
    make("a", { download: `${label.replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, "").toLowerCase() || "map"}.svg`, href: file }).click();
    setTimeout(() => URL.revokeObjectURL(file), 1000);
  }

  for (const query of [".bar", ".keys"]) one(query).hidden = false;
  addEventListener("resize", redraw);
  shows(menu ? Number(menu.value) : 0); // a browser may remember what was chosen before
  draw();
}
