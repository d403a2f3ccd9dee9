// SPDX-License-Identifier: Apache-2.0
// One message: what happened to it, word for word, and what happens next.
import { get, may } from "./api.js";
import { button, h, link, notice, renew, table } from "./dom.js";
import { away, number, sender, size, state, utc } from "./format.js";
import { change, verbs } from "./messages.js";

export const title = "Message";

function facts(message) {
  const client = message.client;
  const all = [
    ["State", state(message.state)], ["Sender", sender(message.sender)], ["Size", size(message.size)],
    ["Accepted", [utc(message.accepted), " (", away(message.accepted), ")"]],
    ["From", [client.address ?? "–", client.hello ? ` (${client.hello})` : "", client.account ? `, account ${client.account}` : "", client.protocol ? `, ${client.protocol}` : ""]],
    ["TLS", message.tls], ["Priority", message.priority || null], ["Released", message.release && utc(message.release)],
    ["Envelope id", message.envid],
  ];
  return h("dl", { class: "facts" }, all.filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function next(message) {
  return h("section", {}, h("h2", {}, "What happens next"),
    table("Destinations", [
      { name: "Destination", of: (row) => link("route", { why: row.name }, row.name), class: "wide" },
      { name: "State", of: (row) => state(row.state) },
      { name: "Tries", of: (row) => number(row.attempts), class: "number" },
      { name: "Next", of: (row) => away(row.next_attempt), class: "number" },
      { name: "Why", of: (row) => row.reason ?? "", class: "reply" },
    ], message.destinations, "Nothing more is to be delivered."),
    h("h2", {}, "Recipients"),
    table("Recipients", [
      { name: "Recipient", of: (row) => [row.address, row.original ? h("small", {}, " for ", row.original) : ""], class: "wide" },
      { name: "State", of: (row) => state(row.state) },
      { name: "Class", of: (row) => row.class ?? "" },
      { name: "Last reply", of: (row) => row.last_reply ?? "", class: "reply" },
    ], message.recipients, "It has no recipients."));
}

const apart = ["time", "event", "transcript", "id", "level"];

function transcript(lines, open) {
  const signs = { we: ">", peer: "<", note: "*" };
  return h("details", { open }, h("summary", {}, "Transcript, ", number(lines.length), " lines"),
    h("ol", { class: "transcript" }, lines.map((line) => h("li", { class: line.who },
      h("span", { class: "time" }, (line.ms / 1000).toFixed(3)),
      h("span", { class: "sign", "aria-label": line.who }, signs[line.who]), h("span", { class: "words" }, line.text)))));
}

function event_entry(event, id, open) {
  const fields = Object.entries(event).filter(([name, value]) => !apart.includes(name) && value !== "");
  if (event.id && event.id !== id) fields.unshift(["id", event.id]);
  return h("li", {},
    h("p", {}, h("time", { class: "time", datetime: event.time }, utc(event.time, 23)), " ", state(event.event)),
    h("dl", { class: "fields" }, fields.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {},
      ["new_id", "from_id", "about", "id"].includes(name) ? link("message/" + value, {}, value) : String(value))))),
    event.transcript ? transcript(event.transcript, open) : null);
}

export async function show(page, query, life, [id]) {
  const head = h("div"), orders = h("p", { class: "actions", role: "group", "aria-label": "Orders about this message" });
  const story = h("ol", { class: "timeline" });
  page.append(h("p", { class: "id" }, h("code", {}, id)), orders, head, h("section", {}, h("h2", {}, "What happened"), story));
  let seen = "";

  const draw = async () => {
    const trace = await get("/v1/trace/" + encodeURIComponent(id), {}, life.signal);
    const text = JSON.stringify(trace);
    if (text === seen) return;
    seen = text;
    const was_open = [...story.children].map((entry) => entry.querySelector("details")?.open ?? false);
    renew(head, trace.message
      ? [facts(trace.message), next(trace.message)]
      : h("p", { class: "none" }, "Nothing more happens: every recipient is settled."));
    const last_attempt = trace.events.findLastIndex((event) => event.transcript);
    renew(story, trace.events.length
      ? trace.events.map((event, i) => event_entry(event, id, was_open[i] ?? i === last_attempt))
      : h("li", { class: "none" }, "The history does not know this message; the queue does."));
    renew(orders, trace.message && may("queue")
      ? Object.entries(verbs).map(([verb, { name }]) => button(name, () => order(verb), { "data-verb": verb })) : []);
  };
  const order = async (verb) => {
    try {
      const said = await change(verb, [id]);
      if (!said) return;
      await draw();
      notice(said);
    } catch (error) {
      if (!life.signal.aborted) notice(error.message, "bad");
    }
  };
  await draw();
  await life.wait(3);
  await life.every(3, draw);
}
