// SPDX-License-Identifier: Apache-2.0
// The end of the log, as it grows.
import { get } from "./api.js";
import { field, h } from "./dom.js";
import { entry } from "./log_line.js";

export const title = "Log";

const kept = 500;

export async function show(page, query, life) {
  const list = h("ol", { class: "lines", tabindex: "0", "aria-label": "Lines of the log, the newest last" });
  const form = h("form", { class: "filter" },
    field("Level", { name: "level" }, [["debug", "debug and above"], ["info", "info and above"], ["warn", "warn and error"], ["error", "error"]]),
    field("Has the words", { name: "words", type: "search" }),
    h("p", { class: "actions" }, h("label", {}, h("input", { type: "checkbox", name: "follow", checked: true }), " Follow")));
  let after = 0, level = "", lines = [];
  form.elements.level.value = query.level ?? "info";
  const has_words = (line) => line.line.toLowerCase().includes(form.elements.words.value.trim().toLowerCase());
  const at_end = () => (list.scrollTop = list.scrollHeight);
  const look = async () => {
    if (level !== form.elements.level.value) {
      [after, level, lines] = [0, form.elements.level.value, []];
      list.replaceChildren();
    } else if (!form.elements.follow.checked) {
      return;
    }
    const found = await get("/v1/log", { level, limit: kept, after_line: after || undefined }, life.signal);
    after = found.next;
    if (!found.lines.length) return;
    lines = [...lines, ...found.lines].slice(-kept);
    list.append(...found.lines.filter(has_words).map(entry));
    while (list.children.length > kept) list.firstChild.remove();
    if (form.elements.follow.checked) at_end();
  };
  let turn = Promise.resolve();
  const draw = () => (turn = turn.then(look, look));  // one after the other, or lines would come twice
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.level.addEventListener("change", draw);
  form.elements.words.addEventListener("input", () => {
    list.replaceChildren(...lines.filter(has_words).map(entry));
    at_end();
  });
  page.append(form, h("p", { class: "hint" }, "What the daemon has written since its start, as far as it is remembered; log.level says what it writes. Times are UTC."), list);
  await life.every(1, draw);
}
