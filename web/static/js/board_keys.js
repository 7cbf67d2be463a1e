// The board without a mouse: from card to card, to another stage, back again.

const board = document.getElementById("board");
const isMirrored = document.documentElement.dir === "rtl";
const ONWARD = { ArrowLeft: isMirrored ? 1 : -1, ArrowRight: isMirrored ? -1 : 1 };
const DIGIT = /^(?:Digit|Numpad)([1-9])$/;

const columns = () => [...board.querySelectorAll(".column")];
const cardsOf = (column) => [...column.querySelectorAll(".card")];
const focus = (card) => card?.querySelector(".card-link").focus();

function beside(card, step) {
  const all = columns();
  let index = all.indexOf(card.closest(".column"));
  do index += step;
  while (all[index] && !cardsOf(all[index]).length);
  return all[index];
}

function goSideways(card, step) {
  const row = cardsOf(card.closest(".column")).indexOf(card);
  const column = beside(card, step);
  if (column) focus(cardsOf(column)[row] ?? cardsOf(column).at(-1));
}

function moveBy(card, step) {
  const all = columns();
  const column = all[all.indexOf(card.closest(".column")) + step];
  if (column) card.dispatchEvent(new CustomEvent("move-card", { bubbles: true, detail: { column } }));
}

function onCard(card, { code, shiftKey }) {
  if (code in ONWARD) shiftKey ? moveBy(card, ONWARD[code]) : goSideways(card, ONWARD[code]);
  else if (code === "ArrowDown") focus(card.nextElementSibling?.closest(".card"));
  else if (code === "ArrowUp") focus(card.previousElementSibling?.closest(".card"));
  else if (code === "KeyM") card.querySelector(".card-move").click();
  else if (code === "KeyC") card.querySelector(".card-call :is(a, button)")?.click();
  else if (code === "KeyT") htmx.ajax("GET", `/deals/${card.dataset.id}/step`, { target: "#dialog", swap: "innerHTML" });
  else if (code === "KeyP") htmx.ajax("POST", `/deals/${card.dataset.id}/priority`, { target: "#toasts", swap: "none" });
  else if (code === "KeyX") card.querySelector(".card-pick").click();
  else if (code === "KeyB") document.querySelector("#bulk select").focus();
  else return false;
  return true;
}

document.addEventListener("shortcut", (event) => {
  const { code, control } = event.detail;
  if (control) return;
  const card = event.target.closest?.("#board .card");
  const first = !card && event.target === document.body && code.startsWith("Arrow") && board.querySelector(".card");
  if (first) focus(first);
  if (first || (card && onCard(card, event.detail))) event.preventDefault();
});

// In the list of stages a digit is a stage.
document.getElementById("dialog").addEventListener("keydown", (event) => {
  const digit = DIGIT.exec(event.code)?.[1];
  const choices = event.currentTarget.querySelectorAll(".stage-choice");
  if (!digit || !choices.length || event.isComposing) return;
  event.preventDefault();
  choices[digit - 1]?.click();
});
