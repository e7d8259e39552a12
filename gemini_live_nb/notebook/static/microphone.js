// The microphone: an ipywebrtc stream through a worklet to 16 kHz chunks, and its meter.

import { addWorklet, awaken } from "./audio.js";
import { h } from "./dom.js";
import { Tap } from "./tap.js";
import { controls } from "./tapview.js";

const RATE = 16000;
/** The quietest sound the meter shows, in dB below full scale. */
const FLOOR = -60;

class Microphone extends Tap {
  /** @param {any} model */
  constructor(model) {
    super(model, "audio", "microphone");
    this.settings.chunk_ms = 40;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    /** Peak of the last chunk, 0 to 1. */
    this.level = 0;
    /** @type {Set<(level: number) => void>} */
    this.meters = new Set();
  }

  async prepare() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    await addWorklet(this.context, this.model.get("_worklet"));
  }

  /** @param {MediaStreamTrack} track */
  async begin(track) {
    const context = /** @type {AudioContext} */ (this.context);
    const processorOptions = { rate: RATE, chunk: this.samples() };
    const node = new AudioWorkletNode(context, "glnb-tap", { numberOfOutputs: 0, processorOptions });
    node.port.onmessage = ({ data }) => this.chunk(data.pcm, data.time);
    node.port.postMessage({ muted: this.settings.muted });
    this.node = node;
    context.createMediaStreamSource(new MediaStream([track])).connect(node);
    awaken(context, (running) => this.awake(running));
  }

  /** @param {boolean} running */
  awake(running) {
    if (!running) this.problem = { name: "NeedsClick", message: "The browser keeps sound shut off.", hint: "Click anywhere in the page." };
    else if (this.problem?.name === "NeedsClick") this.problem = null;
    else return;
    this.become(this.state);
  }

  samples() {
    return Math.round((RATE * this.settings.chunk_ms) / 1000);
  }

  apply() {
    this.node?.port.postMessage({ muted: this.settings.muted, chunk: this.samples() });
    if (this.settings.muted) this.measure(0);
  }

  /** @param {ArrayBuffer} pcm @param {number} time */
  chunk(pcm, time) {
    if (!this.source) return;
    this.channel?.media(this.stream, pcm, time);
    let peak = 0;
    for (const sample of new Int16Array(pcm)) peak = Math.max(peak, Math.abs(sample));
    this.measure(peak / 32768);
  }

  /** @param {number} level */
  measure(level) {
    this.level = level;
    for (const show of this.meters) show(level);
  }

  end() {
    this.node?.port.postMessage({ close: true });
    this.node?.disconnect();
    this.node = null;
    this.context?.close().catch(() => {});
    this.context = null;
    this.measure(0);
  }
}

/** @param {Microphone} mic */
function meter(mic) {
  const bar = h("span", { class: "glnb-meter-bar" });
  const el = h("span", { class: "glnb-meter", role: "meter", "aria-label": "Input level", "aria-valuemin": FLOOR, "aria-valuemax": 0 }, bar);
  let shown = 0;
  const show = (/** @type {number} */ level) => {
    const decibel = Math.max(FLOOR, 20 * Math.log10(level || 1e-9));
    // Falls slowly, so that the eye can follow.
    shown = Math.max(1 - decibel / FLOOR, shown - 0.04, 0);
    if (!level) shown = 0;
    bar.style.transform = `scaleX(${shown.toFixed(3)})`;
    bar.toggleAttribute("data-loud", level > 0.97);
    el.setAttribute("aria-valuenow", decibel.toFixed(0));
  };
  mic.meters.add(show);
  return { el, leave: () => mic.meters.delete(show) };
}

export default () => {
  /** @type {Microphone} */
  let mic;
  return {
    /** @param {{ model: any }} context */
    initialize({ model }) {
      mic = new Microphone(model);
      return () => mic.destroy();
    },
    /** @param {{ el: HTMLElement }} context */
    render({ el }) {
      const level = meter(mic);
      const look = { icon: "mic", start: "Start microphone", stop: "Stop microphone", parts: [level.el] };
      const leave = mic.watch(controls(el, mic, look).draw);
      return () => {
        leave();
        level.leave();
      };
    },
  };
};
