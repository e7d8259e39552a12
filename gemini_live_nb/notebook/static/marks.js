// A mark in the corner of the page for what is captured, or waits for a click, while no view of it is on show.

import { h } from "./dom.js";

/** @type {Map<object, HTMLElement>} */
const SHOWN = (/** @type {any} */ (globalThis)[Symbol.for("gemini-live-nb.marks")] ??= new Map());

/**
 * @param {object} owner
 * @param {null | { text: string, live: boolean, button: string, click: () => void }} wish null takes it away
 */
export function mark(owner, wish) {
  SHOWN.get(owner)?.remove();
  SHOWN.delete(owner);
  if (wish) {
    const button = h("button", { class: "glnb-button", text: wish.button, on: { click: wish.click } });
    const dot = wish.live && h("span", { class: "glnb-dot", "aria-hidden": "true" });
    SHOWN.set(owner, h("div", { class: "glnb-mark", role: "status" }, dot, h("span", { text: wish.text }), button));
  }
  let corner = document.querySelector(".glnb-corner");
  if (!SHOWN.size) corner?.remove();
  else if (!corner) document.body.append((corner = h("div", { class: "glnb glnb-corner" })));
  corner?.append(...SHOWN.values());
}
