// SPDX-License-Identifier: Apache-2.0
// A line of the log, be it JSON or text, as an entry of a list.
import { h, link } from "./dom.js";

// A line in JSON as one of text, but for values that need no quotes.
function as_text(line) {
  if (!line.startsWith("{")) return line;
  try {
    const { time, level, event, ...fields } = JSON.parse(line);
    const shown = (value) => (/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
    return [time, level, event, ...Object.entries(fields).map(([name, value]) => name + "=" + shown(value))].join(" ");
  } catch {
    return line;
  }
}

export function entry(line) {
  const [time, , event, ...rest] = as_text(line.line).split(" ");
  const id = /^id=([0-9A-HJKMNP-TV-Z]{13})$/.exec(rest[0]);
  if (id) rest.shift();
  return h("li", { class: line.level },
    h("span", { class: "time" }, time.slice(11, 23)), h("span", { class: "level" }, line.level), h("b", {}, event ?? ""),
    h("span", { class: "words" }, id ? [link("message/" + id[1], {}, id[1]), " "] : "", rest.join(" ")));
}
