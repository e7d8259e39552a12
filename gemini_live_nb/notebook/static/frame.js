// One frame of the wire as a tree one can open, with its sound and pictures folded into a button.

import { h, said, seen } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} Media a base64 run that was taken out of the frame
 * @property {(string|number)[]} path where it was
 * @property {number} i its place among the frame's media
 * @property {string} label "40 ms 24 kHz"
 * @property {"sound"|"image"|"other"} sort
 */

/** Longer strings are shown shortened until asked for. */
const LONG = 400;

/**
 * @param {unknown} value the frame, media taken out
 * @param {Media[]} media
 * @param {(media: Media) => Promise<Node | null>} open plays a sound, or brings a picture to show
 * @returns {HTMLElement}
 */
export function tree(value, media, open) {
  const folded = new Map(media.map((item) => [JSON.stringify(item.path), item]));
  return h("div", { class: "glnb-tree" }, branch(null, value, [], folded, open, 0));
}

/**
 * @param {string|number|null} name
 * @param {unknown} value
 * @param {(string|number)[]} path
 * @param {Map<string, Media>} folded
 * @param {(media: Media) => Promise<Node | null>} open
 * @param {number} depth
 * @returns {HTMLElement}
 */
function branch(name, value, path, folded, open, depth) {
  const label = name === null ? null : said("span", typeof name === "number" ? `${name}` : name, { class: "glnb-key" });
  const item = folded.get(JSON.stringify(path));
  if (item) return h("div", { class: "glnb-leaf" }, label, mediaButton(item, open));
  if (value === null || typeof value !== "object") return h("div", { class: "glnb-leaf" }, label, leaf(value));
  const entries = Array.isArray(value) ? value.map((v, i) => /** @type {[number, unknown]} */ ([i, v])) : Object.entries(value);
  if (entries.length === 0) return h("div", { class: "glnb-leaf" }, label, h("span", { class: "glnb-none", text: Array.isArray(value) ? "[ ]" : "{ }" }));
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const summary = h("summary", {}, label ?? h("span", { class: "glnb-key", text: "frame" }), h("span", { class: "glnb-none", text: size }));
  const inside = h("div", { class: "glnb-inside" });
  const el = h("details", {}, summary, inside);
  const fill = () => {
    if (inside.childElementCount) return;
    inside.append(...entries.map(([key, v]) => branch(key, v, [...path, key], folded, open, depth + 1)));
  };
  el.addEventListener("toggle", fill);
  // Small and shallow things are open from the start: that is what one came to see.
  if (depth < 6 && entries.length <= 30) {
    fill();
    el.setAttribute("open", "");
  }
  return el;
}

/** @param {unknown} value */
function leaf(value) {
  if (typeof value !== "string") return h("span", { class: "glnb-number", text: String(value) });
  const text = seen(value);
  if (text.length <= LONG) return said("span", `"${text}"`, { class: "glnb-string" });
  const shown = said("span", `"${text.slice(0, LONG)}…`, { class: "glnb-string" });
  const more = h("button", {
    type: "button", class: "glnb-button glnb-plain glnb-more", text: `${text.length - LONG} more characters`,
    on: { click: () => { shown.textContent = `"${text}"`; more.remove(); } },
  });
  return h("span", {}, shown, more);
}

/** @param {Media} item @param {(media: Media) => Promise<Node | null>} open */
function mediaButton(item, open) {
  const pictures = { sound: "speaker", image: "image", other: "list" };
  const words = { sound: "Play", image: "Show", other: "Media," };
  const shown = h("span", { class: "glnb-shown" });
  const button = h("button", {
    type: "button", class: "glnb-button glnb-media", "aria-label": `${words[item.sort]} ${item.label}`,
    on: { click: async () => { const node = await open(item); shown.replaceChildren(...(node ? [node] : [])); } },
  }, icon(pictures[item.sort]), h("span", { text: item.label }));
  return h("span", {}, button, shown);
}

/** @type {AudioContext | null} */
let speaker = null;

/** Plays 16-bit mono sound. @param {DataView} pcm @param {number} rate in Hz */
export function play(pcm, rate) {
  speaker = speaker ?? new AudioContext();
  const n = pcm.byteLength >> 1;
  if (!n) return;
  const buffer = speaker.createBuffer(1, n, rate);
  const channel = buffer.getChannelData(0);
  for (let i = 0; i < n; i++) channel[i] = pcm.getInt16(2 * i, true) / 32768;
  const source = speaker.createBufferSource();
  source.buffer = buffer;
  source.connect(speaker.destination);
  void speaker.resume();
  source.start();
}

/** @param {DataView<ArrayBuffer>} bytes @param {string} mime */
export function picture(bytes, mime) {
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  const img = h("img", { class: "glnb-picture", alt: "The picture in this frame", src: url });
  img.addEventListener("load", () => URL.revokeObjectURL(url));
  return img;
}
