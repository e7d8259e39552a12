// The conversation as it is said: fragments stitched into turns by Python, shown here as they grow.

import { copy, h, said, seen } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {object} Turn as Python tells it
 * @property {number} i place in the conversation
 * @property {string} at when it began, "0:42"
 * @property {string} user
 * @property {string} model
 * @property {string} thoughts
 * @property {string|null} heard what of `model` was played before it was cut off
 * @property {string[]} tools names of the tools it called
 * @property {"open"|"complete"|"interrupted"} state
 * @property {string} note "first sound after 0.62 s"
 *
 * @typedef {import("./link.js").Link} Link
 */

/** Text fields that arrive whole (`model`) or as what was added to them (`model_add`). */
const GROWING = /** @type {const} */ (["user", "model", "thoughts"]);

export default () => {
  /** @type {Map<number, Turn>} */
  const turns = new Map();
  let empty = "";
  /** @type {Link} */
  let wire;
  /** @type {Set<(changed: number[] | null) => void>} */
  const views = new Set();

  /**
   * Takes one update into the shared state.
   * @param {import("./link.js").Message} message
   * @returns {number[] | null} changed turns, or null for "all of them"
   */
  function take(message) {
    if (message.kind === "all") turns.clear();
    empty = message.empty ?? empty;
    for (const update of message.turns) {
      /** @type {Turn} */
      const turn = turns.get(update.i) ?? { i: update.i, at: "", user: "", model: "", thoughts: "", heard: null, tools: [], state: "open", note: "" };
      Object.assign(turn, update);
      for (const field of GROWING) turn[field] += update[`${field}_add`] ?? "";
      turns.set(turn.i, turn);
    }
    return message.kind === "all" ? null : message.turns.map((/** @type {Turn} */ turn) => turn.i);
  }

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message) => {
        const changed = take(message);
        for (const view of views) view(changed);
      });
    },
    /** @param {{ model: any, el: HTMLElement }} given */
    render({ model, el }) {
      const view = transcript(el, wire, turns, () => empty);
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

/** One place on the page where the transcript shows. @param {HTMLElement} el @param {Link} wire @param {Map<number, Turn>} turns @param {() => string} told what to say while nothing was said */
function transcript(el, wire, turns, told) {
  const section = root(el, "transcript", "Transcript");
  const older = h("button", { type: "button", class: "glnb-button glnb-plain glnb-older", text: "Earlier turns", hidden: true, on: { click: loadOlder } });
  const empty = h("p", { class: "glnb-empty" });
  const count = h("span", { class: "glnb-count" });
  const list = h("div", { class: "glnb-turns" });
  const scroll = h("div", { class: "glnb-scroll", tabindex: "0", role: "group", "aria-label": "Turns" }, older, empty, list);
  const latest = h("button", { type: "button", class: "glnb-button glnb-latest", hidden: true, on: { click: () => { follow = true; toEnd(); } } }, icon("down"), h("span", { text: "latest" }));
  const copier = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", title: "Copy the transcript", "aria-label": "Copy the transcript", on: { click: copyAll } }, icon("copy"));
  const spoken = h("div", { class: "glnb-unseen", role: "status", "aria-live": "polite" });
  section.append(h("header", { class: "glnb-heading" }, icon("speech"), h("span", { text: "Transcript" }), count, copier), scroll, latest, spoken);

  /** @type {Map<number, ReturnType<typeof card>>} */
  const cards = new Map();
  let follow = true;
  let busy = false;
  let before = 0;
  scroll.addEventListener("scroll", () => {
    // Only going up is a wish to read: the end also moves away by itself, as turns are laid out.
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 24) follow = true;
    else if (scroll.scrollTop < before - 1) follow = false;
    before = scroll.scrollTop;
    latest.hidden = follow;
    if (scroll.scrollTop < 40 && !older.hidden) loadOlder();
  }, { passive: true });
  // Turns are laid out as they come into sight, so the end moves on after one went there.
  const grown = new ResizeObserver(() => { if (follow) scroll.scrollTop = scroll.scrollHeight; });
  grown.observe(list);
  grown.observe(scroll);

  function toEnd() {
    latest.hidden = true;
    requestAnimationFrame(() => { scroll.scrollTop = scroll.scrollHeight; });
  }

  async function loadOlder() {
    if (busy || cards.size === 0) return;
    busy = true;
    const { message } = await wire.ask("older", { before: Math.min(...cards.keys()) });
    /** @type {Turn[]} */
    const earlier = message.turns;
    for (const turn of earlier) turns.set(turn.i, turn);
    const anchor = list.firstElementChild;
    const top = anchor?.getBoundingClientRect().top ?? 0;
    draw(earlier.map((turn) => turn.i).filter((i) => !cards.has(i)).sort((a, b) => b - a), true);
    if (anchor) scroll.scrollTop += anchor.getBoundingClientRect().top - top;
    busy = false;
  }

  async function copyAll() {
    const { message } = await wire.ask("text");
    await copy(message.text);
    copier.replaceChildren(icon("check"));
    setTimeout(() => copier.replaceChildren(icon("copy")), 1500);
  }

  /** @param {number[]} indexes @param {boolean} [above] put new ones before the others @param {boolean} [aloud] tell a screen reader of turns that end */
  function draw(indexes, above = false, aloud = false) {
    for (const i of indexes) {
      const turn = turns.get(i);
      if (!turn) continue;
      let shown = cards.get(i);
      if (!shown) {
        shown = card(i);
        cards.set(i, shown);
        if (above) list.prepend(shown.el);
        else list.append(shown.el);
      }
      if (shown.show(turn) && aloud) spoken.textContent = [turn.user && `You: ${seen(turn.user)}`, `Model: ${seen(turn.heard ?? turn.model)}`].filter(Boolean).join("\n");
    }
    empty.hidden = cards.size > 0;
    empty.textContent = told();
    count.textContent = cards.size ? String(Math.max(...cards.keys()) + 1) : "";
    older.hidden = cards.size === 0 || Math.min(...cards.keys()) === 0;
  }

  return {
    section,
    stop: () => grown.disconnect(),
    /** @param {number[] | null} changed */
    update(changed) {
      const aloud = changed !== null;
      if (changed === null) {
        cards.clear();
        list.replaceChildren();
        changed = [...turns.keys()].sort((a, b) => a - b);
      }
      draw(changed, false, aloud);
      if (follow) toEnd();
      else if (changed.length) latest.hidden = false;
    },
  };
}

