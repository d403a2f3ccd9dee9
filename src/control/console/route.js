// SPDX-License-Identifier: Apache-2.0
// Where mail to an address would go, and why mail waits; nothing is sent.
import { get } from "./api.js";
import { field, h, link, place, table, values_of } from "./dom.js";
import { away, number, state } from "./format.js";

export const title = "Route tester";

function hosts(way) {
  if (!way.hosts) return null;
  return table("Hosts", [
    { name: "Preference", of: (row) => number(row.preference), class: "number" },
    { name: "Host", of: (row) => row.name, class: "wide" },
    { name: "Addresses", of: (row) => row.addresses.join(", ") || row.why_none || "–", class: "wide" },
    { name: "TLS", of: (row) => [row.tls.level, row.tls.source ? ` (${row.tls.source})` : ""] },
    { name: "Names", of: (row) => row.tls.names.join(", ") },
    { name: "Passed over", of: (row) => row.tls.skip ?? "", class: "reply" },
    { name: "Remark", of: (row) => row.remark ?? "", class: "reply" },
  ], way.hosts, "There are no hosts.");
}

function limits(given) {
  return given && [`${number(given.connections)} connections`, given.rate && `${given.rate} messages`,
    given.messages_per_connection && `${number(given.messages_per_connection)} messages a connection`].filter(Boolean).join(", ");
}

function way_section(way) {
  const facts = [["Recipients", way.recipients.join(", ")], ["Rule", way.rule], ["Route", way.route], ["Next hop", way.next_hop],
    ["Folder", way.maildir], ["Site", way.site], ["Limits", limits(way.limits)], ["Logs in as", way.user], ["Now", way.queued && state(way.queued.state)], ["Waits", way.waits]];
  return h("section", { class: "way" }, h("h2", {}, way.destination),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    hosts(way));
}

function way_answer(found) {
  if (found.refusal) return [h("p", { class: "alert bad" }, "Refused: ", found.refusal)];
  return [h("p", { class: "alert good" }, found.address, found.local ? " is an address of this host." : " is elsewhere."),
    found.steps.length ? h("ul", { class: "steps" }, found.steps.map((step) =>
      h("li", {}, step.address, " → ", step.targets.join(", ") || "nobody", " (", step.by, ")"))) : null,
    found.missing.length ? h("p", { class: "alert warn" }, "Aliases name these, which do not exist: ", found.missing.join(", ")) : null,
    found.ways.map(way_section)];
}

function why_answer(found) {
  return table("Why mail waits", [
    { name: "Destination", of: (row) => row.destination ?? "–", class: "wide" },
    { name: "Site", of: (row) => row.site ?? "", class: "wide" },
    { name: "State", of: (row) => state(row.state) },
    { name: "Why", of: (row) => row.reason ?? "", class: "reply" },
    { name: "Next", of: (row) => away(row.next), class: "number" },
    { name: "Message", of: (row) => (row.id ? link("message/" + row.id, {}, h("code", {}, row.id)) : "") },
    { name: "Last reply", of: (row) => row.last_reply ?? "", class: "reply" },
    { name: "Messages", of: (row) => number(row.messages), class: "number" },
  ], found.waiting, "Nothing waits.");
}

function form_of(query, fields, submit) {
  const form = h("form", { class: "filter" }, fields, h("p", { class: "actions" }, h("button", { type: "submit" }, submit)));
  for (const element of form.elements) if (element.name) element.value = query[element.name] ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = place("route", values_of(form));
  });
  return form;
}

export async function show(page, query, life) {
  const answer = h("div", { "aria-live": "polite" });
  page.append(
    h("h2", {}, "Where would mail go?"),
    form_of(query, [field("Recipient", { name: "address", placeholder: "bob@example.com", required: true }),
      field("Sender (empty: the null sender)", { name: "sender" })], "Find the route"),
    h("h2", {}, "Why does mail wait?"),
    form_of(query, [field("Message id, address or destination", { name: "why", required: true })], "Say why"),
    answer);
  if (query.address) answer.append(...way_answer(await get("/v1/route", { address: query.address, sender: query.sender }, life.signal)).flat().filter(Boolean));
  if (query.why) answer.append(h("h2", {}, query.why), why_answer(await get("/v1/why", { name: query.why }, life.signal)));
}
