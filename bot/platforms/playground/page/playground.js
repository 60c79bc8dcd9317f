// The page of the playground: shows what the server remembers, posts what a person does.
// Cards and forms come drawn and escaped from the server (render.py); everything else is set as text.

const $ = (id) => document.getElementById(id);
const HEARD_AFTER = 2000; // Milliseconds between two looks when the stream is down.
const HISTORY = 50;
const NEARLY_FULL = 0.9; // Of a text's length: from there on the count is said aloud.
const WORTH_COUNTING = 0.6; // Of a single line's length: from there on the count is shown.
const TICK = 10000; // Milliseconds between two looks at the clock.

let who = "";
let place = "";
let state = null;
let stream = null;
let fallback = null;
let asked = 0;
let previewed = null;
let boot = null;
const seen = new Map();
const typed = { lines: [], at: 0, draft: "" };

const word = (key) => state?.words[key] ?? "";

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function drawn(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function announce(text) {
  $("announcer").textContent = text;
}

// Talking to the server

class Sorry extends Error {}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Sorry(word("failed"));
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Sorry(body.error || word("failed"));
  return body;
}

function post(path, what) {
  const body = JSON.stringify({ who, place, ...what });
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

const act = (what) => post("/playground/act", what);

async function refresh() {
  const turn = ++asked;
  const query = new URLSearchParams({ who, place });
  try {
    const news = await ask(`/playground/state?${query}`);
    if (turn === asked) show(news);
  } catch (error) {
    if (turn !== asked) return;
    $("cold").hidden = state !== null;
    complain(error.message);
  }
}

function listen() {
  stream?.close();
  stream = new EventSource(`/playground/stream?${new URLSearchParams({ who })}`);
  stream.onopen = () => lost(false);
  stream.onmessage = (event) => {
    lost(false);
    if (Number(event.data) !== state?.revision) refresh();
  };
  stream.onerror = () => {
    lost(true);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, HEARD_AFTER);
  };
}

// Without a stream the page looks by itself; once either works again the notice goes.
function lost(yes) {
  clearInterval(fallback);
  fallback = null;
  if (!yes) $("offline").hidden = true;
  else
    fallback = setInterval(() => {
      fetch(`/playground/state?${new URLSearchParams({ who, place })}`)
        .then((answer) => answer.json())
        .then((news) => { $("offline").hidden = true; show(news); })
        .catch(() => { $("offline").hidden = false; });
    }, HEARD_AFTER);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close(); // A browser holds six connections to one server: a hidden page gives its own back.
    lost(false);
  } else if (who) {
    listen();
    refresh();
  }
});

// Showing

function show(news) {
  if (news.who !== who || restarted(news)) return;
  const moved = state?.who !== news.who || state?.place !== news.place;
  const first = state === null;
  state = { ...news, heard: Date.now() };
  place = news.place;
  document.documentElement.lang = news.language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
  $("line").placeholder = word("placeholder");
  showPeople(first);
  showPlaces(first);
  showTop();
  showEntries(moved);
  showHints(moved);
  showClock();
}

// Another process answers, and knows nothing of what stands here: it stays readable until one reloads.
function restarted(news) {
  boot ??= news.boot;
  $("cold").hidden = true;
  $("restarted").hidden = news.boot === boot;
  return news.boot !== boot;
}

$("reload").addEventListener("click", () => location.reload());

// A dot says that something came where one has not looked since.
function unseen(key, latest, looking, first) {
  if (looking || first || latest < (seen.get(key) ?? 0)) seen.set(key, latest);
  return latest > (seen.get(key) ?? 0);
}

function showPeople(first) {
  for (const person of state.people) {
    const face = document.querySelector(`.face input[value="${CSS.escape(person.id)}"]`);
    const label = face.closest(".face");
    const mine = person.id === who;
    face.checked = mine;
    label.querySelector(".role").textContent = person.role;
    label.dataset.zone = person.zone;
    const dot = unseen(`person ${person.id}`, person.latest, mine, first);
    label.querySelector(".dot").hidden = !dot;
  }
}

