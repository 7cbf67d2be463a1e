// Signals from the server to the regions of this page.
// The server says which topics changed; each becomes an event of that name on <body>, and the regions that wait for it
// fetch themselves. Nothing is replayed after a lost link: `resync` makes every region read the truth again.

const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const SPREAD = 1_000; // 200 browsers must not all ask in the same instant after a restart
const HIDDEN_TOO_LONG = 60_000; // browsers slow sleeping tabs down: signals may have come late or never
const PATIENCE = 3_000; // a page being left, or a server restarted at once, is no news
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

const tell = (topic) => body.dispatchEvent(new CustomEvent(topic, { bubbles: true }));
const resyncSoon = () => setTimeout(tell, Math.random() * SPREAD, "resync");

function connect() {
  clearTimeout(retry);
  socket = new WebSocket(new URL(address, location.href.replace(/^http/, "ws")));
  Object.assign(socket, { onopen: opened, onmessage: heard, onclose: closed });
}

function heard(message) {
  heardAt = Date.now();
  for (const topic of JSON.parse(message.data).topics) topic === "resync" ? resyncSoon() : tell(topic);
}

function opened() {
  pause = SHORTEST_PAUSE;
  heardAt = Date.now();
  // The mark in the first address told the server what this page had seen; later the page asks anew.
  [address] = address.split("?");
  if (lostAt !== null) resyncSoon();
  if (body.dataset.link === "lost") body.dataset.link = "back";
  lostAt = null;
}

function closed(event) {
  if (event.code === SESSION_ENDED) {
    const here = encodeURIComponent(location.pathname + location.search);
    return setTimeout(() => location.assign(`/login?next=${here}`), PATIENCE); // who signs out here is on the way
  }
  lostAt ??= Date.now();
  setTimeout(showLost, PATIENCE);
  retry = setTimeout(connect, pause * (0.5 + Math.random()));
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

// The style sheet shows the banner that belongs to the state of the link.
function showLost() {
  if (lostAt === null || body.dataset.link === "lost") return;
  const since = new Date(lostAt);
  const time = document.querySelector("#link-offline time");
  time.dateTime = since.toISOString();
  time.textContent = since.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  body.dataset.link = "lost";
}

function retryNow() {
  if (socket.readyState === WebSocket.CLOSED) connect();
  else if (socket.readyState === WebSocket.OPEN && Date.now() - heardAt > SILENT_TOO_LONG) giveUp();
}

function giveUp() {
  socket.onclose = null;
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
