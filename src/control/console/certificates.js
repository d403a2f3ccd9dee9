// SPDX-License-Identifier: Apache-2.0
// Our certificates, and what TLS came to with others.
import { get } from "./api.js";
import { h, table } from "./dom.js";
import { away, number, utc } from "./format.js";

export const title = "Certificates";

const looked_at = 1000;

function peers_of(messages) {
  const peers = new Map();
  for (const { relay, tls, time } of messages) {
    if (!relay?.includes("[")) continue;  // filed here
    const key = relay + "\n" + tls;
    const peer = peers.get(key) ?? { relay, tls, count: 0, last: time };
    ++peer.count;
    peers.set(key, peer);
  }
  return [...peers.values()].sort((a, b) => b.count - a.count);
}

// Of the one that the daemon gets for itself.
function ordered(acme) {
  if (!acme) return [];
  const next = acme.ordering ? "an order is under way" : ["the next order is made ", utc(acme.next), " (", away(acme.next), ")"];
  return [h("section", {}, h("h2", {}, "Ordered by the daemon itself"),
    h("p", {}, acme.names.join(", "), ", from ", h("code", {}, acme.directory), " (", acme.challenge, "): ", next, "."),
    ...(acme.error ? [h("p", {}, "The last order failed ", utc(acme.failed), ": ", acme.error)] : []))];
}

export async function show(page, query, life) {
  const [status, sent] = await Promise.all([get("/v1/status", {}, life.signal),
    get("/v1/history", { outcome: "delivered", limit: looked_at }, life.signal)]);
  page.append(
    table("Certificates", [
      { name: "Subject", of: (row) => row.subject || "–", class: "wide" },
      { name: "Names", of: (row) => row.names.join(", "), class: "wide" },
      { name: "Valid until", of: (row) => (row.expires ? [utc(row.expires), " (", away(row.expires), ")"] : "–") },
      { name: "OCSP response until", of: (row) => utc(row.staple_until) },
      { name: "File", of: (row) => h("code", {}, row.file), class: "wide" },
      { name: "Trouble", of: (row) => [row.out_of_date, row.error, row.staple_error].filter(Boolean).join("; ") || "none", class: "reply" },
    ], status.tls.certificates, "There is no certificate: nothing is encrypted, and nobody can log in."),
    ...ordered(status.tls.acme),
    h("section", {}, h("h2", {}, "Others, of the last ", number(looked_at), " messages delivered"),
      table("TLS with other hosts", [
        { name: "Host", of: (row) => row.relay, class: "wide" },
        { name: "TLS", of: (row) => row.tls || "none" },
        { name: "Messages", of: (row) => number(row.count), class: "number" },
        { name: "Last", of: (row) => away(row.last), class: "number" },
      ], peers_of(sent.messages), "Nothing was delivered to other hosts.")));
}
