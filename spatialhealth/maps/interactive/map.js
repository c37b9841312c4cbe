function (root) {
  "use strict";
  if (!root || root.dataset.ready) return;
  root.dataset.ready = "1";
  var NS = "http://www.w3.org/2000/svg";
  var data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  var stage = root.querySelector(".stage"), bar = root.querySelector(".bar");
  var names = data.names || data.ids, now = 0, only = null, marked = null;

  function make(tag, parent, attributes, text) {
    var svg = /^(svg|g|path|circle|defs|pattern|rect)$/.test(tag);
    var node = svg ? document.createElementNS(NS, tag) : document.createElement(tag);
    for (var key in attributes || {}) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    parent.appendChild(node);
    return node;
  }
  function called(j) {
    return names[j] === data.ids[j] ? names[j] : names[j] + " (" + data.ids[j] + ")";
  }

  // the menu, the search, the buttons
  if (data.columns.length > 1) {
    var menu = make("select", bar, { "aria-label": "What the map shows" });
    data.columns.forEach(function (column, j) { make("option", menu, { value: j }, column.label); });
    menu.onchange = function () { now = +menu.value; only = null; paint(); };
  }
  var list = root.id + "list";
  var search = make("input", bar, { type: "search", placeholder: "Find a unit", list: list, "aria-label": "Find a unit" });
  var options = make("datalist", bar, { id: list });
  data.ids.forEach(function (id, j) { make("option", options, { value: called(j) }); });
  search.onchange = function () {
    var asked = search.value.trim().toLowerCase(), found = -1;
    if (!asked) return mark(null);
    data.ids.forEach(function (id, j) {
      if (found < 0 && (called(j).toLowerCase() === asked || id.toLowerCase() === asked)) found = j;
    });
    for (var j = 0; found < 0 && j < names.length; j++) if (called(j).toLowerCase().indexOf(asked) >= 0) found = j;
    if (found < 0) { said.textContent = "No unit is called so."; return; }
    go(found);
  };
  [["+", "Zoom in", 1.5], ["\u2212", "Zoom out", 1 / 1.5]].forEach(function (one) {
    make("button", bar, { type: "button", "aria-label": one[1], title: one[1] }, one[0]).onclick = function () {
      zoom(one[2], view.x + view.w / 2, view.y + view.h / 2);
    };
  });
  make("button", bar, { type: "button" }, "Whole map").onclick = function () { whole(); mark(null); };
  var said = make("span", bar, { "class": "said", "aria-live": "polite" });

  // the map
  var width = data.size[0], height = data.size[1], pad = 0.02 * Math.max(width, height);
  var svg = make("svg", stage, { "class": "map", role: "img", tabindex: 0, "aria-label": "Map of " + data.ids.length +
    " units. Arrow keys move it, plus and minus zoom." });
  var pattern = make("pattern", make("defs", svg), { id: root.id + "h", width: 6, height: 6,
    patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  make("rect", pattern, { width: 6, height: 6, fill: data.missing });
  make("rect", pattern, { width: 1.4, height: 6, fill: "#9a9a9a" });
  var group = make("g", svg), units = data.paths.map(function (path, j) {
    if (!path) return null;
    var at = path.split(" ");
    var node = data.points ? make("circle", group, { cx: at[0], cy: at[1] }) : make("path", group, { d: path });
    node.setAttribute("class", "unit");
    node.setAttribute("fill-rule", "evenodd");
    node.dataset.j = j;
    return node;
  });
  var key = make("div", stage, { "class": "key" });
  var tip = make("div", stage, { "class": "tip", hidden: "" });
  var view = {};

  function show() {
    svg.setAttribute("viewBox", [view.x, view.y, view.w, view.h].join(" "));
    var scale = view.w / Math.max(stage.clientWidth, 1);
    pattern.setAttribute("patternTransform", "rotate(45) scale(" + scale + ")");
    if (data.points) units.forEach(function (node) { if (node) node.setAttribute("r", 4.5 * scale); });
  }
  function whole() {
    // the view has the proportions of the stage, so that a pixel is a pixel both ways
    var w = width + 2 * pad, h = height + 2 * pad, form = stage.clientWidth / Math.max(stage.clientHeight, 1) || 1;
    if (w / h < form) w = h * form; else h = w / form;
    view = { x: width / 2 - w / 2, y: height / 2 - h / 2, w: w, h: h, full: w };
    show();
  }
  function zoom(times, x, y) {
    var w = Math.min(Math.max(view.w / times, view.full / 200), view.full * 1.5), by = w / view.w;
    view.x = x - (x - view.x) * by;
    view.y = y - (y - view.y) * by;
    view.w = w;
    view.h *= by;
    show();
  }
  function mark(j) {
    if (marked !== null && units[marked]) units[marked].classList.remove("at");
    marked = j;
    if (j === null || !units[j]) { said.textContent = ""; return; }
    units[j].classList.add("at");
    group.appendChild(units[j]);
  }
  function telling(j) {
    var column = data.columns[now];
    return column.label + ": " + (column.texts[j] === "" ? "no value" : column.texts[j]);
  }
  function go(j) {
    mark(j);
    if (!units[j]) { said.textContent = called(j) + " has no geometry. " + telling(j); return; }
    var box = units[j].getBBox(), w = Math.min(view.full, Math.max(8 * box.width, 8 * box.height, view.full / 8));
    view.h *= w / view.w;
    view.w = w;
    view.x = box.x + box.width / 2 - view.w / 2;
    view.y = box.y + box.height / 2 - view.h / 2;
    show();
    said.textContent = called(j) + ". " + telling(j);
  }
  function paint() {
    var column = data.columns[now];
    units.forEach(function (node, j) {
      if (!node) return;
      var place = column.classes[j];
      node.setAttribute("fill", place < 0 ? "url(#" + root.id + "h)" : column.colours[place]);
      node.classList.toggle("off", only !== null && place !== only);
    });
    key.textContent = "";
    make("div", key, { "class": "head" }, column.label);
    var rows = column.legend.map(function (text, j) { return [j, column.colours[j], text, column.counts[j]]; }).reverse();
    if (column.absent) rows.push([-1, data.missing, "no value", column.absent]);
    rows.forEach(function (row) {
      var button = make("button", key, { type: "button", "aria-pressed": only === row[0], title: "Show only these" });
      make("i", button).style.background = row[0] < 0 ?
        "repeating-linear-gradient(45deg," + row[1] + " 0 3px,#9a9a9a 3px 4px)" : row[1];
      make("span", button, {}, row[2] + "  (" + row[3].toLocaleString("en") + ")");
      button.onclick = function () { only = only === row[0] ? null : row[0]; paint(); };
    });
    var shapeless = units.filter(function (node) { return !node; }).length;
    make("div", key, {}, "n = " + data.ids.length.toLocaleString("en") + " units" +
      (shapeless ? ", " + shapeless + " without geometry" : ""));
  }
  function at(event) {
    var box = svg.getBoundingClientRect();
    return { x: view.x + (event.clientX - box.left) / box.width * view.w,
      y: view.y + (event.clientY - box.top) / box.height * view.h };
  }

  // the hand
  var held = {}, last = null;
  svg.addEventListener("pointerdown", function (event) {
    held[event.pointerId] = event;
    last = null;
    svg.focus({ preventScroll: true });
    svg.classList.add("held");
  });
  svg.addEventListener("pointermove", function (event) {
    var fingers = Object.keys(held);
    if (!fingers.length) return hover(event);
    if (!held[event.pointerId]) return;
    tip.hidden = true;
    if (!svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    var before = held[event.pointerId], scale = view.w / Math.max(svg.clientWidth, 1);
    held[event.pointerId] = event;
    if (fingers.length === 1) {
      view.x -= (event.clientX - before.clientX) * scale;
      view.y -= (event.clientY - before.clientY) * scale;
      return show();
    }
    var a = held[fingers[0]], b = held[fingers[1]];
    var apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    var middle = at({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
    if (last) zoom(apart / last, middle.x, middle.y);
    last = apart;
  });
  ["pointerup", "pointercancel", "lostpointercapture"].forEach(function (name) {
    svg.addEventListener(name, function (event) {
      delete held[event.pointerId];
      last = null;
      svg.classList.remove("held");
    });
  });
  svg.addEventListener("pointerleave", function () { tip.hidden = true; });
  svg.addEventListener("dblclick", function (event) { var p = at(event); zoom(2, p.x, p.y); });
  svg.addEventListener("wheel", function (event) {
    // on a page that scrolls, the wheel is the page's until the map is clicked
    var page = document.documentElement, scrolls = page.scrollHeight > page.clientHeight + 1;
    if (scrolls && !event.ctrlKey && document.activeElement !== svg) {
      said.textContent = "Click the map, or hold Ctrl, to zoom with the wheel.";
      return;
    }
    event.preventDefault();
    var p = at(event);
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), p.x, p.y);
  }, { passive: false });
  svg.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) { view.x += step[0] * view.w / 10; view.y += step[1] * view.h / 10; show(); }
    else if (event.key === "+" || event.key === "=") zoom(1.5, view.x + view.w / 2, view.y + view.h / 2);
    else if (event.key === "-") zoom(1 / 1.5, view.x + view.w / 2, view.y + view.h / 2);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  });
  function hover(event) {
    var j = event.target.dataset && event.target.dataset.j;
    if (j === undefined) { tip.hidden = true; return; }
    tip.textContent = "";
    make("b", tip, {}, called(+j));
    tip.appendChild(document.createTextNode(telling(+j)));
    tip.hidden = false;
    var box = stage.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    tip.style.left = Math.max(0, Math.min(x + 12, stage.clientWidth - tip.offsetWidth - 4)) + "px";
    tip.style.top = (y + 16 + tip.offsetHeight > stage.clientHeight ? Math.max(0, y - tip.offsetHeight - 8) : y + 16) + "px";
  }
  if (window.ResizeObserver) {
    var first = true;
    new ResizeObserver(function () { if (first) { first = false; } else { whole(); } }).observe(stage);
  }
  whole();
  paint();
}
