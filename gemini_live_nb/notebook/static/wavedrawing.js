// The picture of the waveform: a window of two lanes of sound, the seconds below, the marks and their words above.

/**
 * @typedef {{ t: number, kind: string, label: string }} Mark
 * @typedef {{ pairs: Int8Array, kept: number, end: number }} Sounds min/max pairs of one lane by absolute slot, in a ring
 * @typedef {{ lanes: Sounds[], marks: Mark[] }} Scene
 * @typedef {{ you: string, model: string, line: string, text: string, live: string, paper: string, font: string }} Colours
 * @typedef {{ width: number, height: number, ratio: number, colours: Colours }} Sheet in device pixels
 * @typedef {CanvasRenderingContext2D} Pen
 */

/** Pairs a second. */
export const RATE = 100;
/** CSS pixels kept free of sound: above for the words of the marks, below for the seconds. */
const ABOVE = 15;
const BELOW = 15;
const WORDS = 10.5;
/** No word of a mark is wider, and a shorter rest of one says nothing. */
const WIDEST = 140;
const SHORTEST = 30;

/** Draws the window `[right - span, right]`. @param {Pen} g @param {Scene} state @param {Sheet & { right: number, span: number }} sheet */
export function paint(g, state, { width, height, ratio, right, span, colours }) {
  g.clearRect(0, 0, width, height);
  const left = right - span;
  const perSlot = width / (span * RATE);
  const x = (/** @type {number} */ t) => (t - left) * RATE * perSlot;
  const tall = (height - (ABOVE + BELOW) * ratio) / 2;
  grid(g, { width, height, ratio, left, right, span, x, colours });
  for (const [k, lane] of state.lanes.entries()) {
    const middle = ABOVE * ratio + tall * (k + 0.5);
    g.fillStyle = k === 0 ? colours.you : colours.model;
    bars(g, lane, { left, right, perSlot, middle, reach: tall * 0.47, ratio });
    g.globalAlpha = 0.5;
    g.fillRect(0, Math.round(middle), width, Math.max(1, ratio / 2));
    g.globalAlpha = 1;
  }
  const marks = state.marks.filter(({ t }) => t >= left - (WIDEST * ratio) / (RATE * perSlot) && t <= right);
  // An interruption stands out of the turn's end that comes with it.
  for (const cut of [false, true]) for (const mark of marks) if ((mark.kind === "interrupted") === cut) stroke(g, mark, x(mark.t), { height, ratio, colours });
  words(g, marks.filter(({ label }) => label), x, { width, height, ratio, colours });
}

/**
 * One bar a pixel or a slot, whichever is wider.
 * @param {Pen} g
 * @param {Sounds} lane
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
  g.font = `${WORDS * ratio}px ${colours.font}`;
  g.textBaseline = "bottom";
  for (let t = Math.max(0, Math.ceil(left / every) * every); t <= right; t += every) {
    g.fillStyle = colours.line;
    g.fillRect(Math.round(x(t)), ABOVE * ratio, Math.max(1, Math.round(ratio / 2)), height - ABOVE * ratio);
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
  g.globalAlpha = cut ? 1 : 0.4;
  g.fillRect(Math.round(x), 0, Math.max(1, Math.round(ratio * (cut ? 1.5 : 1))), height - BELOW * ratio);
  g.globalAlpha = 1;
}

/**
 * The words of marks, each to the right of its line; where the next one is near it is shortened, or left out. The newest stays whole at
 * the right edge. Laid from right to left, so that what scrolls in never changes what stands already but by the room it takes.
 * @param {Pen} g
 * @param {Mark[]} marks
 * @param {(t: number) => number} x
 * @param {Sheet} sheet
 */
function words(g, marks, x, { width, ratio, colours }) {
  g.textBaseline = "top";
  g.font = `${WORDS * ratio}px ${colours.font}`;
  let edge = width;
  for (const mark of [...marks].reverse()) {
    const full = Math.min(WIDEST * ratio, g.measureText(mark.label).width);
    const begin = edge === width ? Math.min(x(mark.t) + 4 * ratio, width - full - 4 * ratio) : x(mark.t) + 4 * ratio;
    const room = Math.min(full, edge - begin - 4 * ratio);
    if (room < Math.min(full, SHORTEST * ratio)) continue;
    g.fillStyle = colours.paper;
    g.fillRect(begin - 2 * ratio, ratio, room + 4 * ratio, (ABOVE - 2) * ratio);
    g.fillStyle = mark.kind === "interrupted" ? colours.live : colours.text;
    g.fillText(fitting(g, mark.label, room), begin, 2 * ratio);
    edge = begin - 2 * ratio;
  }
}

/** As much of a word as there is room for. @param {Pen} g @param {string} word @param {number} room */
function fitting(g, word, room) {
  if (g.measureText(word).width <= room + 0.5) return word;
  let end = word.length - 1;
  while (end > 1 && g.measureText(`${word.slice(0, end)}…`).width > room) end--;
  return `${word.slice(0, end)}…`;
}

/** Marks near a place, for whoever points there. @param {Scene} state @param {number} from @param {number} to seconds */
export function near(state, from, to) {
  const named = { interrupted: "interrupted", turn: "the turn ends", toolCall: "function call", mark: "mark" };
  const told = state.marks.filter(({ t }) => t >= from && t <= to).map(({ t, kind, label }) => `${t.toFixed(2)} s  ${[...new Set([named[/** @type {keyof typeof named} */ (kind)], label])].filter(Boolean).join(": ")}`);
  return told.join("\n");
}
