// Long enough to read one line and to say "stay here"; any touch of the page says so too.
const FORWARD_AFTER = 1500;

const element = (id) => document.getElementById(id);
const share = element("share");
const text = element("text");
const open = element("open");
const leaving = element("leaving");

const say = (words) => { element("said").textContent = words; };

async function copy() {
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    text.select();
    if (!document.execCommand("copy")) {
      say(share.dataset.select);
      return false;
    }
  }
  say(share.dataset.copied);
  return true;
}

// The mark in the address makes this page, when one comes back to it, a place to be and not to pass.
function go() {
  history.replaceState(null, "", "#stay");
  location.assign(open.href);
}

let timer;

function stay() {
  clearTimeout(timer);
  leaving.hidden = true;
}

function arrivedByClick() {
  const [arrival] = performance.getEntriesByType("navigation");
  return location.hash !== "#stay" && (!arrival || arrival.type === "navigate");
}

function forward() {
  if (document.visibilityState !== "visible") {
    document.addEventListener("visibilitychange", forward, { once: true });
    return;
  }
  leaving.hidden = false;
  timer = setTimeout(go, FORWARD_AFTER);
}

element("by-hand").hidden = true;
element("copy").hidden = false;
element("copy").addEventListener("click", copy);

const sheet = { text: text.value };
if (navigator.share && (!navigator.canShare || navigator.canShare(sheet))) {
  element("sheet").hidden = false;
  element("sheet").addEventListener("click", () => navigator.share(sheet).catch(() => {}));
}

if (open?.dataset.copyFirst) {
  open.textContent = open.dataset.copyFirst;
  open.addEventListener("click", async (event) => {
    event.preventDefault();
    if (await copy() || open.dataset.refused) go();
    open.dataset.refused = "yes";
  });
}

for (const touch of ["pointerdown", "keydown"]) {
  document.addEventListener(touch, (event) => { if (event.target !== open) stay(); });
}
element("stay").addEventListener("click", stay);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) stay();
  else if (open && "forward" in open.dataset && arrivedByClick()) forward();
});
