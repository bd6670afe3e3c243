// Words for the stable codes that the server sends: why something did not happen, how a call ended, what a chip says.

import { language, t, tp } from "./i18n.js";

const PROBLEMS = {
  agent_no_answer: () => t("Your phone was not answered"),
  action_refused: () => t("The exchange refused this"),
  action_timeout: () => t("The exchange did not answer in time"),
  busy: () => t("Line busy"),
  consult_failed: () => t("The consultation did not begin. You are with the customer."),
  consult_over: () => t("Nobody answered the consultation. You are with the customer again."),
  customer_gone: () => t("The customer hung up"),
  invalid_number: () => t("This is not a valid phone number"),
  link_down: () => t("No link to the PBX"),
  no_answer: () => t("No answer"),
  not_answered_yet: () => t("The colleague has not answered yet"),
  no_phone: () => t("No phone is assigned to you"),
  nobody_talks: () => t("The agent is not in a call now"),
  other_exchange: () => t("Your phone is at another exchange"),
  own_phone_busy: () => t("Your phone is busy"),
  phone_unreachable: () => t("Phone not registered"),
  refused: () => t("The call was refused"),
  wrong_moment: () => t("This is not possible at this moment of the call"),
};
const RESULTS = {
  abandoned: () => tp("call result", "Abandoned"),
  agent_no_answer: () => tp("call result", "Rang at the agent, no answer"),
  answered: () => tp("call result", "Answered"),
  busy: () => t("Line busy"),
  cancelled: () => tp("call result", "Canceled"),
  dropped: () => tp("call result", "Dropped"),
  failed: () => tp("call result", "Failed"),
  no_answer: () => t("No answer"),
  voicemail: () => t("Voicemail"),
};
const STATUSES = { lead: () => t("Lead"), prospect: () => t("Prospect"), former: () => t("Former customer") };
export const STATES = {
  ready: () => t("Ready"),
  paused: () => t("Paused"),
  ringing: () => t("Ringing"),
  talking: () => t("Talking"),
  hold: () => t("On hold"),
  consulting: () => t("Consulting"),
  wrapup: () => t("Wrapping up"),
  offline: () => t("Signed out"),
};

const names = new Intl.DisplayNames([language], { type: "language", fallback: "code" });

export function problem(code, field) {
  if (code === "invalid" && field === "number") return t("This is not a valid phone number");
  return PROBLEMS[code]?.() ?? "";
}

export const result = (code) => RESULTS[code]?.() ?? "";

export function chip({ kind, text }) {
  if (kind === "language" && /^[a-z]{2,3}$/.test(text)) return names.of(text);
  return (kind === "status" && STATUSES[text]?.()) || text;
}
