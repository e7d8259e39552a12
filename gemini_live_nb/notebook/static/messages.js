// The wire console: every frame both ways, newest first. Only the rows in sight are on the page; Python holds the rest and filters.

import { copy, h, said, seen } from "./dom.js";
import { picture, play, tree } from "./frame.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {import("./link.js").Link} Link
 * @typedef {[seq: number, t: number, direction: number, kind: string, others: string, text: string, size: string, sort: number]} Row
 * @typedef {{ matched: number, total: number, lines: number }} Counts
 * @typedef {Counts & { filter: number, kinds: string[], rows: Map<number, Row> }} State `rows` by place among the matching, oldest first
 */

const HEIGHT = 24;
/** Beyond this a browser's longest page is near; the newest are shown, and a filter finds the others. */
const MOST = 400_000;
const ARROWS = ["↓", "↑", "·", "⇅"];
const WAYS = ["received", "sent", "local", "both ways"];
/** Sorts of row: a frame, a run of sound folded into one line, the head of one that is open, a frame of that. */
const FOLD = 1;
const OPENED = 2;
const INSIDE = 3;

export default () => {
  /** @type {import("./link.js").Link} */
  let wire;
  /** @type {State} */
  const state = { total: 0, matched: 0, lines: 0, filter: 0, kinds: [], rows: new Map() };
  /** @type {Set<() => void>} */
  const views = new Set();

  /** @param {any} message */
  function take(message) {
    if (message.kind === "all" || message.filter !== state.filter) state.rows.clear();
    Object.assign(state, { total: message.total, matched: message.matched, lines: message.lines, filter: message.filter, kinds: message.kinds ?? state.kinds });
    for (const [k, row] of message.rows.entries()) state.rows.set(message.first + k, row);
    if (state.rows.size > 5000) for (const place of [...state.rows.keys()].slice(0, 2500)) state.rows.delete(place);
  }

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((/** @type {any} */ message) => {
        take(message);
        for (const view of views) view();
      });
    },
    /** @param {{ model: any, el: HTMLElement }} given */
    render({ model, el }) {
      const view = table(el, wire, state);
      const size = () => { view.section.style.height = model.get("height"); };
      model.on("change:height", size);
      size();
      views.add(view.update);
      view.update();
      return () => {
        views.delete(view.update);
        view.stop();
      };
    },
  };
};

