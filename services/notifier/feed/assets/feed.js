"use strict";
const MOST_SHOWN = 200;
const find = (id) => document.getElementById(id);
let token = location.hash.slice(1) || sessionStorage.getItem("token") || "";
let choices = { snooze_minutes: [15, 30, 60], reasons: [] };
let seen = "";
let wait = 3000;
history.replaceState(null, "", location.pathname);

function say(text) { find("state").textContent = text; }

function make(name, text) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  return element;
}

function pick(values, label) {
  const select = make("select");
  select.setAttribute("aria-label", label);
  for (const value of values) {
    const option = make("option", String(value).replaceAll("_", " "));
    option.value = value;
    select.append(option);
  }
  return select;
}

async function answer(message, body, box, said) {
  box.disabled = true;
  try {
    const reply = await fetch("v1/notifications/" + message.notification_id + "/answers", {
      method: "POST",
      headers: { "authorization": "Bearer " + token, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const told = await reply.json();
    const results = { recorded: "Passed on.", already: "You had answered so before." };
    said.textContent = reply.ok ? results[told.result] : (told.detail || told.title);
    if (reply.status >= 500) box.disabled = false;
  } catch {
    said.textContent = "Not sent: try again.";
    box.disabled = false;
  }
}

function offer(message, said) {
  const box = make("fieldset");
  const minutes = pick(choices.snooze_minutes, "Minutes");
  const reason = pick(choices.reasons, "Reason");
  const buttons = [
    ["I see to it", () => ({ answer: "acknowledge" })],
    ["I take the ticket", () => ({ answer: "take" })],
    ["Ask again later (min)", () => ({ answer: "snooze", minutes: Number(minutes.value) }), minutes],
    ["Escalate further", () => ({ answer: "escalate", reason: reason.value }), reason],
  ];
  for (const [words, body, choice] of buttons) {
    const button = make("button", words);
    button.type = "button";
    button.addEventListener("click", () => answer(message, body(), box, said));
    box.append(button);
    if (choice) box.append(choice);
  }
  return box;
}

function show(message) {
  const article = make("article");
  if (message.urgency === "page") article.className = "page";
  const said = make("output");
  const when = make("time", new Date(message.happened_at).toLocaleString());
  when.dateTime = message.happened_at;
  article.append(make("h2", message.subject), when, make("pre", message.body));
  if (message.answerable) article.append(offer(message, said));
  article.append(said);
  const list = find("messages");
  list.prepend(article);
  while (list.children.length > MOST_SHOWN) list.lastChild.remove();
}

function hear(block) {
  const fields = { event: "message", data: "" };
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).trimStart();
  }
  if (fields.retry) wait = Number(fields.retry);
  if (!fields.data) return;
  const data = JSON.parse(fields.data);
  if (fields.event === "welcome") {
    choices = data;
    find("who").textContent = "of " + data.recipient_id;
  } else {
    show(data);
    seen = fields.id;
  }
}

async function read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    blocks.forEach(hear);
  }
}

async function follow() {
  const headers = { "authorization": "Bearer " + token };
  if (seen) headers["last-event-id"] = seen;
  const reply = await fetch("v1/feed", { headers, cache: "no-store" });
  if (reply.status === 401 || reply.status === 403 || reply.status === 404) {
    sessionStorage.removeItem("token");
    find("door").hidden = false;
    say("This token opens no feed.");
    return false;
  }
  if (reply.ok) {
    sessionStorage.setItem("token", token);
    say("Live");
    await read(reply.body);
  }
  return true;
}

async function run() {
  for (;;) {
    try {
      if (!(await follow())) return;
    } catch { /* the connection is gone: come back */ }
    say("Connecting again");
    await new Promise((wake) => setTimeout(wake, wait));
  }
}

find("door").addEventListener("submit", (event) => {
  event.preventDefault();
  token = find("token").value.trim();
  find("door").hidden = true;
  run();
});
if (token) run(); else find("door").hidden = false;
