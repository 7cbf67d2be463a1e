// Layers above the page: questions in the one <dialog>, a deal in the drawer beside a list, menus, toasts.
// Whoever swaps content into the dialog or the drawer opens it; closing throws the content away.

const dialog = document.getElementById("dialog");
const drawer = document.getElementById("drawer"); // beside lists only
const toasts = document.getElementById("toasts");

new MutationObserver(() => {
  if (dialog.childElementCount && !dialog.open) dialog.showModal();
  if (!dialog.childElementCount) dialog.close();
}).observe(dialog, { childList: true });
dialog.addEventListener("close", () => dialog.replaceChildren());

function follow(event) {
  const link = event.target.closest("a[data-dialog], a[data-drawer]");
  // A narrow screen has no room for a drawer: there the link leads to the deal's own page.
  const layer = link?.matches("[data-dialog]") ? dialog : matchMedia("(width >= 48rem)").matches && drawer;
  if (!link || !layer || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  htmx.ajax("GET", link.href, { target: layer, swap: "innerHTML" });
}

document.addEventListener("click", (event) => {
  follow(event);
  if (event.target.closest("[data-close-dialog]") || event.target === dialog) dialog.close();
  if (drawer && event.target.closest("[data-close-drawer]")) {
    event.preventDefault();
    drawer.replaceChildren();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = menu.contains(event.target);
});

if (drawer) {
  new MutationObserver(() => {
    const wasHidden = drawer.hidden;
    drawer.hidden = !drawer.childElementCount;
    if (drawer.hidden) drawer.dispatchEvent(new Event("close"));
    else if (wasHidden) drawer.querySelector("h1")?.focus();
  }).observe(drawer, { childList: true });
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-submit]")) return;
  sessionStorage.setItem("chosen", target.name);
  target.form.requestSubmit();
});

// A choice that brings the page anew keeps the focus: by keyboard one goes on from there.
const chosen = sessionStorage.getItem("chosen");
sessionStorage.removeItem("chosen");
if (chosen) document.querySelector(`[data-submit][name="${chosen}"]`)?.focus({ preventScroll: true });

// The style sheet says how long a toast stays, and that it stays while somebody is at it.
toasts.addEventListener("animationend", ({ target }) => target.remove());

// A form that the server never answered says so; what was typed into it is still there.
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (!ctx || ctx.request.method === "GET" || toasts.querySelector(".refused")) return;
  const words = document.body.dataset.notAnswered;
  toasts.append(Object.assign(document.createElement("p"), { className: "toast refused", textContent: words }));
});