/** One console on the page. @param {HTMLElement} el @param {Link} wire @param {State} state */
function table(el, wire, state) {
  const section = root(el, "messages", "Messages on the wire");
  const bar = filters(wire, () => { chosen = null; scroll.scrollTop = 0; });
  const space = h("div", { class: "glnb-space" });
  const rows = h("div", { class: "glnb-rows", role: "rowgroup" });
  const scroll = h("div", { class: "glnb-scroll", role: "grid", tabindex: "0", "aria-label": "Frames, newest first", "aria-colcount": "5" }, space, rows);
  const empty = h("p", { class: "glnb-empty", text: "No frame yet." });
  const detail = details(wire, () => { chosen = null; paint(); scroll.focus(); });
  const pause = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", "aria-pressed": "false", on: { click: toggle } });
  bar.el.append(pause);
  section.append(bar.el, h("div", { class: "glnb-middle" }, scroll, empty), detail.el);

  /** What is shown while paused: the counts of that moment. */
  let held = /** @type {(Counts & { last: Row | undefined }) | null} */ (null);
  let chosen = /** @type {number | null} */ (null);
  /** The line that stays chosen when the lines are other ones. */
  let keep = /** @type {number | null} */ (null);
  let asking = false;
  let frame = 0;
  let before = { lines: 0, filter: 0 };

  const id = `glnb-frame-${Math.random().toString(36).slice(2)}`;
  const count = () => (held ?? state).lines;
  const shown = () => Math.min(count(), MOST);
  /** The newest is on top: row 0 of the page is the last place. */
  const place = (/** @type {number} */ line) => count() - 1 - line;
  /** While paused the newest line, a run of sound say, stays as it was. @param {number} at */
  const row = (at) => (held && at === held.lines - 1 && held.last ? held.last : state.rows.get(at));

  function toggle() {
    held = held ? null : { matched: state.matched, total: state.total, lines: state.lines, last: state.rows.get(state.lines - 1) };
    draw();
  }

  /** Opens a run of sound, or folds it again; its line stays where it is. @param {Row} of @param {number} line */
  function unfold(of, line) {
    wire.send("fold", { seq: of[0] });
    held = null;
    keep = line;
  }

  function draw() {
    const name = held ? "Go on" : "Pause";
    pause.replaceChildren(icon(held ? "play" : "pause"));
    pause.title = name;
    pause.setAttribute("aria-label", name);
    pause.setAttribute("aria-pressed", String(Boolean(held)));
    bar.counts(state, held);
    // Rows that come in above must not move what is being read.
    if (scroll.scrollTop > HEIGHT && count() > before.lines && state.filter === before.filter) scroll.scrollTop += (count() - before.lines) * HEIGHT;
    if (state.filter !== before.filter) chosen = keep === null ? null : count() - 1 - keep;
    if (state.filter !== before.filter) keep = null;
    before = { lines: count(), filter: state.filter };
    space.style.height = `${shown() * HEIGHT}px`;
    empty.hidden = count() > 0;
    empty.textContent = state.total ? "No frame fits this filter." : "No frame yet.";
    paint();
  }

  function paint() {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      const first = Math.max(0, Math.floor(scroll.scrollTop / HEIGHT) - 4);
      const last = Math.min(shown(), Math.ceil((scroll.scrollTop + scroll.clientHeight) / HEIGHT) + 4);
      rows.style.translate = `0 ${first * HEIGHT}px`;
      /** @type {HTMLElement[]} */
      const drawn = [];
      let missing = false;
      for (let line = first; line < last; line++) {
        const one = row(place(line));
        missing = missing || !one;
        drawn.push(line_(one, line, place(line) === chosen));
      }
      rows.replaceChildren(...drawn);
      scroll.setAttribute("aria-rowcount", String(count()));
      const inSight = chosen !== null && chosen <= place(first) && chosen > place(last);
      if (inSight) scroll.setAttribute("aria-activedescendant", `${id}-${chosen}`);
      else scroll.removeAttribute("aria-activedescendant");
      if (missing) void bring(place(last - 1), last - first);
    });
  }

  /** Asks for rows that are in sight and not here. @param {number} first @param {number} size */
  async function bring(first, size) {
    if (asking) return;
    asking = true;
    const filter = state.filter;
    const { message } = await wire.ask("rows", { first: Math.max(0, first - 60), count: size + 120, filter });
    asking = false;
    if (message.filter === state.filter) for (const [k, row] of message.rows.entries()) state.rows.set(message.first + k, row);
    paint();
  }

  /** @param {Row | undefined} of @param {number} line @param {boolean} on */
  function line_(of, line, on) {
    const el = h("div", { class: "glnb-frame-row", role: "row", id: `${id}-${place(line)}`, "aria-rowindex": String(line + 1), "aria-selected": String(on), dataset: { line: String(line) } });
    if (!of) return el;
    const [, t, direction, kind, others, text, size, sort] = of;
    el.dataset.way = WAYS[direction];
    const folds = sort === FOLD || sort === OPENED;
    if (folds) el.dataset.folds = "";
    if (sort === INSIDE) el.dataset.inside = "";
    el.append(
      h("span", { role: "gridcell", class: "glnb-t", text: t.toFixed(3) }),
      h("span", { role: "gridcell", class: "glnb-way", "aria-label": WAYS[direction], text: ARROWS[direction] }),
      h("span", { role: "gridcell", class: "glnb-kind", title: others ? `${kind} + ${others}` : kind, "aria-expanded": folds ? String(sort === OPENED) : null }, folds && h("span", { class: "glnb-fold", "aria-hidden": "true", text: sort === OPENED ? "▾" : "▸" }), kind, others ? h("span", { class: "glnb-others", text: folds ? ` +${others.split(", ").length}` : ` + ${others}` }) : null),
      said("span", text, { role: "gridcell", class: "glnb-text" }),
      h("span", { role: "gridcell", class: "glnb-bytes", text: size }),
    );
    return el;
  }

  /** @param {number} line */
  function choose(line) {
    if (line < 0 || line >= shown()) return;
    chosen = place(line);
    const top = line * HEIGHT;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + HEIGHT > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + HEIGHT - scroll.clientHeight;
    const one = row(chosen);
    if (one && one[7] !== FOLD && one[7] !== OPENED) void detail.show(one);
    paint();
  }

  rows.addEventListener("click", (event) => {
    const hit = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest(".glnb-frame-row"));
    const line = Number(hit?.dataset.line ?? NaN);
    const one = row(place(line));
    if (one && (one[7] === FOLD || one[7] === OPENED)) unfold(one, line);
    else if (hit) choose(line);
  });
  scroll.addEventListener("keydown", (event) => {
    const at = chosen === null ? -1 : count() - 1 - chosen;
    const one = chosen === null ? undefined : row(chosen);
    const opens = one && { Enter: one[7] === FOLD || one[7] === OPENED, " ": one[7] === FOLD || one[7] === OPENED, ArrowRight: one[7] === FOLD, ArrowLeft: one[7] === OPENED }[event.key];
    if (one && opens) {
      event.preventDefault();
      return unfold(one, at);
    }
    const page = Math.floor(scroll.clientHeight / HEIGHT);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + page, shown() - 1), PageUp: Math.max(at - page, 0), Home: 0, End: shown() - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  });
  scroll.addEventListener("scroll", paint, { passive: true });
  const sizes = new ResizeObserver(paint);
  sizes.observe(scroll);
  return { section, update: draw, stop: () => { sizes.disconnect(); cancelAnimationFrame(frame); } };
}

