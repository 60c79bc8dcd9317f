/** Messages and modals (JSON on stdin, by name) as one HTML page on stdout, drawn by slack-blocks-to-jsx. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { createElement as h } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const { payloads, users } = JSON.parse(await text(process.stdin));
const style = readFileSync(new URL("node_modules/slack-blocks-to-jsx/dist/style.css", import.meta.url), "utf8");

const logo = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><circle cx='4.5' cy='4.5' r='4' fill='%231f4b43'/></svg>";

/** The library takes `verbatim` for "no markup"; Slack still reads its own <…>, * and _, and only invents no links. */
function legible(node) {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map(legible);
  const kept = Object.entries(node).filter(([name]) => name !== "verbatim");
  return Object.fromEntries(kept.map(([name, inner]) => [name, legible(inner)]));
}

function button(object) {
  return h("button", null, object.text);
}

/** The library draws no frame around a modal: title above, submit and close below. */
function framed({ payload, message }) {
  if (payload.type !== "modal") return message;
  const foot = h("footer", null, button(payload.close), button(payload.submit));
  return h("div", { className: "modal" }, h("h2", null, payload.title.text), message, foot);
}

function drawn([name, payload]) {
  const message = h(Message, {
    blocks: legible(payload.blocks),
    logo,
    name: "Cercle",
    time: new Date("2026-11-22T09:00:00Z"),
    theme: "light",
    data: { users },
    withoutWrapper: payload.type === "modal",
  });
  return h("section", { key: name, id: name }, h("h1", null, name), framed({ payload, message }));
}

const page = h(
  "html",
  { lang: "en" },
  h(
    "head",
    null,
    h("meta", { charSet: "utf-8" }),
    h("title", null, "Slack"),
    h("style", { dangerouslySetInnerHTML: { __html: style } }),
    h("style", null, "body { font-family: sans-serif; width: 720px; margin: 16px } h1 { font: 12px monospace; color: #999; margin: 24px 0 8px } h2 { font-weight: 700 } footer { display: flex; gap: 8px; justify-content: flex-end } footer button { border: 1px solid #aaa; border-radius: 4px; padding: 4px 12px; font-weight: 700 } .modal { border: 1px solid #ddd; border-radius: 8px; padding: 16px }"),
  ),
  h("body", null, Object.entries(payloads).map(drawn)),
);

process.stdout.write("<!doctype html>" + renderToStaticMarkup(page));
