// Cards that come to the top of a column do not push what is being read further down: a pill counts them.

const board = document.getElementById("board");
const READING = 40; // pixels scrolled down before a column counts as being read
const fresh = new Map(); // stage → ids of cards that came above what is seen

function show(column) {
  const pill = column.querySelector(".news");
  const count = fresh.get(column.dataset.stage)?.size ?? 0;
  pill.hidden = !count;
  pill.querySelector("b").textContent = count.toLocaleString(document.documentElement.lang);
}

function forget(column) {
  if (fresh.delete(column.dataset.stage)) show(column);
}

new MutationObserver((changes) => {
  const moved = new Set(changes.flatMap((change) => [...change.removedNodes]));
  for (const { target: list, addedNodes } of changes) {
    if (!list.matches(".cards") || list.scrollTop < READING) continue;
    const column = list.closest(".column");
    for (const card of addedNodes) {
      const isAbove = card.matches?.(".card") && card.offsetTop < list.scrollTop && !moved.has(card);
      if (isAbove) fresh.set(column.dataset.stage, (fresh.get(column.dataset.stage) ?? new Set()).add(card.id));
    }
    show(column);
  }
}).observe(board, { childList: true, subtree: true });

// A swap writes the column as the server knows it, and the server does not know what is seen.
document.addEventListener("htmx:after:swap", () => board.querySelectorAll(".column").forEach(show));

board.addEventListener("scroll", ({ target }) => {
  if (target.matches(".cards") && target.scrollTop < READING) forget(target.closest(".column"));
}, { capture: true, passive: true });

board.addEventListener("click", ({ target }) => {
  const column = target.closest(".news")?.closest(".column");
  if (!column) return;
  column.querySelector(".cards").scrollTop = 0;
  column.querySelector(".card-link")?.focus({ preventScroll: true });
  forget(column);
});
