// Keys that work everywhere. Physical keys are read (event.code), so that letters mean the same under
// Cyrillic, Hangul and Persian layouts. An element says by data-key which key presses it, by data-row-key which one
// does while its row or card has the focus. Whoever handles a key itself listens to "shortcut" and prevents it.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const STEPS = { KeyJ: 1, ArrowDown: 1, KeyK: -1, ArrowUp: -1 };
const NEXT_LETTER_MS = 1500;
let goingUntil = 0;
const isTyping = (event) => event.isComposing || event.keyCode === 229 || event.target.closest?.(TYPING);

function press(selector, part = document) {
  const found = part?.querySelector(selector);
  found?.matches("select, [type=search], section") ? found.focus() : found?.click();
  found?.select?.();
  return Boolean(found);
}

function go(code) {
  goingUntil = code === "KeyG" ? performance.now() + NEXT_LETTER_MS : 0;
  return press(`.places [data-go="${CSS.escape(code)}"]`);
}

// From row to row, from card to card of a column; to the first one if none has the focus yet.
function walk(target, by) {
  const here = target.closest?.(".row, .card");
  if (!here && !target.matches("body, main, #today *")) return false;
  const all = [...(here?.closest(".cards") ?? document).querySelectorAll(".row, .card")];
  const next = here ? all[all.indexOf(here) + by] : all[0];
  next?.querySelector(".row-link, .card-link").focus();
  return all.length > 0;
}

function closeTop() {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return press("#popup [data-call]:not([hidden]) [data-close], #drawer [data-close-drawer]");
  menu.open = false;
  menu.querySelector("summary").focus();
  return true;
}

function answered(event) {
  const { target, code, shiftKey } = event;
  if (event.altKey) return code === "KeyA" && !event.ctrlKey && press("#popup section[data-call]");
  if (event.ctrlKey || event.metaKey) return code === "KeyZ" && !shiftKey && press("[data-undo]");
  if (/^(Key|Digit|Slash)/.test(code) && document.body.dataset.letters) return false;
  if (code === "KeyG" || performance.now() < goingUntil) return go(code);
  if (code === "Escape") return closeTop();
  if (code === "Slash" && shiftKey) return document.getElementById("keys-help").showModal() ?? true;
  const shortcut = new CustomEvent("shortcut", { bubbles: true, cancelable: true, detail: { code, shiftKey } });
  if (!target.dispatchEvent(shortcut)) return true;
  if (code in STEPS) return walk(target, STEPS[code]);
  const key = CSS.escape(code);
  return press(`[data-row-key="${key}"]`, target.closest?.(".row, .card")) || press(`[data-key="${key}"]`);
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog:modal")) return;
  const isFree = event.altKey || !isTyping(event);
  if (isFree && answered(event)) event.preventDefault();
  else if (!isFree && event.code === "Escape") {
    (event.target.closest("[tabindex]") ?? document.getElementById("main")).focus({ preventScroll: true });
  }
});
