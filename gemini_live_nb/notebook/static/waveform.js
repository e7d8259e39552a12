// Two lanes of sound, you above and the model below, scrolling with time. Python sends min/max pairs, 100 a second, made once;
// what is drawn here is a window of them.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";
import { RATE, near, paint } from "./wavedrawing.js";

/**
 * @typedef {{ lanes: Lane[], marks: import("./wavedrawing.js").Mark[], ahead: number, running: boolean, still: number }} State
 * @typedef {import("./wavedrawing.js").Colours} Colours
 */

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
      const size = () => { view.section.style.height = model.get("height"); };
      model.on("change:height", size);
      size();
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
    const perPixel = SPANS[at] / canvas.clientWidth;
    const t = (held ?? clock()) - (canvas.clientWidth - event.offsetX) * perPixel;
    canvas.title = near(state, t - 5 * perPixel, t + 5 * perPixel);
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
    section,
    wake,
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      for (const observer of [themes, sizes, seen]) observer.disconnect();
    },
  };
}
