// SPDX-License-Identifier: Apache-2.0
// Signing in, and which page is shown: "#/queue?state=held" is page "queue" with its query.
import { forget, has_token, sign_in } from "./api.js";
import { h, link, notice, place } from "./dom.js";
import { Life } from "./poll.js";
import * as certificates from "./certificates.js";
import * as configuration from "./configuration.js";
import * as destinations from "./destinations.js";
import * as history from "./history.js";
import * as log from "./log.js";
import * as message from "./message.js";
import * as overview from "./overview.js";
import * as queue from "./queue.js";
import * as route from "./route.js";

// Each has a `title`, and show(page, query, life, words), which fills the page.
const pages = { overview, queue, history, destinations, route, configuration, certificates, log, message };
const in_menu = Object.keys(pages).filter((name) => name !== "message");

const main = document.getElementById("main");
const head = document.getElementById("top");
const nav = document.getElementById("nav");
let life = new Life();

function show() {
  if (!has_token()) return show_sign_in();
  life.end();
  life = new Life();
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...words] = path.split("/");
  const page = pages[name] ?? pages.overview;
  head.hidden = false;
  nav.replaceChildren(...in_menu.map((each) => {
    const entry = link(each, {}, pages[each].title);
    if (pages[each] === page) entry.setAttribute("aria-current", "page");
    return entry;
  }));
  const title = h("h1", { tabindex: "-1" }, page.title);
  const content = h("div", { class: "page " + name });
  main.replaceChildren(title, content);
  document.title = page.title + " – Godwit";
  title.focus({ preventScroll: true });
  scrollTo(0, 0);
  const mine = life;
  Promise.resolve(page.show(content, Object.fromEntries(new URLSearchParams(query)), mine, words))
    .catch((error) => mine.signal.aborted || content.append(h("p", { class: "alert bad" }, error.message)));
}

function show_sign_in(why = "") {
  life.end();
  head.hidden = true;
  document.title = "Sign in – Godwit";
  const token = h("input", { id: "token", type: "password", required: true, autocomplete: "current-password" });
  const said = h("p", { class: "alert bad", role: "alert", hidden: !why }, why);
  const form = h("form", { class: "sign-in" },
    h("h1", {}, "Godwit"), h("label", { for: "token" }, "Token"), token, said,
    h("button", { type: "submit" }, "Sign in"),
    h("p", { class: "hint" }, "What stands in a file of control.tokens. It is kept until this tab is closed."));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.hidden = true;
    try {
      await sign_in(token.value.trim());
      show();
    } catch (error) {
      forget();
      said.textContent = error.status === 401 ? "There is no such token."
        : error.status === 403 ? "This token does not open reading." : error.message;
      said.hidden = false;
      token.select();
    }
  });
  main.replaceChildren(form);
  token.focus();
}

// What is a message id, an address, or else a destination.
function find(what) {
  if (/^[0-9a-hjkmnp-tv-z]{13}$/i.test(what)) return place("message/" + what.toUpperCase());
  return what.includes("@") ? place("history", { address: what }) : place("queue", { destination: what });
}

document.getElementById("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const what = document.getElementById("find-what").value.trim();
  if (what) location.hash = find(what);
});
document.getElementById("leave").addEventListener("click", () => {
  forget();
  show_sign_in();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
addEventListener("signed-out", () => document.querySelector(".sign-in") ?? show_sign_in("The token does not count any more."));

if (has_token()) {
  sign_in().then(show, (error) => (has_token() ? notice(error.message, "bad") : null, show()));
} else {
  show_sign_in();
}
