// Two lanes of sound, you above and the model below, scrolling with time. Python sends min/max pairs, 100 a second, made once;
// what is drawn here is a window of them.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {{ t: number, kind: string, label: string }} Mark
 * @typedef {{ lanes: Lane[], marks: Mark[], ahead: number, running: boolean, still: number }} State
 * @typedef {{ you: string, model: string, line: string, text: string, live: string, paper: string, font: string }} Colours
 * @typedef {{ width: number, height: number, ratio: number, colours: Colours }} Sheet in device pixels
 * @typedef {CanvasRenderingContext2D} Pen
 */

const RATE = 100;
/** Drawn this much behind the newest sound, so that pieces arriving unevenly still scroll evenly. */
const BEHIND = 0.25;
const SPANS = [5, 10, 20, 60, 180, 600, 1800, 7200];

/** Min/max pairs of one lane by absolute slot, in a ring. */
class Lane {
  /** @param {number} seconds how much of the past is kept */
  constructor(seconds) {
    this.kept = seconds * RATE;
    this.pairs = new Int8Array(2 * this.kept);
    this.end = 0;
  }

  /** @param {number} slot first slot @param {Int8Array} pairs */
  put(slot, pairs) {
    if (slot > this.end) this.wipe(this.end, slot);
    for (let i = 0; i < pairs.length; i++) this.pairs[(2 * slot + i) % this.pairs.length] = pairs[i];
    this.end = Math.max(this.end, slot + pairs.length / 2);
  }

  /** Silence from one slot up to another. @param {number} from @param {number} to */
  wipe(from, to) {
    for (let i = 2 * Math.max(from, to - this.kept); i < 2 * to; i++) this.pairs[i % this.pairs.length] = 0;
  }

  /** What was never heard is taken away. @param {number} slot */
  cut(slot) {
    if (slot >= this.end) return;
    this.wipe(slot, this.end);
    this.end = slot;
  }
}

export default () => {
  /** @type {State} */
  const state = { lanes: [new Lane(1), new Lane(1)], marks: [], ahead: -Infinity, running: false, still: 0 };
  /** @type {Set<() => void>} */
  const views = new Set();

  /** @param {import("./link.js").Message} message @param {DataView[]} buffers */
  function take(message, buffers) {
    if (message.kind === "all") {
      state.lanes = [new Lane(message.kept), new Lane(message.kept)];
      state.marks = [];
    }
    // Python's clock minus the page's: the message that was quickest on its way tells it best, forgotten
    // slowly, for clocks that drift.
    if (message.kind === "all" || !state.running) state.ahead = -Infinity;
    state.ahead = Math.max(state.ahead - 0.0002, message.now - performance.now() / 1000);
    state.running = message.running;
    state.still = message.now;
    for (const [lane, slot] of message.cuts ?? []) state.lanes[lane].cut(slot);
    for (const [k, [lane, slot]] of (message.pieces ?? []).entries()) {
      const b = buffers[k];
      state.lanes[lane].put(slot, new Int8Array(b.buffer, b.byteOffset, b.byteLength));
    }
    state.marks.push(...(message.marks ?? []));
    if (state.marks.length > 2000) state.marks.splice(0, state.marks.length - 2000);
  }

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      link(model).listen((message, buffers) => {
        take(message, buffers);
        for (const wake of views) wake();
      });
    },
    /** @param {{ model: any, el: HTMLElement }} given */
    render({ model, el }) {
      const view = waveform(el, state, model);
      views.add(view.wake);
      return () => {
        views.delete(view.wake);
        view.stop();
      };
    },
  };
};

/**
 * One canvas. It draws while something moves in its window and while it is on the screen, and rests otherwise.
 * @param {HTMLElement} el
 * @param {State} state
 * @param {any} model
 */
