// SPDX-License-Identifier: Apache-2.0
// What may be done to messages in the queue, one by one or all that are meant.
import { post } from "./api.js";
import { confirmed, field, notice } from "./dom.js";
import { number } from "./format.js";

export const verbs = {
  retry: { name: "Retry", past: "tried now" },
  hold: { name: "Hold", past: "held" },
  release: { name: "Release", past: "released" },
  bounce: { name: "Bounce", past: "returned to the sender", warns: "Senders get a report that it was not delivered." },
  delete: { name: "Delete", past: "deleted", warns: "Nobody is told, and nothing brings it back." },
};

// The query of an order, once it is confirmed where that is needed; null: it is not.
async function order(verb, what, asks) {
  const { name, warns } = verbs[verb];
  if (!warns && !asks) return {};
  const controls = verb === "bounce" ? [field("Reason, told to senders", { name: "reason", maxlength: 500 })] : [];
  return confirmed(`${name} ${what}?`, warns ?? "It takes effect at once.", name, controls);
}

function told(count, verb) {
  return `${number(count)} ${count === 1 ? "message" : "messages"} ${verbs[verb].past}.`;
}

// What was done, to be said; empty: nothing.
export async function change(verb, ids) {
  const what = ids.length === 1 ? "message " + ids[0] : number(ids.length) + " messages";
  const query = await order(verb, what, false);
  if (!query) return "";
  let done = 0;
  for (const id of ids) {
    try {
      await post(`/v1/queue/${id}/${verb}`, query);
      ++done;
    } catch (error) {
      notice(`${id}: ${error.message}`, "bad");
    }
  }
  return done ? told(done, verb) : "";
}

// Likewise of all that the filter means, page by page; tell(count) as it goes on.
export async function change_all(verb, filter, tell) {
  const all = !Object.keys(filter).length;
  const query = await order(verb, all ? "all messages of the queue" : "all messages that the filter means", true);
  if (!query) return "";
  let count = 0, next = null;
  do {
    const page = await post(`/v1/queue/${verb}`, { ...filter, ...query, all: all || undefined, limit: 1000, after: next });
    count += page.count;
    next = page.next;
    tell(count);
  } while (next);
  return told(count, verb);
}
