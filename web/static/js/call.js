// The call popup's life in a tab: timers, and ☎ in the title.
// What it says comes from the server; this module watches the region and never takes the focus.

const region = document.getElementById("popup");
const plainTitle = document.title;
const clocks = new WeakMap();
const language = document.documentElement.lang;
let told = ""; // the last state other modules heard of

function refresh() {
  const panel = region.querySelector("[data-call]");
  const { call, phase } = panel?.dataset ?? {};
  document.title = ["ringing", "talking"].includes(phase) ? `☎ ${plainTitle}` : plainTitle;
  tick();
  if (told !== `${call} ${phase}`) {
    told = `${call} ${phase}`;
    document.body.dispatchEvent(new CustomEvent("call:state", { detail: { panel, call, phase } }));
  }
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

const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-phase", "data-call"] };
new MutationObserver(refresh).observe(region, watched);
setInterval(tick, 1_000);
refresh();
