"use strict";
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const body = byId("submissions").tBodies[0];
const rows = [...body.rows];
const missed = ["FAILED", "ERROR", "NOT_IMPLEMENTED"];
const fields = ["search", "outcome", "case", "mistake", "kind"].map(byId);
const figures = new Map();
for (const figure of document.querySelectorAll("figure[data-record]")) {
  const id = figure.dataset.record;
  figures.set(id, [...(figures.get(id) || []), figure]);
}

/* Everything that shows a student's words is made of text nodes: nothing of it is read as HTML. */
function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function matches(row) {
  const record = data.records[row.dataset.record];
  const [search, outcome, chosen, mistake, kind] = fields.map((field) => field.value);
  if (!search.toLowerCase().split(/\s+/).every((word) => record.searched.includes(word))) return false;
  if (mistake && !record.mistakes.includes(mistake)) return false;
  if (kind === "late" && !record.late) return false;
  if (kind === "urgent" && !record.kinds.some((name) => name !== "NOT_MARKED")) return false;
  if (kind && !["late", "urgent"].includes(kind) && !record.kinds.includes(kind)) return false;
  if (!outcome) return true;
  return data.cases.some(([id], i) => {
    if (chosen && id !== chosen) return false;
    const [name] = data.letters[record.outcomes[i]] || [""];
    return outcome === "missed" ? missed.includes(name) : name === outcome;
  });
}

function filter() {
  let shown = 0;
  for (const row of rows) {
    const matching = matches(row);
    shown += matching;
    row.hidden = !matching;
    if (!matching) close(row);
    for (const figure of figures.get(row.dataset.record) || []) figure.hidden = !matching;
  }
  byId("count").textContent = `${shown} of ${rows.length} submissions`;
}

function sort(header) {
  const column = header.cellIndex;
  const names = column === 0;
  const [first, second] = names ? ["ascending", "descending"] : ["descending", "ascending"];
  const order = header.getAttribute("aria-sort") === first ? second : first;
  for (const other of header.parentNode.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", order);
  rows.forEach(close);
  const value = (row) => row.cells[column].dataset.value;
  const sign = order === "ascending" ? 1 : -1;
  rows.sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === "" || right === "") return (left === "") - (right === ""); /* unknown comes last */
    return sign * (names ? left.localeCompare(right) : left - right);
  });
  body.append(...rows);
}

function detail(row) {
  const id = row.dataset.record;
  const record = data.records[id];
  const chips = element("ul", { className: "chips" });
  data.cases.forEach(([name, title], i) => {
    const [outcome, symbol] = data.letters[record.outcomes[i]] || ["", "–"];
    chips.append(element("li", { className: `o-${outcome}`, title: `${outcome}: ${title}` },
      `${symbol} ${name}`, element("span", { className: "away" }, ` ${outcome}`)));
  });
  const inside = element("div", { className: "inside" });
  inside.append(element("p", { className: "small soft" }, "Submission ", element("bdi", {}, record.submission), " · ",
    element("a", { href: `submissions/${id}/feedback.html` }, "feedback page"), " · ",
    element("a", { href: `submissions/${id}/results.json` }, "results.json")));
  const notes = element("ul", { className: "notes" });
  for (const reason of record.reasons) notes.append(element("li", { className: "text" }, reason));
  for (const mistake of record.mistakes) {
    notes.append(element("li", {}, element("code", {}, mistake), ` ${data.hints[mistake]}`));
  }
  inside.append(chips, notes);
  const samples = element("div", { className: "samples" });
  for (const figure of figures.get(id) || []) {
    const copy = figure.cloneNode(true);
    copy.querySelector("figcaption").textContent = figure.closest("[data-task]").dataset.task;
    samples.append(copy);
  }
  inside.append(samples);
  const made = element("tr", { className: "detail", id: `d-${id}` }, element("td", { colSpan: row.cells.length }, inside));
  return made;
}

function open(row) {
  if (row.classList.contains("open")) return;
  row.classList.add("open");
  row.after(detail(row));
  row.querySelector(".open").setAttribute("aria-expanded", "true");
}

function close(row) {
  if (!row.classList.contains("open")) return;
  row.classList.remove("open");
  byId(`d-${row.dataset.record}`).remove();
  row.querySelector(".open").setAttribute("aria-expanded", "false");
}

function choose(values) {
  for (const field of fields) field.value = values[field.id] || "";
  filter();
  byId("table").scrollIntoView();
}

byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("input", filter);
byId("filters").addEventListener("reset", () => setTimeout(filter));
for (const header of byId("submissions").tHead.rows[0].cells) {
  header.querySelector("button")?.addEventListener("click", () => sort(header));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("button.open, button[data-case], button[data-mistake], a[data-open]");
  if (!button) return;
  const row = button.closest("tr[data-record]");
  if (row) (row.classList.contains("open") ? close : open)(row);
  else if (button.dataset.open) {
    choose({});
    event.preventDefault();
    const found = byId(`r-${button.dataset.open}`);
    open(found);
    found.scrollIntoView({ block: "center" });
    found.querySelector(".open").focus({ preventScroll: true });
  } else choose(button.dataset);
});

const task = byId("task");
const groups = [...document.querySelectorAll("[data-task]")];
function pick() { for (const group of groups) group.hidden = group.dataset.task !== task.value; }
if (task) {
  task.addEventListener("input", pick);
  pick();
}
filter();