const GLYPHS = { home: "⌂", channel: "#" };

function glyph(id) {
  if (id === "home") return GLYPHS.home;
  return id.includes("#") ? GLYPHS.channel : make("img", { src: "/playground/assets/cercle.svg", alt: "" });
}

function showPlaces(first) {
  const focused = document.activeElement?.dataset?.place;
  const items = state.places.map(({ id, name, latest }) => {
    const here = id === place;
    const button = make("button", { type: "button", "data-place": id },
      make("span", { className: "glyph", "aria-hidden": "true" }, glyph(id)),
      make("span", { className: "label", textContent: name.replace(/^#/, "") }));
    if (here) button.setAttribute("aria-current", "page");
    if (unseen(`${who} ${id}`, latest, here, first || !seen.has(`${who} ${id}`) && id.includes("#")))
      button.append(make("span", { className: "dot" }, make("span", { className: "unseen", textContent: word("new") })));
    return make("li", {}, button);
  });
  $("places").replaceChildren(...items);
  if (focused) document.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
}

function showTop() {
  const current = state.places.find(({ id }) => id === place);
  const avatar = document.querySelector(`.face input[value="${CSS.escape(who)}"] + .avatar`);
  $("place-name").textContent = current.name;
  $("place-topic").textContent = word(place === "home" ? "home_topic" : place.includes("#") ? "channel_topic" : "bot_topic");
  $("me-avatar").className = avatar.className;
  $("me-avatar").textContent = avatar.textContent;
  $("composer").hidden = place === "home";
  document.title = `${current.name} · Cercle`;
}

function ownConversation() {
  return place !== "home" && !place.includes("#");
}

function showHints(moved) {
  const fresh = ownConversation() && state.entries.length === 0;
  if (moved || fresh !== $("talk").classList.contains("fresh")) $("hints").open = fresh;
  $("talk").classList.toggle("fresh", fresh);
  $("hints").hidden = !ownConversation();
  const person = state.people.find(({ id }) => id === who);
  $("hints-who").textContent = `${person.name} · ${person.role}`;
  $("hints-advice").textContent = state.hints.advice;
  const groups = state.hints.groups.map(({ name, title, steps }) => make("section", { className: `group ${name}` },
    make("h3", { id: name, textContent: title }), make("ul", { "aria-labelledby": name }, ...steps.map(stepElement))));
  if ($("hints-groups").contains(document.activeElement)) return;
  $("hints-groups").replaceChildren(...groups);
}

function stepElement({ label, text, who: person, place: where }) {
  const step = text ? { "data-say": text } : { "data-who": person, "data-where": where };
  const button = make("button", { type: "button", ...step });
  button.append(label === text ? make("code", { textContent: label }) : label);
  return make("li", {}, button);
}

// The programme's time goes on between two looks at the server.
function showClock() {
  if (!state) return;
  const now = new Date(Date.parse(state.now) + Date.now() - state.heard);
  const format = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: state.zone };
  $("clock").dateTime = now.toISOString();
  $("clock").textContent = new Intl.DateTimeFormat(state.language === "fr" ? "fr-FR" : "en-GB", format).format(now);
  $("forward").hidden = !state.movable;
  for (const face of document.querySelectorAll(".face")) face.querySelector(".local").textContent = hour(now, face.dataset.zone);
}

setInterval(showClock, TICK);

$("forward").addEventListener("click", async (event) => {
  const button = event.target.closest("[data-by]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const { now } = await post("/playground/clock", { by: button.dataset.by });
    Object.assign(state, { now, heard: Date.now() });
    showClock();
    announce($("clock").textContent);
    await refresh();
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    complain(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

function hour(instant, zone = state.zone) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(instant));
}

function avatarOf(entry) {
  if (entry.who === "cercle") return make("span", { className: "avatar bot", "aria-hidden": "true" }, make("img", { src: "/playground/assets/cercle.svg", alt: "" }));
  const face = document.querySelector(`.face input[value="${CSS.escape(entry.who)}"] + .avatar`);
  return face.cloneNode(true);
}

function entryElement(entry) {
  const byline = make("p", { className: "byline" }, make("b", { textContent: entry.author }),
    make("time", { dateTime: entry.at, textContent: hour(entry.at) }));
  if (entry.private) byline.append(make("span", { className: "private", textContent: word("only_you") }));
  const item = make("li", { className: "entry", tabIndex: -1, "data-entry": entry.id, "data-version": entry.version, "data-language": state.language }, avatarOf(entry), byline);
  if (!entry.card) {
    item.append(make("p", { className: entry.spoken.startsWith("/") ? "typed command" : "typed" }, drawn(entry.html)));
    return item;
  }
  item.append(drawn(entry.html), elsewhere(entry.id));
  return item;
}

function elsewhere(entry) {
  const buttons = state.previews.map(({ id, name }) => make("button", { type: "button", "data-preview": id, "data-of": entry, "aria-expanded": "false", "aria-controls": "drawer", textContent: `${word("see_in")} ${name}` }));
  return make("div", { className: "elsewhere" }, ...buttons);
}

function showEntries(moved) {
  const list = $("entries");
  const scroll = $("scroll");
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  if (moved) list.replaceChildren();
  const shown = new Map([...list.children].map((item) => [item.dataset.entry, item]));
  const news = [];
  for (const entry of state.entries) {
    const item = shown.get(entry.id);
    shown.delete(entry.id);
    if (item && Number(item.dataset.version) === entry.version && item.dataset.language === state.language) continue;
    if (item) swap(item, entryElement(entry));
    else news.push(list.appendChild(entryElement(entry)));
  }
  for (const item of shown.values()) item.remove();
  $("empty").hidden = state.entries.length > 0;
  if (!moved) arrived(news);
  if (moved) scroll.scrollTop = state.entries.length > 2 ? scroll.scrollHeight : 0;
  else if (news.length && (atEnd || state.entries.at(-1)?.mine)) reveal(news.at(-1));
}

// The top of a card matters more than its end, when both do not fit.
function reveal(item) {
  const scroll = $("scroll");
  const end = () => item.scrollIntoView({ block: item.offsetHeight > scroll.clientHeight ? "start" : "end" });
  end();
  for (const image of item.querySelectorAll("img")) image.addEventListener("load", end, { once: true });
}

// A card drawn again under the reader's finger keeps the focus where it was.
function swap(before, after) {
  const action = before.contains(document.activeElement) ? document.activeElement.dataset.action ?? "" : null;
  const open = before.querySelector(".menu[open]") !== null;
  before.replaceWith(after);
  if (open) after.querySelector(".menu")?.setAttribute("open", "");
  if (action === null) return;
  (action && after.querySelector(`[data-action="${CSS.escape(action)}"]`) || after).focus({ preventScroll: true });
}

function arrived(items) {
  const heard = [];
  for (const item of items) {
    item.classList.add("arrived");
    const entry = state.entries.find(({ id }) => id === item.dataset.entry);
    if (!entry.mine) heard.push(`${entry.author} : ${entry.spoken}`);
  }
  if (heard.length) announce(heard.join(". "));
}

function complain(sentence) {
  $("problem").textContent = sentence;
  $("problem").hidden = !sentence;
}

// Going somewhere: the address after "#" says who one is and where

function goTo(person, where) {
  const end = !where || !where.includes("#") && where !== "home" ? "" : `/${where === "home" ? "home" : where.split("#")[1]}`;
  const hash = `#${person}${end}`;
  if (location.hash === hash) arrive();
  else location.hash = hash;
}

async function arrive() {
  const [person, where] = decodeURIComponent(location.hash.slice(1)).split("/");
  const faces = [...document.querySelectorAll(".face input")].map((input) => input.value);
  const before = who;
  who = faces.includes(person) ? person : faces[0];
  place = where === "home" ? "home" : where ? `playground:playground:#${where}` : "";
  complain("");
  if (before !== who) {
    closeDrawer();
    remember();
    listen();
  }
  await refresh();
  if (place === "home") await perform({ kind: "home" });
}

window.addEventListener("hashchange", arrive);

$("people").addEventListener("change", (event) => {
  goTo(event.target.value, place.includes("#") ? place : "");
});

$("people").addEventListener("click", (event) => {
  if (event.target.matches("input") && event.detail > 0) toggleSide(false); // A tap chooses; arrows still look.
});

$("places").addEventListener("click", (event) => {
  const button = event.target.closest("[data-place]");
  if (!button) return;
  goTo(who, button.dataset.place);
  toggleSide(false);
});

// Doing

async function perform(what, button) {
  complain("");
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await act(what);
    if (answer.form) openForm(answer.form, button);
    else if (answer.place && answer.place !== place) goTo(who, answer.place);
    else await refresh();
    return answer;
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    complain(error.message);
    return null;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

$("entries").addEventListener("click", (event) => {
  const preview = event.target.closest("[data-preview]");
  if (preview) return showPreview(preview.dataset.preview, preview.dataset.of, preview);
  const button = event.target.closest("[data-action]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  const entry = button.closest("[data-entry]").dataset.entry;
  closeMenus();
  perform({ kind: "click", action: button.dataset.action, entry }, button);
});

function closeMenus(except) {
  for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== except) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target.closest(".menu")));
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.classList?.contains("menu") || !menu.open) return;
  const box = menu.getBoundingClientRect();
  menu.classList.toggle("to-left", box.left + 250 > document.documentElement.clientWidth);
  menu.querySelector(".choices").scrollIntoView({ block: "nearest" });
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(".menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if ($("side").classList.contains("open")) toggleSide(false);
  else if (!$("drawer").hidden && !$("dialog").open && $("suggestions").hidden) closeDrawer();
});

function toggleSide(open) {
  $("side").classList.toggle("open", open);
  $("me").setAttribute("aria-expanded", String(open));
  const narrow = getComputedStyle($("me")).display !== "none";
  if (narrow) (open ? document.querySelector(".face :checked") : $("me"))?.focus();
}

$("me").addEventListener("click", () => toggleSide(!$("side").classList.contains("open")));
$("side-close").addEventListener("click", () => toggleSide(false));

// Forms

let opener = null;

function openForm(html, button) {
  const dialog = $("dialog");
  closeDrawer();
  if (button) opener = { entry: button.closest("[data-entry]")?.dataset.entry, action: button.dataset.action };
  dialog.replaceChildren(drawn(html));
  dialog.querySelector("footer").prepend(elsewhere("form"));
  for (const input of dialog.querySelectorAll("[data-max]")) count(input);
  if (!dialog.open) dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid]");
  if (wrong) wrong.focus();
  else begin(dialog.querySelector(".parts"), dialog.querySelector("h2"));
}

// What stands above the first input is there to be read: a form begins at its top.
function begin(parts, heading) {
  parts.scrollTop = 0;
  const first = parts.querySelector("input, textarea, select");
  const below = !first || first.getBoundingClientRect().bottom > parts.getBoundingClientRect().bottom;
  heading.tabIndex = -1;
  (below ? heading : first).focus({ preventScroll: true });
}

function count(input) {
  const counter = $(`count-${input.dataset.input}`);
  const length = [...input.value].length;
  counter.firstChild.textContent = `${length} / ${input.dataset.max}`;
  counter.classList.toggle("over", length > input.dataset.max);
  counter.classList.toggle("far", input.tagName === "INPUT" && length < input.dataset.max * WORTH_COUNTING);
  if (length > input.dataset.max * NEARLY_FULL) counter.setAttribute("aria-live", "polite");
  else counter.removeAttribute("aria-live");
}

function answersOf(form) {
  const answers = {};
  for (const input of form.querySelectorAll("[data-input]")) {
    const { input: name, kind } = input.dataset;
    if (kind === "toggle") answers[name] = input.checked;
    else if (kind === "radio") answers[name] = input.querySelector(":checked")?.value ?? "";
    else if (kind === "many") answers[name] = [...input.querySelectorAll(":checked")].map(({ value }) => value);
    else answers[name] = input.value;
  }
  return answers;
}

$("dialog").addEventListener("input", (event) => {
  if (event.target.dataset.max) count(event.target);
});

$("dialog").addEventListener("click", (event) => {
  const preview = event.target.closest("[data-preview]");
  if (preview) showPreview(preview.dataset.preview, "form", preview);
  else if (event.target.closest("[data-close]")) $("dialog").close();
});

$("dialog").addEventListener("cancel", (event) => {
  if ($("drawer").hidden) return;
  event.preventDefault();
  closeDrawer();
});

$("dialog").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("[type=submit]");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await act({ kind: "submit", action: form.dataset.action, answers: answersOf(form) });
    if (answer.form) return openForm(answer.form);
    $("dialog").close();
    if (answer.place !== place) goTo(who, answer.place);
    else await refresh();
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    form.querySelector(".alert")?.remove();
    form.querySelector("h2").after(make("p", { className: "alert", role: "alert", textContent: error.message }));
  } finally {
    button.removeAttribute("aria-busy");
  }
});

