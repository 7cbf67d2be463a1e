// The drawer: a card's page beside the board where there is room, the page itself where there is none.

const board = document.getElementById("board");
const drawer = document.getElementById("drawer");
const WIDE = matchMedia("(width >= 48rem)");
let openedFrom = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open], a[data-drawer]");
  if (!link || !WIDE.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openedFrom = link.closest(".card")?.dataset.id;
  htmx.ajax("GET", link.href, { target: "#drawer", swap: "innerHTML" });
});

function closeDrawer() {
  drawer.replaceChildren();
  if (openedFrom) board.dispatchEvent(new CustomEvent("focus-card", { detail: { id: openedFrom } }));
}

new MutationObserver(() => {
  const wasHidden = drawer.hidden;
  drawer.hidden = !drawer.childElementCount;
  if (wasHidden && !drawer.hidden) drawer.querySelector("h1")?.focus();
}).observe(drawer, { childList: true });

drawer.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close-drawer]")) return;
  event.preventDefault();
  closeDrawer();
});

document.addEventListener("shortcut", (event) => {
  if (event.detail.code !== "Escape" || drawer.hidden || document.querySelector("details.menu[open]")) return;
  event.preventDefault();
  closeDrawer();
});
