// Notes being written stay in this browser until the server has them, so that a lost link, a reload or an ended
// session takes no word. They are kept under the person's id; signing out forgets them.
// A field's data-draft is the address that keeps its draft, or a mere name for what lives no longer than its tab.
// `seen` is the server's draft when the writing began: the server takes ours only in place of that one.

const PREFIX = `draft-${document.body.dataset.person}-`;
const PAUSE = 2_000; // after the last key
const timers = new Map();
const storeOf = (name) => (name.startsWith("/") ? localStorage : sessionStorage);
const keptOf = (name) => JSON.parse(storeOf(name).getItem(PREFIX + name));
const keep = (name, draft) => storeOf(name).setItem(PREFIX + name, JSON.stringify(draft));
const forget = (name) => storeOf(name).removeItem(PREFIX + name);
const fields = () => [...document.querySelectorAll("[data-draft]")];

function unsent() {
  const mine = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return mine.map((key) => key.slice(PREFIX.length));
}

async function send(name) {
  const draft = keptOf(name);
  if (!draft) return;
  const request = { method: "POST", body: new URLSearchParams(draft) };
  const status = await fetch(name, request).then((answer) => answer.status, () => 0);
  const latest = keptOf(name); // by now it may be longer, or a note
  // 404: the deal is this person's no more, and takes no note of theirs.
  if (latest && [204, 404].includes(status)) {
    latest.text === draft.text ? forget(name) : keep(name, { ...latest, seen: draft.text });
  }
  for (const field of fields().filter((one) => one.dataset.draft === name)) {
    if (status === 204) field.defaultValue = draft.text;
    field.form.querySelector(".kept-here").hidden = status === 204 || !latest;
  }
}

function restore() {
  for (const field of fields().filter((one) => one.value === one.defaultValue)) {
    const { seen, text } = keptOf(field.dataset.draft) ?? { text: field.value };
    const saved = field.defaultValue;
    if (text === saved) continue;
    // What another device wrote meanwhile stands above what was written here.
    field.value = !saved || saved === seen || text.startsWith(saved) ? text : `${saved}\n${text}`;
    keep(field.dataset.draft, { seen: saved, text: field.value });
  }
}

document.addEventListener("input", ({ target: field }) => {
  const name = field.dataset.draft;
  if (!name) return;
  keep(name, { seen: keptOf(name)?.seen ?? field.defaultValue, text: field.value });
  clearTimeout(timers.get(name));
  if (name.startsWith("/")) timers.set(name, setTimeout(send, PAUSE, name));
});

// A note that was added, by its own form or along with a wrap-up, is no draft any more.
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.response.status >= 400) return;
  for (const field of fields()) {
    const isTaken = field.form === ctx.sourceElement || ctx.sourceElement.matches(`[hx-include~="#${field.id}"]`);
    if (isTaken) forget(field.dataset.draft);
  }
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-forgets]")) return;
  if (unsent().length && !confirm(event.target.dataset.forgets)) return event.preventDefault();
  unsent().forEach(forget);
  sessionStorage.clear();
});

document.addEventListener("htmx:after:swap", restore);
document.body.addEventListener("resync", () => unsent().forEach(send));
restore();
unsent().forEach(send);