function waveform(el, state, model) {
  const section = root(el, "waveform", "Waveform");
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", tabindex: "0", "aria-label": "Sound over time: you above, the model below. Arrow keys look back and forth." }));
  const wider = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", title: "Show more time", "aria-label": "Show more time", text: "−", on: { click: () => zoom(1) } });
  const closer = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", title: "Show less time", "aria-label": "Show less time", text: "+", on: { click: () => zoom(-1) } });
  const hold = h("button", { type: "button", class: "glnb-button glnb-plain glnb-square", on: { click: () => { held = held === null ? clock() : null; pausing(); wake(); } } });
  section.append(canvas, h("div", { class: "glnb-zoom" }, wider, closer, hold));
  let held = /** @type {number | null} */ (null);
  let frame = 0;
  let timer = 0;
  let onScreen = true;
  let shown = NaN;
  let stale = true;
  let colours = palette();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let at = SPANS.findIndex((span) => span >= model.get("span"));
  let fitted = false;

  function pausing() {
    hold.replaceChildren(icon(held === null ? "pause" : "play"));
    const name = held === null ? "Hold the picture" : "Go on";
    hold.title = name;
    hold.setAttribute("aria-label", name);
  }

  /** @param {number} by */
  function zoom(by) {
    at = Math.min(SPANS.length - 1, Math.max(0, at + by));
    wake();
  }

  /** Seconds of the source's clock at the right edge. */
  function clock() {
    if (!state.running) return state.still;
    return performance.now() / 1000 + state.ahead - BEHIND;
  }

  function draw() {
    frame = 0;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const right = held ?? clock();
    const moved = Math.round((right * width) / SPANS[at]);
    if (moved === shown && !stale) return again();
    shown = moved;
    stale = false;
    paint(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), state, { width, height, ratio, right, span: SPANS[at], colours });
    again();
  }

  /** The next picture of a running clock; twice a second where motion is unwanted. */
  function again() {
    if (!state.running || held !== null || !onScreen) return;
    if (calm.matches) timer = timer || window.setTimeout(() => { timer = 0; wake(); }, 500);
    else frame = requestAnimationFrame(draw);
  }

  /** Looks another way along the time line; while it runs, that holds the picture. @param {number} seconds */
  function pan(seconds) {
    held = Math.max(0, (held ?? clock()) + seconds);
    pausing();
    wake();
  }

  function wake() {
    stale = true;
    // What has ended is shown whole; its looker can go closer.
    if (!fitted && !state.running && state.still > SPANS[at]) at = Math.max(at, SPANS.findIndex((span) => span >= Math.min(state.still, 7200)));
    fitted = fitted || state.running || state.still > 0;
    if (!frame && onScreen) frame = requestAnimationFrame(draw);
  }

  /** Canvas knows no CSS variables; read again when the theme changes. @returns {Colours} */
  function palette() {
    const css = getComputedStyle(section);
    const read = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
    return { you: read("--glnb-you"), model: read("--glnb-model"), line: css.borderTopColor, text: css.color, live: read("--glnb-live"), paper: css.backgroundColor, font: css.fontFamily };
  }

  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -SPANS[at] / 10, ArrowRight: SPANS[at] / 10 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    pan(by);
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId) && event.movementX) pan((-event.movementX / canvas.clientWidth) * SPANS[at]);
  });

  const themes = new MutationObserver(() => setTimeout(() => { colours = palette(); wake(); }, 50));
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
  const sizes = new ResizeObserver(() => { colours = palette(); wake(); });
  sizes.observe(canvas);
  const seen = new IntersectionObserver(([entry]) => { onScreen = entry.isIntersecting; wake(); });
  seen.observe(canvas);
  pausing();
  wake();
  return {
    wake,
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      for (const observer of [themes, sizes, seen]) observer.disconnect();
    },
  };
}

