// The board without a mouse: to the columns beside, to another stage, a step set, the priority raised.

const board = document.getElementById("board");
const isMirrored = getComputedStyle(board).direction === "rtl";
const ONWARD = { ArrowLeft: isMirrored ? 1 : -1, ArrowRight: isMirrored ? -1 : 1 };
const DIGIT = /^(?:Digit|Numpad)([1-9])$/;
const columns = () => [...board.querySelectorAll(".column")];
const cardsOf = (column) => [...column.querySelectorAll(".card")];

// From this card to the one beside it, past columns without any.
function goSideways(card, step) {
  const column = card.closest(".column");
  const filled = columns().filter((one) => one === column || cardsOf(one).length);
  const beside = filled[filled.indexOf(column) + step];
  if (!beside) return;
  const row = cardsOf(column).indexOf(card);
  (cardsOf(beside)[row] ?? cardsOf(beside).at(-1)).querySelector(".card-link").focus();
}

function moveBy(card, step) {
  const all = columns();
  const column = all[all.indexOf(card.closest(".column")) + step];
  if (column) card.dispatchEvent(new CustomEvent("move-card", { bubbles: true, detail: { column } }));
}

function onCard(card, { code, shiftKey }) {
  const url = `/deals/${card.dataset.id}`;
  if (code in ONWARD) shiftKey ? moveBy(card, ONWARD[code]) : goSideways(card, ONWARD[code]);
  else if (code === "KeyT") htmx.ajax("GET", `${url}/step`, { target: "#dialog", swap: "innerHTML" });
  else if (code === "KeyP") htmx.ajax("POST", `${url}/priority`, { target: "#toasts", swap: "none" });
  else return false;
  return true;
}

document.addEventListener("shortcut", (event) => {
  const card = event.target.closest?.("#board .card");
  if (card && onCard(card, event.detail)) event.preventDefault();
});

// In the list of stages a digit is a stage.
document.getElementById("dialog").addEventListener("keydown", (event) => {
  const digit = DIGIT.exec(event.code)?.[1];
  const choices = event.currentTarget.querySelectorAll(".stage-choice");
  if (!digit || !choices.length || event.isComposing) return;
  event.preventDefault();
  choices[digit - 1]?.click();
});
