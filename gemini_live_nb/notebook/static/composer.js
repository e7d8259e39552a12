// The foot of the panel: type, hold to talk, stop the model's voice.

import { GONE } from "./comm.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {object} State as Python tells it
 * @property {boolean} manual push-to-talk: the user says when they speak
 * @property {boolean} speaking the model is being heard
 * @property {string} placeholder
 * @property {boolean} [gone] by the page's own knowledge: nobody would take the words
 */

export default () => {
  /** @type {State} */
  let state = { manual: false, speaking: false, placeholder: "Type a message" };
  /** @type {import("./link.js").Link} */
  let wire;
  /** @type {Set<() => void>} */
  const views = new Set();
  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message) => {
        state = /** @type {any} */ (message);
        for (const view of views) view();
      });
      wire.parted(() => {
        state = { manual: false, speaking: false, gone: true, placeholder: GONE };
        for (const view of views) view();
      });
    },
    /** @param {{ el: HTMLElement }} given */
    render({ el }) {
      const view = composer(el, wire, () => state);
      views.add(view.update);
      view.update();
      return () => {
        views.delete(view.update);
        view.stop();
      };
    },
  };
};

/** @param {HTMLElement} el @param {import("./link.js").Link} wire @param {() => State} now */
function composer(el, wire, now) {
  const section = root(el, "composer", "Say something");
  const talk = h("button", { type: "button", class: "glnb-button glnb-talk", title: "Hold this button, or the space bar, while you speak", "aria-pressed": "false" }, icon("mic"), h("span", { text: "Hold to talk" }));
  const text = /** @type {HTMLTextAreaElement} */ (h("textarea", { class: "glnb-field glnb-text", rows: "1", "aria-label": "Message", spellcheck: "true" }));
  const send = h("button", { type: "button", class: "glnb-button glnb-square", title: "Send (Enter)", "aria-label": "Send", on: { click: submit } }, icon("send"));
  const hush = h("button", { type: "button", class: "glnb-button glnb-hush", title: "Stop the model's voice", on: { click: () => wire.send("interrupt") } }, icon("speakerOff"), h("span", { text: "Stop voice" }));
  section.append(talk, text, send, hush);
  let held = false;

  function submit() {
    const words = text.value.trim();
    if (!words) return;
    wire.send("text", { text: words });
    text.value = "";
    fit();
  }

  function fit() {
    text.style.height = "auto";
    text.style.height = `${Math.min(140, text.scrollHeight + 2)}px`;
  }

  /** @param {boolean} on */
  function hold(on) {
    if (on === held || (on && !now().manual)) return;
    held = on;
    wire.send(on ? "talk" : "hush");
    talk.setAttribute("aria-pressed", String(on));
    talk.classList.toggle("glnb-live", on);
  }

  text.addEventListener("input", fit);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  talk.addEventListener("pointerdown", (event) => {
    talk.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) talk.addEventListener(end, () => hold(false));

  // The space bar talks while the panel has the focus, unless it types or presses something there.
  const panel = () => section.closest(".glnb-panel") ?? section;
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.code !== "Space" || !now().manual) return;
    const at = /** @type {HTMLElement} */ (event.target);
    if (at !== talk && at.closest("button, input, textarea, select, summary, a")) return;
    if (!panel().contains(at)) return;
    event.preventDefault();
    hold(event.type === "keydown");
  };
  const release = () => hold(false);
  addEventListener("keydown", key, true);
  addEventListener("keyup", key, true);
  addEventListener("blur", release);

  return {
    stop() {
      hold(false);
      removeEventListener("keydown", key, true);
      removeEventListener("keyup", key, true);
      removeEventListener("blur", release);
    },
    update() {
      const { manual, speaking, placeholder, gone = false } = now();
      talk.hidden = !manual;
      hush.hidden = false;
      /** @type {HTMLButtonElement} */ (hush).disabled = !speaking;
      text.placeholder = placeholder;
      text.disabled = gone;
      /** @type {HTMLButtonElement} */ (send).disabled = gone;
    },
  };
}
