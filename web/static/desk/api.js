// Calls to the server. An error is a text in the user's language; a command is never sent twice.

import { t } from "./i18n.js";
import { store } from "./store.js";
import { problem } from "./words.js";

export class Refused extends Error {
  constructor(status, { code = "error", message = "", field = null } = {}, body = {}) {
    super(problem(code, field) || message || t("The command did not get through. Try again."));
    Object.assign(this, { status, code, field, body });
  }
}

export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new Refused(0, { code: "offline", message: t("There is no connection to the server.") });
  }
  const version = answer.headers.get("X-Callcenter-Version");
  if (version) store.dispatch("version", { version });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Refused(answer.status, said.error, said);
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const callPath = (id, what) => `/calls/${encodeURIComponent(id)}/${what}`;
