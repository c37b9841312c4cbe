// The page's own script: tables to sort and copy; the map has its own. Without it the page shows the same.
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
})();