/** Draws the window `[right - span, right]`. @param {Pen} g @param {State} state @param {Sheet & { right: number, span: number }} sheet */
function paint(g, state, { width, height, ratio, right, span, colours }) {
  g.clearRect(0, 0, width, height);
  const left = right - span;
  const perSlot = width / (span * RATE);
  const x = (/** @type {number} */ t) => (t - left) * RATE * perSlot;
  const half = height / 2;
  grid(g, { width, height, ratio, left, right, span, x, colours });
  for (const [k, lane] of state.lanes.entries()) {
    const middle = half * (k + 0.5);
    g.fillStyle = k === 0 ? colours.you : colours.model;
    bars(g, lane, { left, right, perSlot, middle, reach: half * 0.46, ratio });
    g.globalAlpha = 0.5;
    g.fillRect(0, Math.round(middle), width, Math.max(1, ratio / 2));
    g.globalAlpha = 1;
  }
  for (const mark of state.marks) {
    if (mark.t < left || mark.t > right) continue;
    stroke(g, mark, x(mark.t), { height, ratio, colours });
  }
}

/**
 * One bar a pixel or a slot, whichever is wider.
 * @param {Pen} g
 * @param {Lane} lane
 * @param {{ left: number, right: number, perSlot: number, middle: number, reach: number, ratio: number }} where
 */
function bars(g, lane, { left, right, perSlot, middle, reach, ratio }) {
  const step = Math.max(1, Math.ceil((2 * ratio) / perSlot));
  const first = Math.max(0, lane.end - lane.kept, Math.floor((left * RATE) / step) * step);
  const last = Math.min(lane.end, Math.ceil(right * RATE));
  const wide = Math.max(1, step * perSlot - ratio * 0.6);
  for (let slot = first; slot < last; slot += step) {
    let low = 0;
    let high = 0;
    for (let i = slot; i < Math.min(slot + step, last); i++) {
      low = Math.min(low, lane.pairs[(2 * i) % lane.pairs.length]);
      high = Math.max(high, lane.pairs[(2 * i + 1) % lane.pairs.length]);
    }
    if (high - low < 2) continue;
    // Speech is mostly quiet: a square root keeps it visible beside a shout.
    const up = Math.sqrt(high / 127) * reach;
    const down = Math.sqrt(-low / 127) * reach;
    g.fillRect((slot - left * RATE) * perSlot, middle - up, wide, up + down);
  }
}

/** Seconds along the bottom. @param {Pen} g @param {Sheet & { left: number, right: number, span: number, x: (t: number) => number }} sheet */
function grid(g, { width, height, ratio, left, right, span, x, colours }) {
  const every = [1, 2, 5, 10, 30, 60, 120].find((s) => (s / span) * width >= 70 * ratio) ?? 120;
  g.font = `${10.5 * ratio}px ${colours.font}`;
  g.textBaseline = "bottom";
  for (let t = Math.max(0, Math.ceil(left / every) * every); t <= right; t += every) {
    g.fillStyle = colours.line;
    g.fillRect(Math.round(x(t)), 0, Math.max(1, Math.round(ratio / 2)), height);
    g.globalAlpha = 0.75;
    g.fillStyle = colours.text;
    g.fillText(`${Math.floor(t / 60)}:${String(Math.floor(t % 60)).padStart(2, "0")}`, x(t) + 3 * ratio, height - ratio);
    g.globalAlpha = 1;
  }
}

/** A mark: an interruption is told by line, width and word, never by colour alone. @param {Pen} g @param {Mark} mark @param {number} x @param {Omit<Sheet, "width">} sheet */
function stroke(g, mark, x, { height, ratio, colours }) {
  const cut = mark.kind === "interrupted";
  g.fillStyle = cut ? colours.live : colours.text;
  g.globalAlpha = cut ? 1 : 0.45;
  g.fillRect(Math.round(x), 0, Math.max(1, Math.round(ratio * (cut ? 1.5 : 1))), height);
  if (mark.label) {
    g.textBaseline = "top";
    g.font = `${10.5 * ratio}px ${colours.font}`;
    const ink = g.fillStyle;
    g.globalAlpha = 0.85;
    g.fillStyle = colours.paper;
    g.fillRect(x + 2 * ratio, ratio, g.measureText(mark.label).width + 4 * ratio, 13 * ratio);
    g.globalAlpha = 1;
    g.fillStyle = ink;
    g.fillText(mark.label, x + 4 * ratio, 2 * ratio);
  }
  g.globalAlpha = 1;
}