$("dialog").addEventListener("close", () => {
  closeDrawer();
  const entry = opener?.entry && document.querySelector(`[data-entry="${CSS.escape(opener.entry)}"]`);
  const button = entry && document.querySelector(`[data-entry="${CSS.escape(opener.entry)}"] [data-action="${CSS.escape(opener.action)}"]`);
  (button || entry || $("line")).focus();
  opener = null;
});

// How it looks elsewhere

async function showPreview(id, entry, button) {
  try {
    const query = new URLSearchParams({ who, place, entry, in: id });
    const preview = await ask(`/playground/preview?${query}`);
    previewed = { id, entry, ...preview };
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    return complain(error.message);
  }
  complain("");
  $("drawer-title").textContent = `${word("see_in")} ${previewed.name}`;
  $("payload").textContent = previewed.json;
  $("open").href = previewed.link;
  $("open").textContent = `${word("open_in")} ${previewed.tool} ↗`;
  $("copy").textContent = word("copy");
  $("paste").hidden = previewed.carries;
  $("drawer-tabs").replaceChildren(...state.previews.map((other) => make("button", { type: "button", "data-tab": other.id, "aria-pressed": String(other.id === id), textContent: other.name })));
  if (entry === "form") $("dialog").append($("drawer")); // Only what is inside an open dialog can be used.
  $("drawer").hidden = false;
  $("frame").classList.add("with-drawer");
  for (const other of document.querySelectorAll("[data-preview]")) other.setAttribute("aria-expanded", String(other.dataset.of === entry && other.dataset.preview === id));
  if (button) $("drawer-title").focus();
  button?.closest(".entry")?.scrollIntoView({ block: "nearest" });
}

