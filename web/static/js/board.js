// The board: dragging, and the one path a move takes: place at once, ask the server, and let its answer
// (both columns as they really are) settle it. No answer puts the card back.

const board = document.getElementById("board");
const WIDE = matchMedia("(width >= 48rem)");
const ABOUT_A_MOVE = /^\/deals\/\d+\/(move|undo)$/;
let isHolding = false;

// `back` is where the card lay: {list, next}.
async function move(card, toColumn, back) {
  const { id, version } = card.dataset;
  const putBack = () => {
    back.list.insertBefore(card, back.next?.parentNode === back.list ? back.next : null);
    card.removeAttribute("aria-busy");
  };
  card.setAttribute("aria-busy", "true");
  // 409 and 422 bring both columns with them; any other refusal, or none, leaves it to us.
  const onRefusal = ({ detail: { ctx } }) => [409, 422].includes(ctx.response.status) || putBack();
  card.addEventListener("htmx:error", putBack);
  card.addEventListener("htmx:response:error", onRefusal);
  const from_stage_id = back.list.closest(".column").dataset.stage;
  const request_key = `${Date.now()}-${Math.random()}`;
  const values = { from_stage_id, to_stage_id: toColumn.dataset.stage, version, request_key };
  await htmx.ajax("POST", `/deals/${id}/move`, { source: card, target: "#toasts", swap: "innerHTML", values });
  card.removeEventListener("htmx:error", putBack);
  card.removeEventListener("htmx:response:error", onRefusal);
  document.getElementById(card.id)?.removeAttribute("aria-busy");
}

// Keys and menus say where to; the card is placed on top, where the server will have it too.
board.addEventListener("move-card", ({ target: card, detail: { column } }) => {
  const back = { list: card.parentNode, next: card.nextElementSibling };
  if (back.list === column.querySelector(".cards")) return;
  column.querySelector(".cards").prepend(card);
  card.querySelector(".card-link").focus();
  move(card, column, back);
});

function makeSortable() {
  for (const list of board.querySelectorAll(".cards")) {
    if (Sortable.get(list)) continue;
    let back = null;
    Sortable.create(list, {
      group: { name: "cards", put: !list.closest("[data-refuses]") },
      sort: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      delay: 180,
      delayOnTouchOnly: true,
      filter: ({ target }) => !WIDE.matches || target.closest(".card-move, .card-call, .card-pick"),
      preventOnFilter: false,
      onStart({ item, from }) {
        back = { list: from, next: item.nextElementSibling };
        isHolding = true;
        board.classList.add("is-dragging");
        for (const { dataset } of board.querySelectorAll(".column")) dataset.gated = item.dataset.gated?.split(" ").includes(dataset.stage);
      },
      onEnd({ item, to, from, originalEvent: { clientX, clientY } }) {
        isHolding = false;
        board.classList.remove("is-dragging");
        htmx.trigger(document.body, "resync");
        // Dropped on a column that refuses, it is not left in the one it was last drawn over.
        const refuses = document.elementFromPoint(clientX, clientY)?.closest("[data-refuses]");
        if (refuses) back.list.insertBefore(item, back.next);
        else if (to !== from) move(item, to.closest(".column"), back);
      },
    });
  }
}

makeSortable();
document.addEventListener("htmx:after:swap", makeSortable);

// A held card is left alone: no column is fetched or swapped until it is dropped.
const spare = (event) => isHolding && event.detail.ctx.sourceElement?.closest?.(".column") && event.preventDefault();
for (const name of ["htmx:before:request", "htmx:before:swap"]) document.addEventListener(name, spare);

// Whatever moves a card from this page is answered with this page's columns, as far as they are unrolled.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!ABOUT_A_MOVE.test(new URL(ctx.request.action, location.href).pathname)) return;
  const shown = [...board.querySelectorAll(".column")].map(({ dataset }) => `${dataset.stage}:${dataset.shown}`);
  ctx.request.body.set("board", location.search || "?");
  ctx.request.body.set("shown", shown.join(" "));
});
