// SPDX-License-Identifier: Apache-2.0
// The control API.  The token is kept for this tab alone and sent in a header of each request, which a browser never does
// by itself: no other site can make it act for us.

const key = "godwit-token";
let scopes = [];

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(method, path, { query = {}, body, signal } = {}) {
  const words = Object.entries(query).filter(([, value]) => value !== undefined && value !== "" && value !== null);
  const target = path + (words.length ? "?" + words.map(([name, value]) => name + "=" + encodeURIComponent(value)).join("&") : "");
  let answer;
  try {
    answer = await fetch(target, {
      method, body, signal, cache: "no-store", credentials: "omit", redirect: "error",
      headers: { Authorization: "Bearer " + (sessionStorage.getItem(key) ?? "") },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The daemon does not answer.");
  }
  if (answer.status === 401) {
    forget();
    dispatchEvent(new Event("signed-out"));
  }
  return answer;
}

// Gives the JSON of the answer; throws a Refusal.  422: an answer like any other, that says what is wrong.
export async function ask(method, path, options) {
  const answer = await request(method, path, options);
  let value;
  try {
    value = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(answer.status, "The answer was cut short.");
  }
  if (answer.ok || answer.status === 422) return value;
  throw new Refusal(answer.status, value.error ?? "The daemon answered " + answer.status + ".");
}
export const get = (path, query, signal) => ask("GET", path, { query, signal });
export const post = (path, query, body) => ask("POST", path, { query, body });

// ---- who we are

export function has_token() {
  return sessionStorage.getItem(key) !== null;
}
export async function sign_in(token) {
  // No other character can stand in a header.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw new Refusal(401, "This is no token.");
  if (token !== undefined) sessionStorage.setItem(key, token);
  scopes = (await get("/v1/access")).scopes;
}
export function forget() {
  sessionStorage.removeItem(key);
  scopes = [];
}
// read, queue, admin
export function may(scope) {
  return scopes.includes(scope) || scopes.includes("admin");
}
