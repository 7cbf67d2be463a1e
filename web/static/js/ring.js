// The sound of a ringing call, in one tab of this browser, and a notification over other windows.

const RING_MS = 4_000; // one second of tone, three of silence, as a phone rings
const ELECTION_MS = 150;
const TONES = [440, 480];
const LOUDNESS = 0.06;
const region = document.getElementById("popup");
const tabs = new BroadcastChannel("pbx-crm-ring");
let audio = null;
let ringing = null; // {call, rank, timer}: this tab's part in who rings

document.body.addEventListener("call:state", ({ detail: { panel, call, phase } }) => {
  clearTimeout(ringing?.timer);
  ringing = null;
  if (phase !== "ringing") return;
  ringing = { call, rank: Math.random() + (document.hidden ? 1 : 0), timer: setTimeout(ring, ELECTION_MS) };
  stand();
  notify(panel, call);
  offer();
});

// Every tab says how fit it is to ring; one on the screen is fitter than a hidden one, the fittest rings.
const stand = () => tabs.postMessage({ call: ringing.call, rank: ringing.rank });

tabs.addEventListener("message", ({ data }) => {
  if (data.call !== ringing?.call) return;
  data.rank < ringing.rank ? clearTimeout(ringing.timer) : stand();
});

function ring() {
  if (audio?.state === "running") TONES.forEach(sound);
  ringing.timer = setTimeout(ring, RING_MS);
}

function sound(hertz) {
  const tone = new OscillatorNode(audio, { frequency: hertz });
  tone.connect(new GainNode(audio, { gain: LOUDNESS })).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 1);
}

function notify(panel, call) {
  if (!document.hidden || window.Notification?.permission !== "granted") return;
  const text = (selector) => panel.querySelector(selector).textContent.trim().replace(/\s+/g, " ");
  // The same tag in every tab makes one notification of them.
  new Notification(text(".call-state"), { body: text(".call-who"), tag: `call-${call}` });
}

function offer() {
  const wanted = {
    sound: audio?.state !== "running",
    notify: window.isSecureContext && window.Notification?.permission === "default",
  };
  const offers = region.querySelectorAll("[data-phase=ringing] [data-offer]");
  for (const button of offers) button.hidden = !wanted[button.dataset.offer];
}

// A browser lets a page sound only after a click or a key in it: any will do, the chip says why.
function allowSound() {
  audio ??= new AudioContext();
  audio.resume().then(offer);
}
for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, allowSound, { once: true });

region.addEventListener("click", ({ target }) => {
  if (target.closest("[data-offer=notify]")) Notification.requestPermission().then(offer);
});
