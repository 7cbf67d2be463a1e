// A form for any page: <script src="ADDRESS OF THE CRM/site/TOKEN/form.js" async></script>
// Words come from data-name, data-phone, data-question, data-send and data-thanks of the script's tag.
(() => {
  const tag = document.currentScript, words = tag.dataset;
  const target = tag.src.replace(/\/form\.js.*$/, "");
  const form = document.createElement("form");
  form.className = "pbx-crm-form";
  const field = (name, label, kind, needed, fill) => {
    const box = document.createElement("label"), input = document.createElement(kind);
    box.textContent = label;
    input.name = name;
    input.required = needed;
    if (name === "phone") input.type = "tel";
    input.autocomplete = fill;
    box.append(input);
    form.append(box);
    return box;
  };
  field("name", words.name || "Your name", "input", false, "name");
  field("phone", words.phone || "Phone", "input", true, "tel");
  field("question", words.question || "Your question", "textarea", false, "off");
  // No style of the page shows it, no keyboard finds it, no browser fills it in: only a program does.
  const trap = field("website", "Leave this empty", "input", false, "off");
  trap.style.setProperty("display", "none", "important");
  trap.inert = true;
  const button = document.createElement("button"), said = document.createElement("p");
  button.textContent = words.send || "Call me back";
  said.setAttribute("role", "status");
  form.append(button, said);
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16)).join("");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const sent = new URLSearchParams(new FormData(form));
    for (const [name, value] of new URLSearchParams(location.search)) if (name.startsWith("utm_")) sent.set(name, value);
    sent.set("page", location.href.split("?")[0]);
    sent.set("key", key);
    try {
      const told = await (await fetch(target, { method: "POST", body: sent, credentials: "omit" })).json();
      said.textContent = told.ok ? words.thanks || "Thank you, we will call you back." : told.error;
      button.disabled = told.ok;
    } catch {
      said.textContent = words.failed || "Not sent. Please try again.";
      button.disabled = false;
    }
  });
  tag.after(form);
})();
