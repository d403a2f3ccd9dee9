// SPDX-License-Identifier: Apache-2.0
// Elements are made here alone, out of text: what a peer said is never read as HTML.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// A place within the console, as a link: link("queue", {state: "held"}, "held").
export function place(page, query = {}) {
  const words = Object.entries(query).filter(([, value]) => value);
  return "#/" + page + (words.length ? "?" + new URLSearchParams(words) : "");
}
export function link(page, query, ...children) {
  return h("a", { href: place(page, query) }, ...children);
}

export function button(text, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, text);
}

// columns: [{name, of(row) → children, class, card}]; on a phone each row is a card whose lines begin with the columns'
// names, or what they are called there.
export function table(caption, columns, rows, none) {
  if (!rows.length) return h("p", { class: "none" }, none);
  return h("table", {},
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.class }, column.name)))),
    h("tbody", {}, rows.map((row) =>
      h("tr", {}, columns.map((column) => h("td", { class: column.class, "data-name": column.card ?? column.name }, column.of(row)))))));
}

let fields = 0;
// A named field of a form: field("Sender", {name: "sender"}), or with the options of a select: [[value, text]].
export function field(text, attributes, options) {
  const id = "field-" + ++fields;
  const control = options
    ? h("select", { id, ...attributes }, options.map(([value, shown]) => h("option", { value }, shown)))
    : h("input", { id, autocomplete: "off", spellcheck: "false", autocapitalize: "off", ...attributes });
  return h("div", { class: "field" }, h("label", { for: id }, text), control);
}

export function values_of(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
}

// A line that says what was done, or what went wrong; read out where a screen reader listens.
export function notice(text, kind = "") {
  const line = h("p", { class: "notice " + kind }, text);
  document.getElementById("notices").append(line);
  setTimeout(() => line.remove(), kind === "bad" ? 15000 : 6000);
}

// New content in place of the old; what has the focus keeps it, and what is the same stays.
export function renew(container, ...children) {
  const fresh = h("div", {}, ...children);
  const same = fresh.childNodes.length === container.childNodes.length &&
    [...fresh.childNodes].every((node, i) => node.isEqualNode(container.childNodes[i]));
  if (same) return;
  const name_of = (element) => element.getAttribute("href") ?? element.getAttribute("aria-label") ?? element.textContent;
  const focused = container.contains(document.activeElement) && container !== document.activeElement ? name_of(document.activeElement) : null;
  container.replaceChildren(...fresh.childNodes);
  if (focused !== null)
    [...container.querySelectorAll("a, button, input, summary")].find((element) => name_of(element) === focused)?.focus({ preventScroll: true });
}

// Asks before something is done; the values of its form, or null.  `controls` are fields.
export function confirmed(title, text, does, controls = []) {
  return new Promise((resolve) => {
    const form = h("form", { method: "dialog" },
      h("h2", {}, title), h("p", {}, text), controls,
      h("p", { class: "actions" },
        button("Cancel", () => dialog.close()),
        h("button", { type: "submit", class: "danger" }, does)));
    const dialog = h("dialog", { "aria-label": title }, form);
    let given = null;
    form.addEventListener("submit", () => (given = values_of(form)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("input, button").focus();
  });
}
