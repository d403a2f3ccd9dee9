// SPDX-License-Identifier: Apache-2.0
// Where mail goes: its state, and why it waits.
import { get, may, post } from "./api.js";
import { button, confirmed, field, h, link, notice, renew, table } from "./dom.js";
import { away, number, state } from "./format.js";

export const title = "Destinations";

async function suspend(name) {
  const said = await confirmed(name ? `Suspend delivery to ${name}?` : "Suspend all delivery?",
    "Mail is still accepted, and waits.", "Suspend",
    [field("For (empty: until it is resumed)", { name: "for", placeholder: "2h" }), field("Reason", { name: "reason", maxlength: 500 })]);
  if (!said) return false;
  await post("/v1/delivery/suspend", { destination: name, ...said });
  notice(name ? `Delivery to ${name} is suspended.` : "All delivery is suspended.");
  return true;
}

async function resume(name) {
  await post("/v1/delivery/resume", { destination: name });
  notice(name ? `Delivery to ${name} goes on.` : "All delivery goes on.");
  return true;
}

function domains(row) {
  const [first] = row.domains;
  if (!first) return "";
  return [link("queue", { destination: first }, first), row.domain_count > 1 ? ` and ${number(row.domain_count - 1)} more` : ""];
}

function columns(suspensions, act) {
  const all = [
    { name: "Destination", of: (row) => link("route", { why: row.name }, row.name), class: "wide" },
    { name: "State", of: (row) => state(row.state) },
    { name: "Why", of: (row) => row.reason ?? "", class: "reply" },
    { name: "Next", of: (row) => away(row.next), class: "number" },
    { name: "Due", of: (row) => number(row.due), class: "number" },
    { name: "Waiting", of: (row) => number(row.waiting), class: "number" },
    { name: "Held", of: (row) => number(row.held), class: "number" },
    { name: "Connections", of: (row) => `${number(row.connections)} of ${number(row.connections_now)}, at most ${number(row.connections_limit)}`, class: "number" },
    { name: "Rate", of: (row) => row.rate ?? "", class: "number" },
    { name: "Domains", of: domains, class: "wide" },
  ];
  if (!may("queue")) return all;
  const suspended = new Set(suspensions.map((one) => one.destination));
  return [...all, {
    name: "", class: "orders", of: (row) => suspended.has(row.name)
      ? button("Resume", () => act(() => resume(row.name)), { "aria-label": "Resume " + row.name })
      : button("Suspend", () => act(() => suspend(row.name)), { "aria-label": "Suspend " + row.name }),
  }];
}

function suspension_line(one, act) {
  return h("p", { class: "alert warn" },
    one.destination === null ? "All delivery" : ["Delivery to ", h("b", {}, one.destination)], " is suspended",
    one.until ? [", and goes on ", away(one.until)] : " until it is resumed", one.reason ? `: ${one.reason}` : "", " ",
    may("queue") ? button("Resume", () => act(() => resume(one.destination))) : "");
}

export async function show(page, query, life) {
  const head = h("div"), rows = h("div"), more = h("p", { class: "actions" });
  let seen = "";
  const draw = async () => {
    const found = await get("/v1/destinations", { limit: 100, after_name: query.after_name }, life.signal);
    const text = JSON.stringify(found);
    if (text === seen) return;
    seen = text;
    renew(head, found.suspensions.map((one) => suspension_line(one, act)));
    renew(rows, table("Destinations", columns(found.suspensions, act), found.destinations, "Nothing is queued."));
    more.replaceChildren();
    if (query.after_name) more.append(link("destinations", {}, "First page"));
    if (found.next) more.append(link("destinations", { after_name: found.next }, "Next page"));
  };
  const act = async (work) => {
    try {
      if (await work()) await draw();
    } catch (error) {
      if (!life.signal.aborted) notice(error.message, "bad");
    }
  };
  if (may("queue")) {
    const form = h("form", { class: "filter" }, field("Domain or destination", { name: "name", placeholder: "empty: all" }),
      h("p", { class: "actions" }, h("button", { type: "submit" }, "Suspend")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(() => suspend(form.elements.name.value.trim() || undefined));
    });
    page.append(form);
  }
  page.append(head, rows, more);
  await draw();
  await life.wait(3);
  await life.every(3, draw);
}
