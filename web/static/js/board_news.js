// Cards that come to the top of a column do not push what is being read further down: a pill counts them.

const board = document.getElementById("board");
const READING = 40; // pixels scrolled down before a column counts as being read
const fresh = new WeakMap(); // column → ids of cards that came above what is seen

function show(column) {
  const pill = column.querySelector(".news");
  const count = fresh.get(column)?.size ?? 0;
  pill.hidden = !count;
  pill.querySelector("b").textContent = count.toLocaleString(document.documentElement.lang);
}

new MutationObserver((changes) => {
  const moved = new Set(changes.flatMap((change) => [...change.removedNodes]));
  for (const { target: list, addedNodes } of changes) {
    if (!list.matches(".cards") || list.scrollTop < READING) continue;
    const column = list.closest(".column");
    const isAbove = (node) => node.matches?.(".card") && node.offsetTop < list.scrollTop && !moved.has(node);
    const news = [...addedNodes].filter(isAbove).map(({ id }) => id);
    fresh.set(column, new Set([...(fresh.get(column) ?? []), ...news]));
    show(column);
  }
}).observe(board, { childList: true, subtree: true });

// A swap writes the column as the server knows it, and the server does not know what is seen.
document.addEventListener("htmx:after:swap", () => board.querySelectorAll(".column").forEach(show));

board.addEventListener("scroll", ({ target }) => {
  const column = target.closest(".column");
  if (target.matches(".cards") && target.scrollTop < READING && fresh.delete(column)) show(column);
}, { capture: true, passive: true });

// Where the top is, the scrolling that leads there forgets the count.
board.addEventListener("click", ({ target }) => {
  const column = target.closest(".news")?.closest(".column");
  column?.querySelector(".card-link")?.focus({ preventScroll: true });
  column?.querySelector(".cards").scrollTo({ top: 0 });
});
