// SPDX-License-Identifier: Apache-2.0
// How the daemon is, now and in the last minutes.
import { get } from "./api.js";
import { Chart } from "./chart.js";
import { h, link, renew, table } from "./dom.js";
import { number, size, span, state } from "./format.js";
import { entry } from "./log_line.js";

export const title = "Overview";

const seconds = 2;
const busiest_every = 3;  // times: they are counted anew at each look
const lines_shown = 12;

// What an administrator must know now.
function worries(status, busiest) {
  const all = [];
  const worry = (kind, ...words) => all.push(h("p", { class: "alert " + kind }, words));
  if (!status.healthy) worry("bad", "The spool failed: no mail is acknowledged. See the log.");
  if (status.spool.quarantined) worry("bad", number(status.spool.quarantined), " damaged parts of the spool are in quarantine.");
  if (status.queue.audit.errors) worry("bad", "The queue had forgotten messages; the audit put them back: ", number(status.queue.audit.errors), ".");
  for (const one of status.tls.certificates) {
    const wrong = one.out_of_date ?? one.error ?? one.staple_error;
    if (wrong) worry("bad", link("certificates", {}, one.subject || one.file), ": ", wrong);
  }
  for (const one of status.accounts.stopped) worry("bad", "The account ", one.name, " was stopped: ", one.reason);
  for (const one of status.dns_lists ?? []) if (one.reason) worry("warn", "The list ", one.zone, " is not asked: ", one.reason);
  if (busiest.down) worry("warn", link("destinations", {}, number(busiest.down), busiest.down === 1 ? " destination is" : " destinations are", " down."));
  if (busiest.suspended) worry("warn", link("destinations", {}, number(busiest.suspended), busiest.suspended === 1 ? " destination is" : " destinations are", " suspended."));
  if (status.history.lost) worry("warn", number(status.history.lost), " events are missing in the history: the disk was too slow.");
  return all;
}

function figures(status) {
  const figure = (name, value, more) => h("div", { class: "figure" }, h("dt", {}, name), h("dd", {}, h("b", {}, value), h("span", {}, more)));
  const queue = status.queue;
  const of = (word) => [link("queue", { state: word }, number(queue[word]), " ", word), " "];
  return [
    figure("Daemon", status.healthy ? "healthy" : "failed", [status.version, ", up ", span(status.uptime)]),
    figure("Messages waiting", link("queue", {}, number(queue.messages)), ["waiting", "due", "active", "held"].map(of)),
    figure("Connections", number(status.connections.in + status.connections.out), [number(status.connections.in), " in, ", number(status.connections.out), " out"]),
    figure("Spool", size(status.spool.bytes_live), [size(status.spool.bytes_used), " on disk, ", number(status.spool.segments), " segments"]),
  ];
}

// Of what came between two answers; null where nothing did.
function quantile(before, after, part) {
  const counts = after.counts.map((count, i) => count - before.counts[i]);
  const wanted = counts.reduce((sum, count) => sum + count, 0) * part;
  if (!wanted) return null;
  for (let i = 0, seen = 0; i < counts.length; ++i) {
    seen += counts[i];
    if (seen >= wanted) return (after.bounds[i] ?? after.bounds.at(-1)) * 1000;
  }
  return null;
}

const charts_of = () => ({
  flow: new Chart("Mail", "messages/s", [["in", "first"], ["out", "second"]]),
  trouble: new Chart("Trouble", "a second", [["deferred", "warn"], ["bounced", "bad"], ["refused", "third"]]),
  queue: new Chart("Queue", "deliveries", [["waiting", "first"], ["due", "warn"], ["active", "second"]]),
  accept: new Chart("Final dot to 250", "ms, at most", [["half of them", "first"], ["99 of 100", "warn"]]),
});

function draw(charts, before, now, elapsed) {
  const rate = (...names) => names.reduce((sum, name) => sum + now.totals[name] - before.totals[name], 0) / elapsed;
  charts.flow.add([rate("accepted"), rate("delivered")]);
  charts.trouble.add([rate("deferred"), rate("bounced", "expired"), rate("rejected", "put_off")]);
  charts.queue.add([now.queue.waiting, now.queue.due, now.queue.active]);
  charts.accept.add([quantile(before.accept_time, now.accept_time, 0.5), quantile(before.accept_time, now.accept_time, 0.99)]);
}

function busiest_table(busiest) {
  return table("Busiest destinations", [
    { name: "Destination", of: (row) => link("queue", {}, row.name), class: "wide" },
    { name: "Due", of: (row) => number(row.due), class: "number" },
    { name: "Active", of: (row) => number(row.active), class: "number" },
    { name: "Waiting", of: (row) => number(row.waiting), class: "number" },
    { name: "Held", of: (row) => number(row.held), class: "number" },
    { name: "Connections", of: (row) => number(row.connections), class: "number" },
    { name: "State", of: (row) => (row.down ? state("down") : "") },
  ], busiest.destinations.slice(0, 10), "Nothing is queued.");
}

export async function show(page, query, life) {
  const alerts = h("div", { "aria-live": "polite" });
  const facts = h("dl", { class: "figures" });
  const busy = h("div");
  const lines = h("ol", { class: "lines last" });
  const charts = charts_of();
  page.append(alerts, facts,
    h("section", { class: "charts", "aria-label": "Charts" }, Object.values(charts).map((chart) => chart.element)),
    h("section", {}, h("h2", {}, "Busiest destinations"), busy),
    h("section", {}, h("h2", {}, link("log", {}, "Log")), lines));
  const ask = (path, query) => get(path, query, life.signal);
  let before = null, at = 0, busiest = null, round = 0;
  await life.every(seconds, async () => {
    const [status, log] = await Promise.all([ask("/v1/status"), ask("/v1/log", { level: "info", limit: lines_shown })]);
    const now = performance.now();
    if (round++ % busiest_every === 0) busiest = await ask("/v1/busiest");
    renew(alerts, worries(status, busiest));
    renew(facts, figures(status));
    renew(busy, busiest_table(busiest));
    renew(lines, log.lines.map(entry));
    // After a restart of the daemon its counts begin anew.
    if (before && status.uptime >= before.uptime) draw(charts, before, status, (now - at) / 1000);
    [before, at] = [status, now];
  });
}
