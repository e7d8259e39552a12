// A card for every tool call: what was asked, what came of it, and the two buttons where the tool wants a yes.

import { h, said, seen } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {object} Call as Python tells it
 * @property {string} key one per call and connection
 * @property {string} id the wire's
 * @property {string} name
 * @property {[string, string][]} args name and JSON text
 * @property {string} state asked, running, done, failed, cancelled, denied, timed out
 * @property {string} words the state in words
 * @property {string} result
 * @property {string} error
 * @property {string} prints
 * @property {string} took "0.42 s"
 * @property {number|null} since for a running one: seconds before the message was sent
 * @property {boolean} cut whether texts were shortened
 * @property {number} [began] on the page's clock
 *
 * @typedef {import("./link.js").Link} Link
 */

/** @type {Record<string, string>} */
const LOOKS = { asked: "hand", running: "clock", done: "check", failed: "warn", cancelled: "cross", denied: "cross" };

export default () => {
  /** @type {Map<string, Call>} */
  const calls = new Map();
  let total = 0;
  /** @type {Link} */
  let wire;
  /** @type {Set<(changed: string[] | null) => void>} */
  const views = new Set();

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message) => {
        if (message.kind === "all") calls.clear();
        total = message.total;
        for (const call of /** @type {Call[]} */ (message.calls)) {
          if (call.since !== null) call.began = performance.now() - 1000 * call.since;
          calls.set(call.key, call);
        }
        for (const view of views) view(message.kind === "all" ? null : message.calls.map((/** @type {Call} */ call) => call.key));
      });
    },
    /** @param {{ model: any, el: HTMLElement }} given */
    render({ model, el }) {
      const view = toolcalls(el, wire, calls, () => total);
      const size = () => { view.section.style.height = model.get("height"); };
      model.on("change:height", size);
      size();
      views.add(view.update);
      view.update(null);
      return () => {
        views.delete(view.update);
        view.stop();
      };
    },
  };
};

/** @param {HTMLElement} el @param {Link} wire @param {Map<string, Call>} calls @param {() => number} total */
function toolcalls(el, wire, calls, total) {
  const section = root(el, "toolcalls", "Tool calls");
  const count = h("span", { class: "glnb-count" });
  const list = h("div", { class: "glnb-calls", role: "list", tabindex: "0", "aria-label": "Tool calls, newest first" });
  const empty = h("p", { class: "glnb-empty", text: "No tool has been called yet." });
  const older = h("button", { type: "button", class: "glnb-button glnb-plain", text: "Earlier calls", hidden: true, on: { click: loadOlder } });
  const waits = h("div", { class: "glnb-unseen", role: "alert" });
  section.append(h("header", { class: "glnb-heading" }, icon("tool"), h("span", { text: "Tool calls" }), count), list, waits);
  list.append(empty, older);
  /** @type {Map<string, ReturnType<typeof card>>} */
  const cards = new Map();
  const clock = window.setInterval(() => {
    for (const [key, shown] of cards) {
      const call = calls.get(key);
      if (call?.state === "running") shown.tick(call);
    }
  }, 500);

  async function loadOlder() {
    const { message } = await wire.ask("older", { shown: cards.size });
    for (const call of message.calls) {
      if (!calls.has(call.key)) calls.set(call.key, call);
      if (!cards.has(call.key)) place(call, true);
    }
    older.hidden = cards.size >= total();
  }

  /** @param {Call} call @param {boolean} last */
  function place(call, last) {
    const shown = card(call, wire);
    cards.set(call.key, shown);
    if (last) older.before(shown.el);
    else list.prepend(shown.el);
    return shown;
  }

  return {
    section,
    stop: () => clearInterval(clock),
    /** @param {string[] | null} changed */
    update(changed) {
      if (changed === null) {
        for (const shown of cards.values()) shown.el.remove();
        cards.clear();
      }
      for (const key of changed ?? calls.keys()) {
        const call = /** @type {Call} */ (calls.get(key));
        const shown = cards.get(key) ?? place(call, false);
        if (shown.show(call)) waits.textContent = `${seen(call.name)} waits for your approval`;
      }
      empty.hidden = cards.size > 0;
      older.hidden = cards.size >= total();
      count.textContent = total() ? String(total()) : "";
    },
  };
}

/** @param {Call} first @param {Link} wire */
function card(first, wire) {
  const look = h("span", { class: "glnb-look" });
  const state = h("span", { class: "glnb-state" });
  const took = h("span", { class: "glnb-took" });
  const args = h("dl", { class: "glnb-args" });
  const prints = said("pre", "", { class: "glnb-prints", tabindex: "0", "aria-label": "What it printed" });
  const result = said("pre", "", { class: "glnb-result", tabindex: "0", "aria-label": "Result" });
  const whole = h("button", { type: "button", class: "glnb-button glnb-plain glnb-whole", text: "Show all of it", hidden: true, on: { click: showWhole } });
  const yes = h("button", { type: "button", class: "glnb-button glnb-primary", on: { click: () => answer(true) } }, icon("check"), h("span", { text: "Approve" }));
  const no = h("button", { type: "button", class: "glnb-button", on: { click: () => answer(false) } }, icon("cross"), h("span", { text: "Deny" }));
  const ask = h("div", { class: "glnb-ask", hidden: true }, yes, no);
  const el = h("div", { class: "glnb-call", role: "listitem" },
    h("div", { class: "glnb-title" }, look, said("code", first.name, { class: "glnb-name" }), state, took),
    args, ask, prints, result, whole);
  args.append(...first.args.flatMap(([name, value]) => [said("dt", name), said("dd", value, { class: "glnb-code" })]));
  args.hidden = first.args.length === 0;
  let before = "";

  /** @param {boolean} approved */
  function answer(approved) {
    wire.send("answer", { key: first.key, approved });
    for (const button of [yes, no]) /** @type {HTMLButtonElement} */ (button).disabled = true;
  }

  async function showWhole() {
    const { message } = await wire.ask("whole", { key: first.key });
    result.textContent = seen(message.result);
    prints.textContent = seen(message.prints);
    whole.hidden = true;
  }

  return {
    el,
    /** @param {Call} call */
    tick(call) {
      took.textContent = call.began === undefined ? "" : `${((performance.now() - call.began) / 1000).toFixed(0)} s`;
    },
    /** @param {Call} call @returns {boolean} whether it has just begun to wait for a yes */
    show(call) {
      const asks = call.state === "asked" && before !== "asked";
      if (call.state !== before) look.replaceChildren(icon(LOOKS[call.state] ?? "info"));
      before = call.state;
      el.dataset.state = call.state;
      state.textContent = seen(call.words);
      if (call.state === "running") this.tick(call);
      else took.textContent = call.took;
      ask.hidden = call.state !== "asked";
      prints.hidden = !call.prints;
      prints.textContent = seen(call.prints);
      result.hidden = !(call.result || call.error);
      result.textContent = seen(call.error || call.result);
      whole.hidden = !call.cut;
      return asks;
    },
  };
}