function closeDrawer() {
  if ($("drawer").hidden) return;
  const inside = $("drawer").contains(document.activeElement);
  $("drawer").hidden = true;
  $("frame").append($("drawer"));
  $("frame").classList.remove("with-drawer");
  const button = document.querySelector('[data-preview][aria-expanded="true"]');
  button?.setAttribute("aria-expanded", "false");
  if (inside) (button ?? $("line")).focus();
}

$("drawer-close").addEventListener("click", closeDrawer);
$("drawer-tabs").addEventListener("click", async (event) => {
  const tab = event.target.closest("[data-tab]");
  if (!tab) return;
  await showPreview(tab.dataset.tab, previewed.entry, null);
  document.querySelector(`[data-tab="${CSS.escape(tab.dataset.tab)}"]`).focus();
});

async function copyPayload() {
  try {
    await navigator.clipboard.writeText(previewed.json);
    $("copy").textContent = word("copied");
    announce(word("copied"));
  } catch {
    getSelection().selectAllChildren($("payload")); // No clipboard outside https: ready for Ctrl+C.
  }
}

$("copy").addEventListener("click", copyPayload);
$("open").addEventListener("click", () => {
  if (!previewed.carries) copyPayload();
});

// The line one types in

function remember() {
  typed.lines = JSON.parse(sessionStorage.getItem(`typed ${who}`) ?? "[]");
  typed.at = typed.lines.length;
  typed.draft = "";
}

