// SPDX-License-Identifier: Apache-2.0
// What happened to messages, also to those that are gone.
import { get } from "./api.js";
import { field, h, link, place, table, values_of } from "./dom.js";
import { state, utc } from "./format.js";

export const title = "History";

const page_length = 50;
const names = ["sender", "recipient", "destination", "message_id", "subject", "outcome", "since", "until"];
const outcomes = ["", "accepted", "delivered", "deferred", "bounced", "expired", "held", "deleted", "discarded"];

function form_of(query) {
  const form = h("form", { class: "filter" },
    field("Sender", { name: "sender", placeholder: "news@*, <>" }),
    field("Recipient", { name: "recipient", placeholder: "bob@*" }),
    field("Destination", { name: "destination", placeholder: "example.com" }),
    field("Message-ID", { name: "message_id", placeholder: "*@example.com" }),
    field("Subject", { name: "subject", placeholder: "*invoice*" }),
    field("Outcome", { name: "outcome" }, outcomes.map((word) => [word, word || "any"])),
    field("Since (UTC)", { name: "since", type: "datetime-local", step: 1 }),
    field("Until (UTC)", { name: "until", type: "datetime-local", step: 1 }),
    h("p", { class: "actions" }, h("button", { type: "submit" }, "Search")));
  for (const name of names) form.elements[name].value = query[name] ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = place("history", values_of(form));
  });
  return form;
}

// "2026-11-23T09:35" → "2026-11-23T09:35:00Z"
function as_time(local) {
  return local && local.padEnd(19, ":00") + "Z";
}

const columns = [
  { name: "Time (UTC)", of: (row) => utc(row.time) },
  { name: "Message", of: (row) => link("message/" + row.id, {}, h("code", {}, row.id)) },
  { name: "Event", of: (row) => state(row.event) },
  { name: "From", of: (row) => row.from ?? "", class: "wide" },
  { name: "To", of: (row) => row.to ?? "", class: "wide" },
  { name: "Relay", of: (row) => row.relay ?? "", class: "wide" },
  { name: "Reply", of: (row) => row.reply ?? row.reason ?? "", class: "reply" },
];

async function search(query, signal) {
  const asked = { ...query, since: as_time(query.since), until: as_time(query.until), limit: page_length };
  delete asked.address;
  if (!query.address) return get("/v1/history", asked, signal);
  // An address is looked for on both sides.
  const [sent, received] = await Promise.all([get("/v1/history", { ...asked, sender: query.address }, signal),
    get("/v1/history", { ...asked, recipient: query.address }, signal)]);
  const messages = new Map([...sent.messages, ...received.messages].map((message) => [message.id, message]));
  return {
    messages: [...messages.values()].sort((a, b) => (a.time < b.time ? 1 : -1)),
    searched_back_to: [sent.searched_back_to, received.searched_back_to].filter(Boolean).sort().at(-1) ?? null,
  };
}

export async function show(page, query, life) {
  const found = h("div");
  page.append(form_of(query), query.address ? h("p", {}, "Mail from or to ", h("b", {}, query.address)) : "", found);
  const result = await search(query, life.signal);
  found.append(table("Messages", columns, result.messages, "No such message is in the history."));
  if (result.searched_back_to) found.append(h("p", { class: "hint" }, "There may be more before ", utc(result.searched_back_to), "."));
}
