// The drawer: a deal's page beside the list it was opened from where there is room, the page itself where
// there is none. A list marks its links with data-drawer; closing leads back to the row it came from.

const drawer = document.getElementById("drawer");
const WIDE = matchMedia("(width >= 48rem)");
let openedFrom = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open], a[data-drawer]");
  if (!link || !WIDE.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!drawer.contains(link)) openedFrom = link.id || link.closest("[id]").id;
  htmx.ajax("GET", link.href, { target: "#drawer", swap: "innerHTML" });
});

function close() {
  drawer.replaceChildren();
  const row = openedFrom && document.getElementById(openedFrom);
  const link = row?.matches("a") ? row : row?.querySelector("[data-open], [data-drawer]");
  if (!link) return;
  link.focus({ preventScroll: true });
  link.scrollIntoView({ block: "nearest", inline: "nearest" });
}

new MutationObserver(() => {
  const wasHidden = drawer.hidden;
  drawer.hidden = !drawer.childElementCount;
  if (wasHidden && !drawer.hidden) drawer.querySelector("h1")?.focus();
}).observe(drawer, { childList: true });

drawer.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close-drawer]")) return;
  event.preventDefault();
  close();
});

document.addEventListener("shortcut", (event) => {
  if (event.detail.code !== "Escape" || drawer.hidden || document.querySelector("details.menu[open]")) return;
  event.preventDefault();
  close();
});
