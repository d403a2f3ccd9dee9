// SPDX-License-Identifier: Apache-2.0
// Numbers, times and addresses as people read them.
import { h } from "./dom.js";

export function number(value) {
  return Number(value ?? 0).toLocaleString("en-US");
}

export function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = Number(bytes ?? 0), unit = 0;
  while (value >= 1024 && unit + 1 < units.length) {
    value /= 1024;
    ++unit;
  }
  return (unit ? value.toFixed(1) : value) + " " + units[unit];
}

// 90061 → "1 d 1 h"
export function span(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0 s";
  const [length, name] = parts[first];
  const rest = Math.floor((seconds % length) / (parts[first + 1]?.[0] ?? 1));
  const next = parts[first + 1];
  return Math.floor(seconds / length) + " " + name + (next && rest && first < 2 ? " " + rest + " " + next[1] : "");
}

// "2026-11-23T09:35:55.123Z" → "2026-11-23 09:35:55"
export function utc(time, end = 19) {
  return time ? time.slice(0, end).replace("T", " ") : "–";
}

// How far a time is away; the time itself stands in its title.
export function away(time) {
  if (!time) return "–";
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  const text = seconds > 0 ? "in " + span(seconds) : span(-seconds) + " ago";
  return h("time", { datetime: time, title: utc(time) + " UTC" }, text);
}

export function sender(address) {
  return address === "" ? "<>" : address;
}

const kinds = {
  active: "good", flowing: "good", delivered: "good", idle: "", due: "good", waiting: "", done: "good",
  held: "warn", full: "warn", rate: "warn", suspended: "warn", deferred: "warn", down: "bad", bounced: "bad",
  expired: "bad", deleted: "bad", rejected: "bad",
};
export function state(word) {
  return h("span", { class: "state " + (kinds[word] ?? "") }, word);
}