/** Direction, kinds and text to look for. @param {Link} wire @param {() => void} changed */
function filters(wire, changed) {
  const way = /** @type {HTMLSelectElement} */ (h("select", { class: "glnb-field", "aria-label": "Direction" },
    ...[["", "Both ways"], ["sent", "Sent"], ["received", "Received"], ["local", "Local"]].map(([value, text]) => h("option", { value, text }))));
  const kind = /** @type {HTMLSelectElement} */ (h("select", { class: "glnb-field", "aria-label": "Kind" }));
  const text = /** @type {HTMLInputElement} */ (h("input", { class: "glnb-field glnb-find", type: "search", placeholder: "Find in frames", "aria-label": "Find text in frames", spellcheck: "false" }));
  const counted = h("span", { class: "glnb-count" });
  const el = h("div", { class: "glnb-bar" }, way, kind, text, counted);
  let timer = 0;
  let listed = "";

  const send = () => {
    changed();
    wire.send("filter", { way: way.value, of: kind.value, text: text.value });
  };
  way.addEventListener("change", send);
  kind.addEventListener("change", send);
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(send, 250);
  });

  return {
    el,
    /** @param {State} now @param {Counts | null} held */
    counts(now, held) {
      const { matched, total } = held ?? now;
      const more = held ? ` · ${now.matched - held.matched} new` : "";
      counted.textContent = (matched === total ? `${total.toLocaleString()} frames` : `${matched.toLocaleString()} of ${total.toLocaleString()}`) + more;
      const names = now.kinds.join();
      if (names === listed) return;
      listed = names;
      const value = kind.value;
      kind.replaceChildren(h("option", { value: "", text: "Every kind" }), h("option", { value: "-media", text: "Without sound and pictures" }), ...now.kinds.map((name) => h("option", { value: name, text: name })));
      kind.value = value;
    },
  };
}

/** The opened frame: its tree, and what can be taken away from it. @param {Link} wire @param {() => void} closed */
function details(wire, closed) {
  const title = h("span", { class: "glnb-frame" });
  const body = h("div", { class: "glnb-json", tabindex: "0", role: "group", "aria-label": "The frame" });
  /** @param {string} name @param {string} text @param {() => void} on */
  const button = (name, text, on) => h("button", { type: "button", class: "glnb-button glnb-plain", on: { click: on } }, icon(name), h("span", { text }));
  const asJson = button("copy", "JSON", () => take("json"));
  const asPython = button("copy", "Python", () => take("python"));
  asJson.title = "Copy as JSON";
  asPython.title = "Copy as Python";
  const close = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", title: "Close", "aria-label": "Close the frame", on: { click: hide } }, icon("cross"));
  const el = h("div", { class: "glnb-detail", hidden: true }, h("div", { class: "glnb-bar" }, title, asJson, asPython, close), body);
  let seq = -1;

  el.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  function hide() {
    el.hidden = true;
    closed();
  }

  /** @param {"json"|"python"} form */
  async function take(form) {
    const { message } = await wire.ask("copy", { seq, form });
    await copy(message.text);
    const from = form === "json" ? asJson : asPython;
    from.replaceChildren(icon("check"), h("span", { text: "Copied" }));
    setTimeout(() => from.replaceChildren(icon("copy"), h("span", { text: form === "json" ? "JSON" : "Python" })), 1500);
  }

  /** @param {import("./frame.js").Media} item */
  async function open(item) {
    const { message, buffers } = await wire.ask("media", { seq, i: item.i });
    if (!buffers.length) return h("span", { class: "glnb-none", text: "no longer kept" });
    if (message.sort === "image") return picture(buffers[0], message.mime);
    if (message.sort === "sound") play(buffers[0], message.rate);
    return null;
  }

  return {
    el,
    /** @param {Row} row */
    async show(row) {
      seq = row[0];
      el.hidden = false;
      title.textContent = `#${seq} ${WAYS[row[2]]} at ${row[1].toFixed(3)} s`;
      const asked = seq;
      const { message } = await wire.ask("frame", { seq });
      if (asked !== seq) return;
      const notes = message.notes.map((/** @type {string} */ note) => said("p", note, { class: "glnb-odd" }));
      body.replaceChildren(...notes, message.text === null ? tree(message.value, message.media, open) : said("pre", message.text));
      for (const control of [asJson, asPython]) /** @type {HTMLButtonElement} */ (control).hidden = !message.copies;
      title.setAttribute("aria-label", seen(title.textContent));
    },
  };
}
