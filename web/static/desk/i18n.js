// Texts in the reader's language. The English text is the key, as in gettext; web/i18n.py finds the calls of t, tn and
// tp (context first) in our scripts by their form: literals in double quotes, no escapes, no pieces.

const root = document.documentElement;
export const language = root.lang || "en";
export const zone = root.dataset.tz || Intl.DateTimeFormat().resolvedOptions().timeZone;

let texts = {};
const plural = new Intl.PluralRules(language);

// The forms as the catalogues order them; an engine that knows Hebrew "many" falls to the last form, as it must.
const FORMS = { he: ["one", "two"], ru: ["one", "few"], en: ["one"] }[language] || ["one"];

export async function load(url = root.dataset.texts || `/i18n/${language}.json`) {
  try {
    const answer = await fetch(url);
    if (answer.ok) texts = (await answer.json()).texts || {};
  } catch {
    texts = {}; // English is better than nothing on a desk
  }
}

export function use(given) {
  texts = given;
}

// Values go into plain text: each stands in an isolate of its own, so that a name never turns the sentence around.
function fill(text, values) {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? `\u2068${values[key]}\u2069` : whole));
}

export function t(text, values) {
  return fill(texts[text] || text, values);
}

export function tn(one, other, n, values) {
  const forms = texts[one] || [one, other];
  const at = FORMS.indexOf(plural.select(n));
  return fill(forms[at < 0 ? forms.length - 1 : Math.min(at, forms.length - 1)], { n, ...values });
}

export function tp(context, text, values) {
  return fill(texts[`${context}\u0004${text}`] || text, values);
}

// The same for values that are elements: the text in pieces, for a template.
export function parts(text, values) {
  return text.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? (values[piece] ?? "") : piece));
}
