// Draws cards with Microsoft's own renderer and talks to the bot as the Teams client does: a button that says
// task/fetch opens a dialog, a dialog's button sends task/submit, any other button sends a message.
"use strict";

const markdown = window.markdownit();
let entities = [];

// As Teams does it, whoever an entity names by the very same marked text is called; no other <at> is.
function called(html, { text, mentioned }) {
  const marked = markdown.utils.escapeHtml(text);
  return html.replaceAll(marked, `<strong data-id="${mentioned.id}">${markdown.utils.escapeHtml(mentioned.name)}</strong>`);
}

AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = entities.reduce(called, markdown.render(text));
  result.didProcess = true;
};

// Teams' look, as Microsoft's card designer has it (host/NOTICE).
const looks = {};

async function dress(theme) {
  looks[theme] ??= await (await fetch(`/host/microsoft-teams-${theme}.json`)).json();
  document.body.className = theme;
  const look = document.getElementById("look");
  const href = `/host/teams-container-${theme}.css`;
  if (look.getAttribute("href") === href && look.sheet) return;
  const loaded = new Promise((done) => look.addEventListener("load", done, { once: true }));
  look.setAttribute("href", href);
  await loaded;
}

// The people picker is Teams' own and no part of the renderer: here it is a list of the whole organisation.
function withPeople(node) {
  if (node === null || typeof node !== "object") return node;
  if (Array.isArray(node)) return node.map(withPeople);
  const { "choices.data": query, ...own } = node;
  if (query && query.dataset === "graph.microsoft.com/users") return { ...own, style: "expanded", wrap: true, choices: client.people };
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, withPeople(value)]));
}

const client = {
  theme: "light",
  people: [],
  connected: false,
  pressed: [],
  opened: [],

  // Everything the renderer remarked while it read and drew.
  async draw(payload, where = "card", submitted = client.message) {
    await dress(client.theme);
    const context = new AdaptiveCards.SerializationContext();
    const card = new AdaptiveCards.AdaptiveCard();
    entities = (payload.msteams && payload.msteams.entities) || [];
    card.hostConfig = new AdaptiveCards.HostConfig(looks[client.theme]);
    card.parse(withPeople(payload), context);
    card.onExecuteAction = (action) => client.execute(action, submitted);
    document.getElementById(where).replaceChildren(card.render());
    const read = Array.from({ length: context.eventCount }, (_, place) => context.getEventAt(place).message);
    return [...read, ...card.validateProperties().validationEvents.map((event) => event.message)];
  },

  execute(action, submitted) {
    if (action instanceof AdaptiveCards.OpenUrlAction) {
      client.opened.push(action.url);
      return;
    }
    client.pressed.push(action.data);
    if (client.connected) submitted(action.data);
  },

  async message(data) {
    const fetches = data.msteams && data.msteams.type === "task/fetch";
    if (fetches) await client.show(await client.post({ type: "invoke", name: "task/fetch", value: { data } }));
    else await client.post({ type: "message", value: data });
  },

  async submit(data) {
    await client.show(await client.post({ type: "invoke", name: "task/submit", value: { data } }));
  },

  async post(activity) {
    const answer = await fetch("/activity", { method: "POST", body: JSON.stringify(activity) });
    return answer.json();
  },

  async show(answer) {
    const dialog = document.getElementById("dialog");
    dialog.close();
    if (!answer.task) return;
    const { type, value } = answer.task;
    document.getElementById("title").textContent = type === "message" ? value : value.title;
    document.getElementById("inside").replaceChildren();
    if (type === "continue") await client.draw(value.card.content, "inside", client.submit);
    dialog.showModal();
  },
};