function keep(text) {
  typed.lines = [...typed.lines.filter((line) => line !== text), text].slice(-HISTORY);
  typed.at = typed.lines.length;
  sessionStorage.setItem(`typed ${who}`, JSON.stringify(typed.lines));
}

function recall(step) {
  const line = $("line");
  if (typed.at === typed.lines.length) typed.draft = line.value;
  typed.at = Math.max(0, Math.min(typed.lines.length, typed.at + step));
  line.value = typed.lines[typed.at] ?? typed.draft;
  line.setSelectionRange(line.value.length, line.value.length);
}

let chosen = -1;

function matches() {
  const text = $("line").value;
  if (!text.startsWith("/")) return [];
  const begun = text.replace(/^\/(c(e(r(c(le?)?)?)?)?)?\s*/i, "").toLowerCase();
  if (begun.includes(" ") || text.length > 1 && !"/cercle ".startsWith(text.slice(0, 8).toLowerCase())) return [];
  return state.verbs.filter(({ name }) => name.startsWith(begun) && `/cercle ${name}` !== text.trim());
}

function suggest() {
  const found = state ? matches() : [];
  chosen = -1;
  const items = found.map(({ name, hint }, index) => make("li", { id: `verb-${index}`, role: "option", "aria-selected": "false", "data-verb": name },
    make("code", { textContent: `/cercle ${name}` }), make("span", { textContent: hint })));
  $("suggestions").replaceChildren(...items);
  $("suggestions").hidden = items.length === 0;
  $("line").setAttribute("aria-expanded", String(items.length > 0));
  $("line").removeAttribute("aria-activedescendant");
}

