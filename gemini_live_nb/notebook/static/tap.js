// What microphone, camera and screen have in common: a state, a line to Python, and capture that ends when it should.

import { channelOf } from "./channel.js";
import { mark } from "./marks.js";
import { explained, isCamera, needSafety, openSource, sourceModel } from "./source.js";

/** Milliseconds for which a widget that was shown may be without a view: outputs are taken down and put up again. */
const UNSEEN = 1500;

/**
 * @typedef {{ name: string, message: string, hint: string }} Trouble
 * @typedef {"off" | "asking" | "live"} State
 */

export class Tap {
  /**
   * @param {any} model
   * @param {"audio" | "video"} kind
   * @param {string} what "microphone", "camera" or "screen"
   */
  constructor(model, kind, what) {
    this.model = model;
    this.kind = kind;
    this.what = what;
    /** @type {State} */
    this.state = "off";
    /** @type {Trouble | null} */
    this.problem = null;
    this.why = "";
    /** @type {Record<string, any>} */
    this.settings = { muted: false, device: "" };
    /** @type {{ id: string, label: string }[]} */
    this.devices = [];
    this.device = "";
    this.chooses = false;
    /** @type {import("./channel.js").Channel | null} */
    this.channel = null;
    this.stream = model.get("_stream");
    /** @type {import("./source.js").Source | null} */
    this.source = null;
    /** Counts starts and stops, so that what a slow start brings after a stop is let go. */
    this.epoch = 0;
    /** The last start that Python asked for: it tells an answer from a report that crossed the question. */
    this.order = 0;
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    this.views = 0;
    this.unseen = 0;
    this.gone = false;
    this.leave = () => {};
    this.changed = () => this.list();
    navigator.mediaDevices?.addEventListener("devicechange", this.changed);
    this.connect().catch((error) => this.fail(error));
  }

  async connect() {
    const ref = this.model.get("channel");
    this.channel = await channelOf(await this.model.widget_manager.get_model(ref.slice("IPY_MODEL_".length)));
    if (this.gone) return;
    this.leave = this.channel.open(this.stream, {
      message: (message) => this.told(message),
      joined: () => this.report(),
      down: (why) => this.stop(why),
    });
    this.chooses = isCamera(await sourceModel(this.model));
    await this.list();
  }

  /** @param {any} message */
  told(message) {
    if (message.kind === "start") {
      this.order = message.order;
      this.start();
    } else if (message.kind === "stop") this.stop(message.why ?? "");
    else if (message.kind === "settings") this.set(message.settings);
  }

  /** @param {Record<string, any>} settings */
  set(settings) {
    const device = settings.device !== undefined && settings.device !== this.settings.device && settings.device !== this.device;
    Object.assign(this.settings, settings);
    this.apply();
    if (device && this.state === "live") this.restart();
    this.draw();
  }

  /** A person changed something here: it holds at once, and Python is told. @param {Record<string, any>} settings */
  change(settings) {
    this.set(settings);
    this.channel?.say(this.stream, { kind: "set", settings });
  }

  async restart() {
    this.stop("");
    await this.start();
  }

  async start() {
    if (this.state !== "off") return;
    const epoch = ++this.epoch;
    this.problem = null;
    this.become("asking");
    try {
      if (this.channel?.why && !this.channel.closed) this.channel.make();
      needSafety(this.what);
      await this.prepare();
      const source = await openSource(this.model, this.kind, { device: this.settings.device, display: this.what === "screen" });
      if (epoch !== this.epoch || this.gone) return source.release();
      this.source = source;
      this.device = source.device;
      source.track.onended = () => this.ended(epoch);
      await this.begin(source.track);
      if (epoch !== this.epoch || this.gone) return;
      this.become("live");
      this.begun();
      await this.list();
    } catch (error) {
      if (epoch === this.epoch) this.fail(error);
    }
  }

  /** @param {string} why empty where a person or a cell wanted it */
  stop(why) {
    if (this.state === "off") return;
    this.epoch++;
    this.close();
    this.why = why;
    this.become("off");
  }

  /** @param {number} epoch */
  ended(epoch) {
    if (epoch !== this.epoch) return;
    this.stop(this.device ? `The ${this.what} was unplugged, or its permission taken back.` : "The source has ended.");
  }

  /** @param {any} error */
  fail(error) {
    this.epoch++;
    this.close();
    this.problem = explained(error, this.what);
    this.become("off");
    this.await();
  }

  /** A refusal taken back needs no reload: the message goes, the button works. */
  async await() {
    if (this.problem?.name !== "NotAllowedError" || this.what === "screen") return;
    const status = await navigator.permissions?.query({ name: /** @type {any} */ (this.what) }).catch(() => null);
    if (!status || status.state === "granted") return;
    status.onchange = () => {
      if (status.state === "denied" || this.problem?.name !== "NotAllowedError") return;
      this.problem = null;
      this.become(this.state);
    };
  }

  close() {
    this.end();
    if (this.source) this.source.track.onended = null;
    this.source?.release();
    this.source = null;
  }

  /** @param {State} state */
  become(state) {
    this.state = state;
    if (state !== "off") this.why = "";
    this.channel?.say(this.stream, { kind: "state", ...this.report() });
    this.draw();
  }

  report() {
    const { state, problem, why, devices, device, order } = this;
    const label = this.source?.track.label ?? "";
    return { state, problem, why, devices, device, order, label, muted: this.settings.muted };
  }

  async list() {
    if (!this.chooses || !navigator.mediaDevices) return;
    const all = await navigator.mediaDevices.enumerateDevices();
    const before = JSON.stringify(this.devices);
    this.devices = all
      .filter((device) => device.kind === `${this.kind}input` && device.deviceId)
      .map((device, i) => ({ id: device.deviceId, label: device.label || `${this.what} ${i + 1}` }));
    if (JSON.stringify(this.devices) !== before) this.become(this.state);
  }

  /** A view is there. @param {() => void} draw @returns {() => void} */
  watch(draw) {
    this.watchers.add(draw);
    this.views++;
    clearTimeout(this.unseen);
    this.draw();
    return () => {
      this.watchers.delete(draw);
      this.views--;
      this.unseen = setTimeout(() => this.views || this.stop("It is no longer shown."), UNSEEN);
      this.draw();
    };
  }

  draw() {
    for (const draw of this.watchers) draw();
    const click = () => this.stop("");
    mark(this, this.state === "live" && !this.views ? { text: `The ${this.what} is live`, live: true, button: "Stop", click } : null);
  }

  /** The widget was closed. */
  destroy() {
    this.gone = true;
    this.stop("The widget was closed.");
    this.leave();
    navigator.mediaDevices?.removeEventListener("devicechange", this.changed);
    mark(this, null);
  }

  // What each kind of tap does in its own way:

  /** What takes a while and needs no permission, so that nothing is missed once the source flows. */
  async prepare() {}
  /** @param {MediaStreamTrack} _track */
  async begin(_track) {}
  begun() {}
  end() {}
  apply() {}
}