/** One turn: what you said, what the model thought, what it answered and how much of it was heard. @param {number} i */
function card(i) {
  const you = line("You", "you");
  const model = line("Model", "model");
  const thoughts = said("p", "", { class: "glnb-thought" });
  const fold = h("details", { class: "glnb-thoughts", hidden: true }, h("summary", { text: "Thoughts" }), thoughts);
  const lost = said("s", "", { class: "glnb-lost", title: "Not heard: the answer was cut off before this was played" });
  const tools = h("span", { class: "glnb-called" });
  const note = h("span", { class: "glnb-aside" });
  const foot = h("div", { class: "glnb-foot", hidden: true }, tools, note);
  model.body.prepend(fold);
  model.body.append(foot);
  model.text.after(lost);
  const el = h("article", { class: "glnb-turn", "aria-label": `Turn ${i + 1}` }, you.el, model.el);
  let over = false;

  return {
    el,
    /** @param {Turn} turn @returns {boolean} whether it has just ended */
    show(turn) {
      you.el.hidden = !turn.user;
      grow(you.text, seen(turn.user));
      you.time.textContent = turn.user ? turn.at : "";
      const heard = turn.heard !== null && turn.model.startsWith(turn.heard) ? turn.heard : turn.model;
      const after = seen(turn.model.slice(heard.length));
      grow(model.text, seen(heard) + (/^\s/.test(after) ? " " : ""));
      lost.textContent = after.trimStart();
      lost.hidden = !lost.textContent;
      fold.hidden = !turn.thoughts;
      grow(thoughts, seen(turn.thoughts));
      if (tools.childElementCount !== turn.tools.length) tools.replaceChildren(...turn.tools.map((name) => said("code", name, { class: "glnb-chip" })));
      model.el.hidden = !(turn.model || turn.thoughts || turn.tools.length || turn.note);
      model.time.textContent = turn.user ? "" : turn.at;
      note.textContent = turn.note;
      foot.hidden = !(turn.note || turn.tools.length);
      el.dataset.state = turn.state;
      const ended = !over && turn.state !== "open";
      over = turn.state !== "open";
      return ended;
    },
  };
}

/** @param {string} who @param {string} role */
function line(who, role) {
  const text = said("span", "", {});
  const body = h("div", { class: "glnb-body" }, text);
  const time = h("time", { class: "glnb-time" });
  return { el: h("div", { class: `glnb-line glnb-is-${role}` }, h("span", { class: "glnb-who", text: who }), body, time), text, body, time };
}

/** Appends where the new text only grew, so that a selection in it stays. @param {HTMLElement} el @param {string} text */
function grow(el, text) {
  const node = el.firstChild;
  const old = el.textContent ?? "";
  if (old === text) return;
  if (node && old && text.startsWith(old)) /** @type {Text} */ (node).appendData(text.slice(old.length));
  else el.textContent = text;
}
