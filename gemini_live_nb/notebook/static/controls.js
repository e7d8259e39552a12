// The head of the panel: connect and stop, what is going on in words, the figures, the drawers, and whatever went wrong.

import { GONE } from "./comm.js";
import { h, said, seen } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {object} Notice
 * @property {number} id
 * @property {"bad"|"warn"|"info"} level
 * @property {string} title
 * @property {string} text
 * @property {string} hint
 * @property {string} trace
 *
 * @typedef {object} State as Python tells it
 * @property {"off"|"opening"|"on"|"mending"|"gone"} phase gone: by the page's own knowledge, with the kernel
 * @property {string} words
 * @property {string} banner
 * @property {string[]} capturing "microphone", "camera", "screen"
 * @property {number|null} elapsed seconds, null where no session runs
 * @property {[name: string, value: string, title: string][]} facts
 * @property {Notice[]} notices
 * @property {number} findings how many things the diagnosis has to say
 */

const DRAWERS = [["messages", "list", "Messages"], ["settings", "settings", "Settings"], ["diagnosis", "help", "Why is nothing happening?"]];

export default () => {
  /** @type {State & { arrived: number }} */
  let state = { phase: "off", words: "", banner: "", capturing: [], elapsed: null, facts: [], notices: [], findings: 0, arrived: 0 };
  /** @type {import("./link.js").Link} */
  let wire;
  /** @type {Set<() => void>} */
  const views = new Set();

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message) => {
        state = { .../** @type {any} */ (message), arrived: performance.now() };
        for (const view of views) view();
      });
      wire.parted(() => {
        state = { ...state, phase: "gone", words: GONE, capturing: [], elapsed: null, findings: 0 };
        for (const view of views) view();
      });
      // A session that no page shows any more ends after a while.
      wire.send("here");
      const beat = setInterval(() => wire.send("here"), 15_000);
      const leave = () => wire.send("bye");
      addEventListener("pagehide", leave);
      return () => {
        clearInterval(beat);
        removeEventListener("pagehide", leave);
      };
    },
    /** @param {{ el: HTMLElement }} given */
    render({ el }) {
      const view = controls(el, wire, () => state);
      views.add(view.update);
      view.update();
      return () => {
        views.delete(view.update);
        view.stop();
      };
    },
  };
};

/** @param {HTMLElement} el @param {import("./link.js").Link} wire @param {() => State & { arrived: number }} now */
function controls(el, wire, now) {
  const section = root(el, "controls", "Live session");
  const connect = h("button", { type: "button", class: "glnb-button glnb-primary glnb-connect", on: { click: press } });
  const dot = h("span", { class: "glnb-lamp", "aria-hidden": "true" });
  const words = h("span", { class: "glnb-words", role: "status" });
  const onair = h("span", { class: "glnb-onair", hidden: true });
  const clock = h("span", { class: "glnb-fact", title: "Time since the session began" });
  const facts = h("span", { class: "glnb-facts" }, clock);
  const tabs = h("span", { class: "glnb-tabs", role: "group", "aria-label": "Drawers" });
  const banner = h("p", { class: "glnb-banner", hidden: true });
  const notices = h("div", { class: "glnb-notices", role: "log", "aria-label": "Problems" });
  const badge = h("span", { class: "glnb-badge", hidden: true });
  section.append(h("div", { class: "glnb-head" }, connect, dot, words, onair, facts, tabs), banner, notices);
  /** @type {Map<number, HTMLElement>} */
  const told = new Map();
  const ticking = setInterval(tick, 1000);
  /** @type {string[]} */
  let shown = [];

  for (const [name, picture, label] of DRAWERS) {
    const button = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", title: label, "aria-label": label, "aria-pressed": "false", dataset: { drawer: name }, on: { click: () => open(name) } }, icon(picture));
    // Where there is room the button says it; the question is too long for one.
    button.append(name === "diagnosis" ? badge : h("span", { class: "glnb-tab-word", text: label }));
    tabs.append(button);
  }

  /** Opens one drawer of the panel around us, or closes it. @param {string} name */
  function open(name) {
    const panel = /** @type {HTMLElement | null} */ (section.closest(".glnb-panel"));
    if (!panel) return;
    panel.dataset.drawer = panel.dataset.drawer === name ? "" : name;
    for (const button of tabs.children) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.drawer === panel.dataset.drawer));
    // A drawer opens below the conversation, which may be below the edge of the window.
    requestAnimationFrame(() => panel.querySelector(`.glnb-drawer-${panel.dataset.drawer || "none"}`)?.scrollIntoView({ block: "nearest" }));
  }

  function press() {
    wire.send(now().phase === "off" ? "connect" : "stop");
    /** @type {HTMLButtonElement} */ (connect).disabled = true;
    setTimeout(() => { /** @type {HTMLButtonElement} */ (connect).disabled = now().phase === "gone"; }, 3000);
  }

  function tick() {
    const { elapsed, arrived } = now();
    clock.hidden = elapsed === null;
    if (elapsed === null) return;
    const seconds = Math.floor(elapsed + (performance.now() - arrived) / 1000);
    const minutes = Math.floor(seconds / 60);
    clock.textContent = `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  }

  /** @param {State} state */
  function figures(state) {
    const wanted = state.facts.map((fact) => fact.join("\n"));
    if (wanted.join() === shown.join()) return;
    shown = wanted;
    facts.replaceChildren(clock, ...state.facts.map(([name, value, title]) => h("span", { class: `glnb-fact glnb-fact-${name}`, title, text: seen(value) })));
  }

  return {
    stop: () => clearInterval(ticking),
    update() {
      const state = now();
      const gone = state.phase === "gone";
      const off = gone || state.phase === "off";
      connect.replaceChildren(icon(off ? "play" : "stop"), h("span", { text: off ? "Connect" : "Stop" }));
      connect.classList.toggle("glnb-primary", off);
      /** @type {HTMLButtonElement} */ (connect).disabled = gone;
      dot.dataset.phase = state.phase;
      if (words.textContent !== seen(state.words)) words.textContent = seen(state.words);
      onair.hidden = state.capturing.length === 0;
      onair.textContent = state.capturing.length ? `live: ${state.capturing.join(", ")}` : "";
      banner.hidden = !state.banner;
      banner.textContent = seen(state.banner);
      figures(state);
      tick();
      badge.hidden = state.findings === 0;
      badge.textContent = String(state.findings);
      for (const [id, shown] of told) if (!state.notices.some((notice) => notice.id === id)) { shown.remove(); told.delete(id); }
      for (const one of state.notices) {
        if (told.has(one.id)) continue;
        const shown = notice(one, () => wire.send("dismiss", { id: one.id }));
        told.set(one.id, shown);
        notices.append(shown);
      }
    },
  };
}

/** @param {Notice} one @param {() => void} dismiss */
function notice(one, dismiss) {
  const close = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", title: "Dismiss", "aria-label": "Dismiss", on: { click: dismiss } }, icon("cross"));
  const body = h("div", { class: "glnb-about" }, said("strong", one.title), one.text ? said("p", one.text) : null, one.hint ? said("p", one.hint, { class: "glnb-hint" }) : null);
  if (one.trace) body.append(h("details", {}, h("summary", { text: "Traceback" }), said("pre", one.trace, { tabindex: "0", "aria-label": "Traceback" })));
  return h("div", { class: "glnb-notice", dataset: { level: one.level } }, icon(one.level === "info" ? "info" : "warn"), body, close);
}
