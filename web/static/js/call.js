// The call popup's life in a tab: timers, lines that leave, ☎ in the title, drafts of notes, keys.
// What it says comes from the server; this module watches the region and never takes the focus.

const region = document.getElementById("popup");
const plainTitle = document.title;
const CLOCKS_DIFFER = 5_500;
const leaving = new Set(); // lines that will leave this tab by themselves: call and phase
const gone = new Set(); // those that have
const clocks = new WeakMap();
const language = document.documentElement.lang;
let told = ""; // the last state other modules heard of

function refresh() {
  const panel = region.querySelector("[data-call]");
  const { call, phase, leaves } = panel?.dataset ?? {};
  if (leaves) leaveLater(panel, `${call} ${phase}`, Number(leaves) * 1_000);
  document.title = ["ringing", "talking"].includes(phase) ? `☎ ${plainTitle}` : plainTitle;
  restoreDraft(panel?.querySelector("[data-draft]"));
  tick();
  if (told !== `${call} ${phase}`) {
    told = `${call} ${phase}`;
    document.body.dispatchEvent(new CustomEvent("call:state", { detail: { panel, call, phase } }));
  }
}

function leaveLater(panel, line, milliseconds) {
  if (gone.has(line)) panel.hidden = true;
  if (leaving.has(line)) return;
  leaving.add(line);
  setTimeout(() => { gone.add(line); refresh(); }, milliseconds);
  // By then the server has dropped the line too, and tells what else there is.
  setTimeout(() => document.body.dispatchEvent(new CustomEvent("call")), milliseconds + CLOCKS_DIFFER);
}

function tick() {
  for (const clock of region.querySelectorAll("[data-seconds]")) {
    const { seconds } = clock.dataset;
    if (clocks.get(clock)?.seconds !== seconds) clocks.set(clock, { seconds, at: performance.now() });
    const passed = (performance.now() - clocks.get(clock).at) / 1_000;
    const shown = asLength(Math.floor(Number(seconds) + passed));
    if (clock.textContent !== shown) clock.textContent = shown;
  }
}

function asLength(seconds) {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (seconds >= 3_600) parts.unshift(Math.floor(seconds / 3_600));
  const padded = (number, place) => number.toLocaleString(language, { minimumIntegerDigits: place ? 2 : 1 });
  return parts.map(padded).join(":");
}

function restoreDraft(field) {
  if (field && !field.value) field.value = sessionStorage.getItem(`note-${field.dataset.draft}`) ?? "";
}

region.addEventListener("input", ({ target }) => {
  if (target.dataset.draft) sessionStorage.setItem(`note-${target.dataset.draft}`, target.value);
});
region.addEventListener("submit", ({ target }) => {
  // The wrap-up takes the note along.
  const field = (target.matches(".wrap-up") ? region : target).querySelector("[data-draft]");
  if (field) sessionStorage.removeItem(`note-${field.dataset.draft}`);
});

document.addEventListener("shortcut", (event) => {
  const close = region.querySelector("[data-call]:not([hidden]) [data-close]");
  if (event.detail.code !== "Escape" || !close || document.querySelector("details.menu[open]")) return;
  event.preventDefault();
  close.click();
});
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.code !== "KeyA") return;
  event.preventDefault();
  region.querySelector("[data-call]")?.focus();
});

const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-phase", "data-call"] };
new MutationObserver(refresh).observe(region, watched);
setInterval(tick, 1_000);
refresh();
