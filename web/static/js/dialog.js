// Layers above the page: questions in the one <dialog>, menus that close, toasts that leave.

const TOAST_MS = 10000;
const dialog = document.getElementById("dialog");
const toasts = document.getElementById("toasts");

// Whoever swaps content into the dialog opens it; closing it throws the content away.
new MutationObserver(() => {
  if (dialog.childElementCount && !dialog.open) dialog.showModal();
  if (!dialog.childElementCount && dialog.open) dialog.close();
}).observe(dialog, { childList: true });
dialog.addEventListener("close", () => dialog.replaceChildren());

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    htmx.ajax("GET", link.href, { target: "#dialog", swap: "innerHTML" });
  }
  if (event.target.closest("[data-close-dialog]")) dialog.close();
  if (event.target === dialog) dialog.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

function leaveAfterAWhile(toast) {
  let timer = 0;
  const start = () => (timer = setTimeout(() => toast.remove(), TOAST_MS));
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => (stop(), start()));
  start();
}

new MutationObserver((changes) => {
  for (const node of changes.flatMap((change) => [...change.addedNodes])) {
    if (node.nodeType === Node.ELEMENT_NODE) leaveAfterAWhile(node);
  }
}).observe(toasts, { childList: true });

// A form that the server never answered says so; what was typed into it is still there.
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (!ctx || ctx.request.method === "GET" || toasts.querySelector(".refused")) return;
  const words = document.body.dataset.notAnswered;
  toasts.append(Object.assign(document.createElement("p"), { className: "toast refused", textContent: words }));
});
