// Keys that work everywhere. Physical keys are read (event.code), so that letters mean the same under
// Cyrillic, Hangul and Persian layouts. Whoever handles a key itself listens to "shortcut" and prevents it.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const NEXT_LETTER_MS = 1500;
let goingUntil = 0;

function isTyping(event) {
  return event.isComposing || event.keyCode === 229 || event.target.closest?.(TYPING);
}

function offered(event) {
  const { code, shiftKey } = event;
  const detail = { code, shiftKey, control: event.ctrlKey || event.metaKey };
  const shortcut = new CustomEvent("shortcut", { bubbles: true, cancelable: true, detail });
  return !event.target.dispatchEvent(shortcut);
}

function go(code) {
  goingUntil = 0;
  const place = document.querySelector(`.places [data-key="${CSS.escape(code)}"]`);
  place?.click();
  return Boolean(place);
}

function closeTop() {
  const open = document.querySelector("details.menu[open]");
  if (!open) return false;
  open.open = false;
  open.querySelector("summary").focus();
  return true;
}

function click(selector) {
  const found = document.querySelector(selector);
  found?.click();
  return Boolean(found);
}

function focusSearch() {
  const search = document.getElementById("search");
  search?.select();
  return Boolean(search);
}

const EVERYWHERE = {
  Slash: (shift) => (shift ? showHelp() : focusSearch()),
  KeyN: () => click(".new-deal"),
  KeyG: () => (goingUntil = performance.now() + NEXT_LETTER_MS),
  Escape: closeTop,
};

function showHelp() {
  document.getElementById("keys-help")?.showModal();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog:modal")) return;
  if (isTyping(event)) {
    if (event.code === "Escape") event.target.blur();
    return;
  }
  if (event.altKey) return;
  const isLetterOfGo = performance.now() < goingUntil && event.code !== "KeyG";
  if (isLetterOfGo ? go(event.code) : offered(event)) return event.preventDefault();
  if (event.ctrlKey || event.metaKey) {
    if (event.code === "KeyZ" && !event.shiftKey && click("[data-undo]")) event.preventDefault();
    return;
  }
  if (EVERYWHERE[event.code]?.(event.shiftKey)) event.preventDefault();
});
