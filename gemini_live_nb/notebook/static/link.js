// One widget model's talk with Python. Messages down are numbered, so that a page that missed some (it was reloaded, say)
// notices and asks for everything again; messages up go over a comm of our own, which a busy kernel still serves.

import { openComm } from "./comm.js";
import { h } from "./dom.js";

/** The comm target that `view.py` registers. A comm the page opens is served by a thread of its own on ipykernel 7. */
const TARGET = "gemini_live_nb.view";

/**
 * @typedef {{ kind: string, n?: number, re?: number, [field: string]: any }} Message
 * @typedef {DataView<ArrayBuffer>} Bytes
 * @typedef {object} Link
 * @property {(kind: string, fields?: object, buffers?: ArrayBuffer[]) => void} send
 * @property {(kind: string, fields?: object) => Promise<{ message: Message, buffers: Bytes[] }>} ask one answer from Python
 * @property {(fn: (message: Message, buffers: Bytes[]) => void) => () => void} listen returns the way to stop
 * @property {(fn: () => void) => void} parted be told when the kernel is gone, and all that Python said with it
 */

/**
 * @param {any} model anywidget's model
 * @returns {Link}
 */
export function link(model) {
  /** @type {Set<(message: Message, buffers: Bytes[]) => void>} */
  const listeners = new Set();
  /** @type {Map<number, (answer: { message: Message, buffers: Bytes[] }) => void>} */
  const waiting = new Map();
  let last = 0;
  let whole = false;
  let asked = 0;

  /** @type {Set<() => void>} */
  const left = new Set();
  const up = uplink(model, () => { for (const fn of left) fn(); });
  /** @type {Link["send"]} */
  const send = (kind, fields = {}, buffers = []) => up({ kind, ...fields }, buffers);
  const hello = () => send("hello");

  model.on("msg:custom", (/** @type {Message} */ message, /** @type {any[]} */ raw = []) => {
    const buffers = raw.map(view);
    if (message.re !== undefined) {
      waiting.get(message.re)?.({ message, buffers });
      waiting.delete(message.re);
      return;
    }
    if (message.kind === "all" || message.kind === "again") {
      // "again" is for a page that missed something.
      const known = message.kind === "again" && whole && message.n === last + 1;
      last = message.n ?? 0;
      whole = true;
      message.kind = "all";
      if (known) return;
    } else if (message.n !== last + 1 || !(whole || message.n === 1)) {
      if (whole) hello();
      whole = false;
      return;
    } else {
      last = message.n;
      whole = true;
    }
    for (const listener of listeners) listener(message, buffers);
  });
  // Also sent where the first messages are on their way: a page that came later has no other way to know.
  hello();
  // Fires when a restarted kernel takes the widget's comm away: ours is gone with it, and throws.
  model.on("comm_live_update", () => setTimeout(hello));

  return {
    send,
    ask(kind, fields = {}) {
      const re = ++asked;
      return new Promise((resolve) => {
        waiting.set(re, resolve);
        send(kind, { ...fields, re });
      });
    },
    listen(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    parted(fn) {
      left.add(fn);
    },
  };
}

/**
 * The way up: a comm of our own; where none can be had, and when it has died, messages take the widget's.
 * @param {any} model
 * @param {() => void} gone called when nothing can be sent any more
 */
function uplink(model, gone) {
  /** @type {any} */
  let comm = null;
  /** @type {[object, ArrayBuffer[]][]} */
  let held = [];
  let plain = false;

  const flush = () => {
    const now = held;
    held = [];
    for (const [message, buffers] of now) transmit(message, buffers);
  };
  /** @param {object} message @param {ArrayBuffer[]} buffers */
  const transmit = (message, buffers) => {
    try {
      if (plain) model.send(message, undefined, buffers);
      else if (comm) comm.send(message, undefined, {}, buffers);
      else held.push([message, buffers]);
    } catch {
      plain = true;
      gone();
    }
  };

  (async () => {
    try {
      comm = await openComm(model.widget_manager, TARGET, { owner: model.get("_view_id") });
      comm.on_close(() => { comm = null; plain = true; });
    } catch {
      plain = true;
    }
    flush();
  })();
  return transmit;
}

/** Buffers come as DataView in JupyterLab and as Uint8Array in Colab. @param {any} buffer @returns {import("./link.js").Bytes} */
function view(buffer) {
  if (buffer instanceof DataView) return /** @type {import("./link.js").Bytes} */ (buffer);
  return new DataView(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
}

/**
 * The root element of a view, and the tidying up anywidget wants back.
 * @param {HTMLElement} el
 * @param {string} name
 * @param {string} label
 */
export function root(el, name, label) {
  el.classList.add("glnb-host");
  const section = h("section", { class: `glnb glnb-${name}`, "aria-label": label });
  el.append(section);
  keepKeys(section);
  return section;
}

/**
 * JupyterLab takes single keys for commands ("a" adds a cell) wherever the focus is not in a text field; inside our views they are
 * ours. Combinations such as Ctrl+S stay the application's: it looks for this attribute, after us.
 * @param {HTMLElement} section
 */
function keepKeys(section) {
  section.setAttribute("data-lm-suppress-shortcuts", "true");
  section.addEventListener("focusin", () => addEventListener("keydown", choose, true));
  section.addEventListener("focusout", () => removeEventListener("keydown", choose, true));
  /** @param {KeyboardEvent} event */
  function choose(event) {
    section.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter")));
  }
}
