// Signals from the server to the regions of this page.
//
// The server says which topics changed; each becomes an event of that name on <body>, and the regions
// that wait for it (hx-trigger="stage-3 from:body, resync from:body") fetch themselves. Nothing is
// replayed after a lost link: `resync` makes every region read the truth again.

const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const SPREAD = 1_000; // 200 browsers must not all ask in the same instant after a restart
const HIDDEN_TOO_LONG = 60_000; // browsers slow sleeping tabs down: signals may have come late or never
const PATIENCE = 3_000; // a page being left, or a server restarted at once, is no news
const GOOD_NEWS_LASTS = 5_000;
const SILENT_TOO_LONG = 100_000; // the server says something every 45 s: a dead link looks like silence
const SESSION_ENDED = 4401;

const body = document.body;
let address = body.dataset.live;
let socket = null;
let heardAt = 0;
let pause = SHORTEST_PAUSE;
let retry = 0;
let lostAt = null;
let hiddenAt = Date.now();

function tell(topic) {
  body.dispatchEvent(new CustomEvent(topic, { bubbles: true }));
}

function resyncSoon() {
  setTimeout(() => tell("resync"), Math.random() * SPREAD);
}

function connect() {
  clearTimeout(retry);
  socket = new WebSocket(new URL(address, location.href.replace(/^http/, "ws")));
  socket.addEventListener("open", opened);
  socket.addEventListener("message", heard);
  socket.addEventListener("close", closed);
}

function heard(message) {
  heardAt = Date.now();
  for (const topic of JSON.parse(message.data).topics) {
    if (topic === "resync") resyncSoon();
    else tell(topic);
  }
}

function opened() {
  pause = SHORTEST_PAUSE;
  heardAt = Date.now();
  // The mark in the first address told the server what this page had seen; later the page asks anew.
  [address] = address.split("?");
  if (lostAt !== null) resyncSoon();
  if (!notice("offline").hidden) showOnline();
  lostAt = null;
}

function closed(event) {
  if (event.code === SESSION_ENDED) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  lostAt ??= Date.now();
  setTimeout(showOffline, PATIENCE);
  retry = setTimeout(connect, pause * (0.5 + Math.random()));
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

function notice(name) {
  return document.getElementById(`link-${name}`);
}

function showOffline() {
  if (lostAt === null || !notice("offline").hidden) return;
  const time = notice("offline").querySelector("time");
  const since = new Date(lostAt);
  time.dateTime = since.toISOString();
  time.textContent = since.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  notice("offline").hidden = false;
  notice("online").hidden = true;
}

function showOnline() {
  notice("offline").hidden = true;
  notice("online").hidden = false;
  setTimeout(() => (notice("online").hidden = true), GOOD_NEWS_LASTS);
}

function retryNow() {
  if (socket.readyState === WebSocket.CLOSED) connect();
  else if (socket.readyState === WebSocket.OPEN && Date.now() - heardAt > SILENT_TOO_LONG) giveUp();
}

function giveUp() {
  socket.removeEventListener("close", closed);
  socket.close();
  closed({ code: 1006 });
}

function shownOrHidden() {
  if (!document.hidden) retryNow();
  if (!document.hidden && Date.now() - hiddenAt > HIDDEN_TOO_LONG) resyncSoon();
  if (document.hidden) hiddenAt = Date.now();
}

if (address) {
  document.addEventListener("visibilitychange", shownOrHidden);
  window.addEventListener("online", retryNow);
  setInterval(retryNow, SILENT_TOO_LONG / 4);
  connect();
}
