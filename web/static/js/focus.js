// Nobody loses their place to what happens to the page: a card that was moved keeps the focus, a row that is gone
// hands it to the one that took its place, what was opened from a row leads back to it, a saved form keeps it.

const PLACE = ".row:not(.is-done), .card, .call-rows tr, .call-popup, #today-next";
const LINK = ".row-link, .card-link, .opens, [data-drawer]";
const ASIDE = "dialog, .drawer, .toasts, .bulk";
let last = null; // where the focus was: the row's id, and which of all rows it was
let field = ""; // the same on a deal's card, the forms of which are swapped with it
let standIn = null; // what has the focus while the row is away: a card is on its way from column to column

const places = () => [...document.querySelectorAll(PLACE)];

function remember({ type, target }) {
  if (type === "focusin" && target === standIn) return;
  standIn = null;
  const place = target.closest(PLACE);
  if (place) last = { id: place.id, index: places().indexOf(place) };
  else if (!target.closest(ASIDE)) last = null;
  const isOnCard = type === "focusin" && target.closest(".deal");
  field = isOnCard ? target.id || target.form?.querySelector("[id]")?.id || "deal-name" : "";
}

function goBack() {
  const holder = document.activeElement;
  if (![document.body, standIn].includes(holder) && holder.checkVisibility()) return;
  const onCard = field && (document.getElementById(field) ?? document.getElementById("deal-name"));
  if (onCard) return onCard.focus({ preventScroll: true });
  const all = places();
  const place = last && (all.find(({ id }) => id === last.id) ?? all[Math.min(last.index, all.length - 1)]);
  const link = place?.matches("a") ? place : place?.querySelector(LINK);
  standIn = place?.id === last?.id ? null : link;
  link?.focus({ preventScroll: true });
  if (link !== holder) link?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

for (const name of ["focusin", "pointerdown"]) document.addEventListener(name, remember);
for (const name of ["htmx:after:swap", "htmx:finally:request", "close"]) document.addEventListener(name, goBack, true);
