// SPDX-License-Identifier: Apache-2.0
// The messages that wait: filters, pages, and what may be done to them.
import { get, may } from "./api.js";
import { button, field, h, link, notice, place, renew, table, values_of } from "./dom.js";
import { away, number, sender, size, state } from "./format.js";
import { change, change_all, verbs } from "./messages.js";

export const title = "Queue";

const page_length = 50;
const filters = ["sender", "recipient", "destination", "state", "older"];

function filter_form(query) {
  const form = h("form", { class: "filter" },
    field("Sender", { name: "sender", placeholder: "news@*, <>" }),
    field("Recipient", { name: "recipient", placeholder: "bob@*" }),
    field("Destination", { name: "destination", placeholder: "example.com" }),
    field("State", { name: "state" }, [["", "any"], ["waiting", "waiting"], ["due", "due"], ["active", "active"], ["held", "held"]]),
    field("Older than", { name: "older", placeholder: "2h" }),
    h("p", { class: "actions" }, h("button", { type: "submit" }, "Show"), link("queue", {}, "All")));
  for (const name of filters) form.elements[name].value = query[name] ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = place("queue", values_of(form));
  });
  return form;
}

function recipients(message) {
  const more = message.recipients_waiting - Math.min(3, message.recipients.length);
  return [message.recipients.slice(0, 3).join(", ") || "–", more > 0 ? ` and ${number(more)} more` : ""];
}

function columns(chosen) {
  const all = [
    { name: "Message", of: (row) => link("message/" + row.id, {}, h("code", {}, row.id)) },
    { name: "State", of: (row) => state(row.state) },
    { name: "Sender", of: (row) => sender(row.sender), class: "wide" },
    { name: "Recipients", of: recipients, class: "wide" },
    { name: "Size", of: (row) => size(row.size), class: "number" },
    { name: "Accepted", of: (row) => away(row.accepted), class: "number" },
    { name: "Tries", of: (row) => number(row.attempts), class: "number" },
    { name: "Next", of: (row) => away(row.next_attempt), class: "number" },
    { name: "Last reply", of: (row) => row.last_reply ?? "", class: "reply" },
  ];
  const choice = {
    name: "", class: "choice", card: "Choose",
    of: (row) => h("input", {
      type: "checkbox", "aria-label": "Choose " + row.id, checked: chosen.has(row.id),
      onchange: (event) => chosen[event.target.checked ? "add" : "delete"](row.id),
    }),
  };
  return may("queue") ? [choice, ...all] : all;
}

export async function show(page, query, life) {
  const filter = Object.fromEntries(filters.filter((name) => query[name]).map((name) => [name, query[name]]));
  const chosen = new Set();
  const rows = h("div", { "aria-live": "off" });
  const tell = h("p", { class: "hint", role: "status" });
  const more = h("p", { class: "actions" });

  const draw = async () => {
    const found = await get("/v1/queue", { ...filter, limit: page_length, after: query.after }, life.signal);
    renew(rows, table("Messages in the queue", columns(chosen), found.messages,
      Object.keys(filter).length ? "No such message is in the queue." : "The queue is empty."));
    renew(more, query.after ? link("queue", filter, "First page") : "",
      found.next ? link("queue", { ...filter, after: found.next }, "Next page") : "");
  };
  const again = async (work) => {
    try {
      const said = await work();
      if (!said) return;
      chosen.clear();
      rows.querySelectorAll("input").forEach((box) => (box.checked = false));
      tell.textContent = "";
      await draw();
      notice(said);
    } catch (error) {
      if (!life.signal.aborted) notice(error.message, "bad");
    }
  };
  const of_chosen = (verb) => again(() => {
    if (chosen.size) return change(verb, [...chosen]);
    notice("Choose messages first.");
    return "";
  });
  const of_all = (verb) => again(() => change_all(verb, filter, (count) => (tell.textContent = number(count) + " messages so far")));

  page.append(filter_form(query));
  if (may("queue")) {
    page.append(
      h("p", { class: "actions", role: "group", "aria-label": "Orders about the chosen messages" },
        h("span", {}, "Chosen:"),
        button("Choose this page", () => {
          rows.querySelectorAll("input[type=checkbox]").forEach((box) => box.checked || box.click());
        }),
        Object.entries(verbs).map(([verb, { name }]) => button(name, () => of_chosen(verb), { "data-verb": verb }))),
      h("details", { class: "all" },
        h("summary", {}, Object.keys(filter).length ? "All that the filter means …" : "All messages of the queue …"),
        h("p", { class: "actions", role: "group", "aria-label": "Orders about all messages that are meant" },
          Object.entries(verbs).map(([verb, { name }]) => button(name + " all", () => of_all(verb), { "data-all": verb })))));
  }
  page.append(tell, rows, more);
  await draw();
}
