// SPDX-License-Identifier: Apache-2.0
// The configuration: what is in force, and what a draft would change.  Files are changed on the host, never from here.
import { get, may, post } from "./api.js";
import { button, confirmed, field, h, notice, table } from "./dom.js";

export const title = "Configuration";

const text_of = (value) => h("code", {}, value === "" ? '""' : value);

// With renew(values), when others are in force.
function values_section(values) {
  const rows = h("div");
  const words = field("Key", { name: "key", type: "search", placeholder: "delivery." });
  const which = field("Show", { name: "which" }, [["set", "not the default"], ["all", "all"]]);
  const form = h("form", { class: "filter" }, words, which);
  const draw = () => {
    const wanted = form.elements.key.value.trim().toLowerCase(), all = form.elements.which.value === "all";
    rows.replaceChildren(table("Values in force", [
      { name: "Key", of: (row) => h("code", {}, row.key), class: "key" },
      { name: "Value", of: (row) => text_of(row.value), class: "reply" },
      { name: "Default", of: (row) => text_of(row.default), class: "reply" },
      { name: "Changed by", of: (row) => (row.needs_restart ? "restart" : "reload") },
    ], values.filter((row) => row.key.includes(wanted) && (all || row.value !== row.default)), "No such key."));
  };
  const renew = (others) => {
    values = others;
    draw();
  };
  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  draw();
  return { section: h("section", {}, h("h2", {}, "In force"), form, rows), renew };
}

function differences(found) {
  return table("What would change", [
    { name: "Key", of: (row) => h("code", {}, row.key), class: "key" },
    { name: "In force", of: (row) => h("del", {}, text_of(row.before)), class: "reply" },
    { name: "Then", of: (row) => h("ins", {}, text_of(row.after)), class: "reply" },
    { name: "Takes effect after a", of: (row) => (row.needs_restart ? "restart" : "reload") },
  ], found.differences, "It is what is in force.");
}

// goes_to(line) moves the cursor of the draft there.
function check_answer(found, file, goes_to) {
  const complaint = (text, kind) => {
    const place = text.startsWith(file + ":") && /^(\d+):/.exec(text.slice(file.length + 1));
    return h("li", { class: "alert " + kind }, text, " ",
      place && goes_to ? button("Go to line " + place[1], () => goes_to(Number(place[1]))) : "");
  };
  return [h("ul", { class: "complaints" }, found.errors.map((text) => complaint(text, "bad")), found.warnings.map((text) => complaint(text, "warn"))),
    found.errors.length
      ? h("p", { class: "alert bad" }, "A reload would refuse it.")
      : [h("p", { class: "alert good" }, "The configuration is right."), differences(found)]];
}

function draft_section(configuration) {
  const answer = h("div", { "aria-live": "polite" });
  const text = h("textarea", { id: "draft", rows: 24, spellcheck: "false", autocapitalize: "off", wrap: "off" });
  text.value = configuration.files.find((file) => file.path === configuration.file)?.text ?? "";
  const goes_to = (line) => {
    const start = text.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = text.value.indexOf("\n", start);
    text.focus();
    text.setSelectionRange(start, end < 0 ? text.value.length : end);
    text.scrollTop = (text.scrollHeight / text.value.split("\n").length) * Math.max(0, line - 8);
  };
  const check = async () => {
    try {
      const found = await post("/v1/configuration/check", {}, text.value);
      answer.replaceChildren(...check_answer(found, configuration.file, goes_to).flat());
    } catch (error) {
      notice(error.message, "bad");
    }
  };
  return h("section", {}, h("h2", {}, "A draft"),
    h("label", { for: "draft" }, "Instead of ", h("code", {}, configuration.file), "; nothing is written to it"), text,
    h("p", { class: "actions" }, button("Check the draft", check)), answer);
}

// reloaded(): another one is in force.
function reload_section(configuration, reloaded) {
  const answer = h("div", { "aria-live": "polite" });
  const run = (work) => async () => {
    try {
      await work();
    } catch (error) {
      if (error.name !== "AbortError") notice(error.message, "bad");
    }
  };
  const check = run(async () => answer.replaceChildren(...check_answer(await post("/v1/configuration/check"), configuration.file).flat()));
  const reload = run(async () => {
    if (!(await confirmed("Reload the configuration?", "The files are applied whole, or, if there is an error, not at all.", "Reload"))) return;
    const done = await post("/v1/reload");
    answer.replaceChildren(...done.errors.map((text) => h("p", { class: "alert bad" }, text)),
      h("p", { class: "alert " + (done.applied ? "good" : "bad") }, done.applied ? "It is in force." : "It was refused; the present one stays."),
      done.restart_needed.length ? h("p", { class: "alert warn" }, "Only after a restart: ", done.restart_needed.join(", ")) : "");
    if (done.applied) await reloaded();
  });
  return h("section", {}, h("h2", {}, "The files on the host"),
    h("ul", {}, configuration.files.map((file) => h("li", {}, h("code", {}, file.path)))),
    h("p", { class: "actions" }, button("Check the files", check), button("Reload", reload, { class: "danger" })), answer);
}

export async function show(page, query, life) {
  if (!may("admin")) {
    page.append(h("p", { class: "none" }, "A token of scope admin opens the configuration: it may hold passwords of databases."));
    return;
  }
  const configuration = await get("/v1/configuration", {}, life.signal);
  const values = values_section(configuration.values);
  const reloaded = async () => values.renew((await get("/v1/configuration", {}, life.signal)).values);
  page.append(reload_section(configuration, reloaded), draft_section(configuration), values.section);
}
