// Today by keyboard: from row to row, done and on to the next. Enter opens, for the row's link has the focus.

const rows = () => [...document.querySelectorAll("#today .row")];
const focus = (row) => row?.querySelector(".row-link").focus();
let leftAt = null;

function step(by) {
  const all = rows();
  const here = all.indexOf(document.activeElement.closest?.(".row"));
  focus(here < 0 ? all[0] : all[here + by]);
}

const KEYS = {
  KeyJ: () => step(1),
  ArrowDown: () => step(1),
  KeyK: () => step(-1),
  ArrowUp: () => step(-1),
  KeyD: (row) => row?.querySelector("[data-done]")?.click(),
  KeyC: (row) => row?.querySelector(".row-call")?.click(),
};

document.addEventListener("shortcut", (event) => {
  const isFree = event.target === document.body || event.target.closest?.("#today, #main");
  if (event.detail.control || !isFree || !(event.detail.code in KEYS)) return;
  KEYS[event.detail.code](document.activeElement.closest?.(".row"));
  event.preventDefault();
});

// A row that was done is gone: whoever worked inside it goes on with the one that took its place.
document.addEventListener("submit", ({ target }) => {
  const row = target.closest("#today .row");
  if (row) leftAt = rows().indexOf(row);
}, true);

document.addEventListener("htmx:after:swap", () => {
  if (leftAt === null || document.activeElement !== document.body) return;
  const all = rows();
  focus(all[Math.min(leftAt, all.length - 1)]);
  leftAt = null;
});