function choose(index) {
  const items = [...$("suggestions").children];
  chosen = (index + items.length) % items.length;
  items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
  items[chosen].scrollIntoView({ block: "nearest" });
  $("line").setAttribute("aria-activedescendant", items[chosen].id);
}

function fill(text) {
  const line = $("line");
  line.value = text;
  line.focus();
  line.setSelectionRange(text.length, text.length);
  suggest();
}

function closeSuggestions() {
  $("suggestions").hidden = true;
  $("line").setAttribute("aria-expanded", "false");
  $("line").removeAttribute("aria-activedescendant");
  chosen = -1;
}

$("line").addEventListener("input", suggest);
$("line").addEventListener("blur", () => setTimeout(closeSuggestions, 150));
$("line").addEventListener("keydown", (event) => {
  const open = !$("suggestions").hidden;
  const items = $("suggestions").children;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    event.preventDefault();
    if (open) choose(chosen < 0 && step < 0 ? items.length - 1 : chosen + step);
    else recall(step);
  } else if (event.key === "Escape" && open) {
    event.stopPropagation();
    closeSuggestions();
  } else if ((event.key === "Enter" || event.key === "Tab") && open && chosen >= 0) {
    event.preventDefault();
    fill(`/cercle ${items[chosen].dataset.verb} `);
    closeSuggestions();
  }
});

$("suggestions").addEventListener("mousedown", (event) => {
  const item = event.target.closest("[data-verb]");
  event.preventDefault();
  if (item) fill(`/cercle ${item.dataset.verb} `);
  closeSuggestions();
});

$("hints-groups").addEventListener("click", (event) => {
  const step = event.target.closest("button")?.dataset;
  if (!step) return;
  $("line").focus();
  $("hints").open = false;
  if (step.say) say(step.say);
  else goTo(step.who, step.where);
});

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const line = $("line");
  const text = line.value.trim();
  if (!text) return;
  line.value = "";
  const answer = await say(text);
  if (answer === null && !line.value) line.value = text;
});

function say(text) {
  closeSuggestions();
  keep(text);
  return perform({ kind: "say", text }, $("send"));
}

arrive();
