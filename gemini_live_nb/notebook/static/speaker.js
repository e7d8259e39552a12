// The speaker: pieces of speech to a worklet that plays them without gaps, and reports how far it is.

import { addWorklet, awaken } from "./audio.js";
import { channelOf } from "./channel.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { mark } from "./marks.js";
import { explained, needSafety } from "./source.js";

/** Seconds to have before playing: the Jupyter server's own jitter is up to 50 ms. */
const PREBUFFER = 0.12;
/** Seconds between reports of the position: by socket, and by comm, where each costs the kernel 3 ms. */
const REPORT = { socket: 0.1, comm: 0.25, "": 0.1 };

class Speaker {
  /** @param {any} model */
  constructor(model) {
    this.model = model;
    this.stream = model.get("_stream");
    this.settings = { volume: 1, muted: false };
    /** @type {import("./channel.js").Channel | null} */
    this.channel = null;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    /** @type {GainNode | null} */
    this.gain = null;
    /** @type {AudioWorkletNode | null} */
    this.recorder = null;
    /** @type {Promise<void> | null} */
    this.opening = null;
    this.blocked = false;
    this.elsewhere = false;
    this.playing = false;
    /** How far the ear is. */
    this.position = { turn: -1, played: 0 };
    /** @type {{ message: string, hint: string } | null} */
    this.problem = null;
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    this.leave = () => {};
    this.gone = false;
    this.connect().catch((error) => this.fail(error));
  }

  async connect() {
    const ref = this.model.get("channel");
    this.channel = await channelOf(await this.model.widget_manager.get_model(ref.slice("IPY_MODEL_".length)));
    if (this.gone) return;
    this.leave = this.channel.open(this.stream, {
      message: (message) => this.told(message),
      media: (payload) => this.piece(payload),
      joined: () => this.report(),
      down: () => this.close(),
    });
    // A page that was clicked in may sound: then the first answer need not wait for the audio to be set up.
    if (navigator.userActivation?.hasBeenActive) await this.open();
  }

  /** @returns {Promise<void>} */
  open() {
    return (this.opening ??= this.make());
  }

  async make() {
    needSafety("speech");
    const rate = this.model.get("_rate");
    const context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.context = context;
    await addWorklet(context, this.model.get("_worklet"));
    const processorOptions = { prebuffer: Math.round(PREBUFFER * rate), report: REPORT[this.channel?.carrier ?? ""] };
    const node = new AudioWorkletNode(context, "glnb-speaker", { numberOfInputs: 0, outputChannelCount: [1], processorOptions });
    node.port.onmessage = ({ data }) => this.happened(data);
    this.gain = context.createGain();
    node.connect(this.gain).connect(context.destination);
    this.node = node;
    this.apply();
    awaken(context, (running) => {
      this.blocked = !running;
      this.changed();
    });
  }

  /** Eight bytes before the samples: the turn, and where in the turn they begin. @param {ArrayBuffer} payload */
  piece(payload) {
    const header = new DataView(payload);
    const piece = { turn: header.getUint32(0, true), start: header.getUint32(4, true), samples: new Int16Array(payload.slice(8)) };
    this.post(piece, [piece.samples.buffer]);
  }

  /** @param {any} message */
  told(message) {
    if (message.kind === "flush") this.post({ flush: message.turn });
    else if (message.kind === "end") this.post({ end: message.turn });
    else if (message.kind === "reset") this.node?.port.postMessage({ reset: true });
    else if (message.kind === "settings") this.set(message.settings);
    else if (message.kind === "elsewhere") this.yield(message.on);
    else if (message.kind === "record") this.record(message.on);
  }

  /** In order, whether or not the audio is set up yet. @param {object} message @param {Transferable[]} [given] */
  post(message, given = []) {
    if (this.node) this.node.port.postMessage(message, given);
    else this.open().then(() => this.node?.port.postMessage(message, given), (error) => this.fail(error));
  }

  /** @param {any} data */
  happened({ kind, turn, played, underruns, waiting, time }) {
    this.playing = kind === "playing" || kind === "position";
    // What was rendered a moment ago is still on its way to the ear; what a flush cut off was all heard by then.
    const late = kind === "flushed" || kind === "drained" ? 0 : (this.context?.outputLatency ?? 0) * this.model.get("_rate");
    this.position = { turn, played: Math.max(0, Math.round(played - late)) };
    this.channel?.say(this.stream, { kind, ...this.position, underruns, waiting, time });
    if (kind !== "position") this.draw();
  }

  /** @param {Record<string, any>} settings */
  set(settings) {
    Object.assign(this.settings, settings);
    this.apply();
    this.draw();
  }

  /** @param {Record<string, any>} settings */
  change(settings) {
    this.set(settings);
    this.channel?.say(this.stream, { kind: "set", settings });
  }

  apply() {
    const { volume, muted } = this.settings;
    this.gain?.gain.setTargetAtTime(muted ? 0 : volume, this.context?.currentTime ?? 0, 0.01);
  }

  /** Another page plays; or this one does again. @param {boolean} on */
  yield(on) {
    this.elsewhere = on;
    if (on) this.close();
    this.draw();
  }

  take() {
    this.channel?.say(this.stream, { kind: "take" });
    this.open().catch((error) => this.fail(error));
  }

  /** For tests: what came out of the worklet goes up when recording ends. @param {boolean} on */
  async record(on) {
    if (!on) {
      this.recorder?.port.postMessage("all");
      return;
    }
    await this.open();
    const context = /** @type {AudioContext} */ (this.context);
    await addWorklet(context, this.model.get("_recorder"));
    const recorder = new AudioWorkletNode(context, "glnb-recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => this.channel?.media(this.stream, data, Date.now());
    this.node?.connect(recorder);
    this.recorder = recorder;
    this.channel?.say(this.stream, { kind: "recording" });
  }

  report() {
    const { blocked, problem, settings } = this;
    return { blocked, problem, ...this.position, volume: settings.volume, muted: settings.muted };
  }

  changed() {
    this.channel?.say(this.stream, { kind: "state", ...this.report() });
    this.draw();
  }

  /** @param {any} error */
  fail(error) {
    this.problem = explained(error, "speaker");
    this.changed();
  }

  close() {
    this.node?.port.postMessage({ close: true });
    this.context?.close().catch(() => {});
    this.node = this.context = this.gain = this.recorder = this.opening = null;
    this.playing = this.blocked = false;
    this.draw();
  }

  /** @param {() => void} draw */
  watch(draw) {
    this.watchers.add(draw);
    this.draw();
    return () => {
      this.watchers.delete(draw);
      this.draw();
    };
  }

  draw() {
    for (const draw of this.watchers) draw();
    const click = () => this.context?.resume();
    const unseen = this.blocked && !this.watchers.size;
    mark(this, unseen ? { text: "Sound is waiting for a click", live: false, button: "Enable sound", click } : null);
  }

  destroy() {
    this.gone = true;
    this.close();
    this.leave();
    mark(this, null);
  }
}

/** @param {HTMLElement} el @param {Speaker} speaker */
function view(el, speaker) {
  const mute = h("button", { class: "glnb-button glnb-plain glnb-square", on: { click: () => speaker.change({ muted: !speaker.settings.muted }) } });
  const volume = /** @type {HTMLInputElement} */ (h("input", { class: "glnb-volume", type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Volume" }));
  volume.addEventListener("input", () => speaker.change({ volume: Number(volume.value), muted: false }));
  const enable = h("button", { class: "glnb-button glnb-primary", text: "Click to enable sound", on: { click: () => speaker.context?.resume() } });
  const take = h("button", { class: "glnb-button", text: "Play here", on: { click: () => speaker.take() } });
  const word = h("span", { class: "glnb-muted", role: "status" });
  el.append(h("section", { class: "glnb glnb-speaker", "aria-label": "speaker" }, h("div", { class: "glnb-row" }, mute, volume, enable, take, word)));
  return () => {
    const { muted } = speaker.settings;
    mute.replaceChildren(icon(muted ? "speakerOff" : "speaker"));
    mute.setAttribute("aria-label", muted ? "Unmute" : "Mute");
    mute.title = muted ? "Unmute" : "Mute";
    mute.setAttribute("aria-pressed", String(muted));
    volume.value = String(muted ? 0 : speaker.settings.volume);
    enable.hidden = !speaker.blocked;
    take.hidden = !speaker.elsewhere;
    const words = speaker.elsewhere ? "Sound plays in another window." : speaker.playing ? "Speaking" : "";
    word.textContent = speaker.problem ? `${speaker.problem.message} ${speaker.problem.hint}` : speaker.channel?.why || words;
    word.toggleAttribute("data-speaking", word.textContent === "Speaking");
  };
}

export default () => {
  /** @type {Speaker} */
  let speaker;
  return {
    /** @param {{ model: any }} context */
    initialize({ model }) {
      speaker = new Speaker(model);
      return () => speaker.destroy();
    },
    /** @param {{ el: HTMLElement }} context */
    render({ el }) {
      return speaker.watch(view(el, speaker));
    },
  };
};
