// The page's end of the media channel (channel.py is the other): a socket to the kernel's I/O thread where there can be one,
// else a comm that this page opens, which ipykernel 7 serves on a thread of its own. Widgets hold a line each on it.

import { GONE, openComm } from "./comm.js";
import { addresses, dialled, randomName, tabName } from "./dialling.js";
import { CONTROL, MEDIA, decoded, encoded, pack, unpack } from "./framing.js";

const TARGET = "gemini_live_nb.channel";
/** Milliseconds in which a socket must open, or the comm is taken. */
const DECIDE = 450;
/** Milliseconds a broken channel may take to be made again before what it carried is let go. */
const GRACE = 2000;
/** Milliseconds between signs of life over the comm, which itself never says that a page is gone. */
const ALIVE = 3000;
/** Bytes the browser may hold for a socket that is not read: half a minute of speech. */
const BACKLOG = 1 << 20;
/** Breaks within a minute after which sockets are given up: some proxies open them and close them again. */
const BREAKS = 3;
/** Frames kept while the channel is being made again: two seconds of 20 ms chunks. */
const HELD = 100;

/**
 * What a widget does with its line.
 * @typedef {object} Line
 * @property {(message: any) => void} message
 * @property {(payload: ArrayBuffer, seq: number) => void} [media]
 * @property {() => object} joined what to tell Python when the channel is up (again)
 * @property {(why: string) => void} down the channel is gone: release what is captured
 */

/** One channel of each key in a page, however many modules ask for it: each widget has its own copy of this file. */
const CHANNELS = /** @type {Map<string, { channel: Promise<Channel>, here: (channel: Channel) => void }>} */ (
  (/** @type {any} */ (globalThis)[Symbol.for("gemini-live-nb.channels")] ??= new Map())
);

/** Frames are numbered per stream and kind. @param {number} stream @param {number} kind */
const numbered = (stream, kind) => 2 * stream + kind;

/** @param {string} key */
function place(key) {
  let entry = CHANNELS.get(key);
  if (!entry) {
    let here = (/** @type {Channel} */ _channel) => {};
    const channel = new Promise((/** @type {(channel: Channel) => void} */ resolve) => (here = resolve));
    CHANNELS.set(key, (entry = { channel, here }));
  }
  return entry;
}

/** The channel of a widget, once its model is in this page. @param {any} model @returns {Promise<Channel>} */
export function channelOf(model) {
  return place(model.get("_key")).channel;
}

export class Channel {
  /** @param {any} model the Channel widget's */
  constructor(model) {
    this.model = model;
    this.key = model.get("_key");
    this.prefer = model.get("_prefer");
    this.page = randomName();
    /** @type {Map<number, Line>} */
    this.lines = new Map();
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    /** @type {"" | "socket" | "comm"} */
    this.carrier = "";
    this.why = "";
    this.closed = false;
    this.counts = { sent: 0, received: 0, lost: 0, dropped: 0 };
    /** @type {Map<number, number>} */
    this.numbers = new Map();
    /** @type {Map<number, number>} */
    this.expected = new Map();
    /** What waits for a carrier. @type {[number, number, ArrayBuffer, number][]} */
    this.held = [];
    /** @type {ArrayBuffer[]} */
    this.batch = [];
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {any} */
    this.comm = null;
    /** Comm messages that must be taken in order, which the kernel does not promise. */
    this.told = 0;
    this.dialling = false;
    /** @type {{ port: number, token: string }[]} */
    this.offers = [];
    this.welcome = false;
    this.used = false;
    /** @type {number[]} */
    this.breaks = [];
    this.timers = { decide: 0, grace: 0, alive: 0 };
    this.bye = () => this.tell({ kind: "bye" });
    addEventListener("pagehide", this.bye);
    model.on("msg:custom", (/** @type {any} */ message, /** @type {any[]} */ buffers) => this.hear(message, buffers ?? []));
    // Fires when a restarted kernel or a closed notebook takes the widget's comm away; ours is gone with it.
    model.on("comm_live_update", () => setTimeout(() => this.tell({ kind: "alive" })));
    this.make();
    place(this.key).here(this);
  }

  /** Open a line. @param {number} stream @param {Line} widget @returns {() => void} the way to close it */
  open(stream, widget) {
    this.lines.set(stream, widget);
    if (this.carrier) this.join(stream, widget);
    return () => this.lines.delete(stream);
  }

  /** Be told when the carrier changes. @param {() => void} fn @returns {() => void} */
  watch(fn) {
    this.watchers.add(fn);
    return () => this.watchers.delete(fn);
  }

  /** Send a message of a widget's. @param {number} stream @param {object} message */
  say(stream, message) {
    this.send(stream, CONTROL, encoded(message), Date.now());
  }

  /** @param {number} stream @param {ArrayBuffer} payload @param {number} time */
  media(stream, payload, time) {
    this.send(stream, MEDIA, payload, time);
  }

  /** @param {number} stream @param {number} kind @param {ArrayBuffer} payload @param {number} time */
  send(stream, kind, payload, time) {
    if (!this.carrier) {
      this.held.push([stream, kind, payload, time]);
      if (this.held.length <= HELD) return;
      const [[oldest, which]] = this.held.splice(0, 1);
      this.drop(oldest, which);
    } else if (kind === MEDIA && this.socket && this.socket.bufferedAmount > BACKLOG) this.drop(stream, kind);
    else this.transmit(pack(stream, kind, this.number(stream, kind), time, payload));
  }

  /** Leave a frame out: the gap in the numbers tells Python. @param {number} stream @param {number} kind */
  drop(stream, kind) {
    this.number(stream, kind);
    this.counts.dropped++;
  }

  /** @param {number} stream @param {number} kind */
  number(stream, kind) {
    const seq = this.numbers.get(numbered(stream, kind)) ?? 0;
    this.numbers.set(numbered(stream, kind), (seq + 1) >>> 0);
    return seq;
  }

  /** @param {ArrayBuffer} frame */
  transmit(frame) {
    this.counts.sent++;
    if (this.carrier === "socket") {
      this.socket?.send(frame);
      return;
    }
    this.used = true;
    this.batch.push(frame);
    if (this.batch.length > 1) return;
    queueMicrotask(() => this.tell({ kind: "frames", n: this.told++ }, this.batch.splice(0)));
  }

  /** Begin, or begin again after a break. */
  make() {
    if (this.closed || this.carrier) return;
    this.welcome = false;
    clearTimeout(this.timers.decide);
    clearTimeout(this.timers.grace);
    this.timers.decide = setTimeout(() => this.decide(), DECIDE);
    this.timers.grace = setTimeout(() => this.release("The kernel does not answer."), GRACE);
    this.call().catch(() => this.end(GONE));
  }

  /** Python took this page for gone, after a night's sleep say. */
  anew() {
    if (this.carrier === "socket") return;
    this.carrier = "";
    this.used = false;
    this.make();
  }

  async call() {
    if (this.comm) return this.tell(this.hello());
    this.comm = await openComm(this.model.widget_manager, TARGET, { ...this.hello(), channel: this.key });
    this.timers.alive = setInterval(() => this.carrier === "comm" && this.tell({ kind: "alive" }), ALIVE);
  }

  hello() {
    const { page, told, counts } = this;
    const { local } = addresses(0);
    return { kind: "hello", page, tab: tabName(), origin: location.origin, local, n: told, later: counts.sent > 0 };
  }

  /** Say something to Python over the comm. @param {object} message @param {ArrayBuffer[]} [frames] */
  tell(message, frames = []) {
    try {
      this.comm?.send({ ...message, page: this.page }, undefined, {}, frames);
    } catch {
      this.end(GONE);
    }
  }

  /** What Python says over the widget's own comm. @param {any} message @param {(ArrayBuffer | ArrayBufferView)[]} buffers */
  hear(message, buffers) {
    if (message.page && message.page !== this.page) return;
    if (message.kind === "frames") for (const frame of buffers) this.receive(frame);
    else if (message.kind === "again") this.anew();
    else if (message.kind === "welcome") {
      this.welcome = true;
      clearTimeout(this.timers.decide);
      this.timers.decide = setTimeout(() => this.decide(), DECIDE);
      this.dial(message);
    } else if (message.kind === "offer") this.dial(message);
  }

  /** Try the latest offer first: each holds for one connection, which another page may have had. @param {any} offer */
  async dial(offer) {
    if (this.prefer === "comm" || !offer.token) return this.decide();
    this.offers.push(offer);
    if (this.dialling) return;
    this.dialling = true;
    for (let next = this.offers.pop(); next && !this.socket && !this.closed; next = this.offers.pop()) {
      const socket = await dialled(addresses(next.port).urls, next.token);
      if (socket) this.take(socket);
    }
    this.dialling = false;
    this.decide();
  }

  /** A socket is open. One that comes late is taken only if the comm has carried nothing yet. @param {WebSocket} socket */
  take(socket) {
    if (this.closed || this.socket || this.used) {
      socket.close();
      return;
    }
    this.socket = socket;
    this.offers = [];
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = ({ code, reason }) => this.broken(code, reason);
    this.carrier = "socket";
    this.say(0, this.hello());
    this.up();
  }

  /** The time for a socket is over, or there can be none. */
  decide() {
    if (this.carrier || this.closed || !this.welcome || this.prefer === "socket") return;
    this.carrier = "comm";
    this.tell({ kind: "use", n: this.told++ });
    this.up();
  }

  up() {
    clearTimeout(this.timers.decide);
    clearTimeout(this.timers.grace);
    this.why = "";
    for (const [stream, widget] of this.lines) this.join(stream, widget);
    for (const frame of this.held.splice(0)) this.send(...frame);
    for (const fn of this.watchers) fn();
  }

  /** @param {number} stream @param {Line} widget */
  join(stream, widget) {
    this.say(stream, { kind: "join", ...widget.joined() });
  }

  /** @param {ArrayBuffer | ArrayBufferView} data */
  receive(data) {
    const frame = unpack(data);
    this.counts.received++;
    if (frame.stream === 0) return this.own(decoded(frame));
    const from = numbered(frame.stream, frame.kind);
    const gap = (frame.seq - (this.expected.get(from) ?? 0)) >>> 0;
    if (gap > 0x7fffffff) return; // overtaken, and counted as lost by then
    this.counts.lost += gap;
    this.expected.set(from, (frame.seq + 1) >>> 0);
    if (frame.kind === CONTROL) this.lines.get(frame.stream)?.message(decoded(frame));
    else this.lines.get(frame.stream)?.media?.(frame.payload, frame.seq);
  }

  /** @param {any} message */
  own(message) {
    if (message.kind === "ping") this.say(0, { kind: "pong", at: message.at });
    else if (message.kind === "fresh") this.expected.clear();
  }

  /** @param {number} code @param {string} reason */
  broken(code, reason) {
    this.socket = null;
    this.carrier = "";
    this.used = false;
    this.breaks = [...this.breaks, Date.now()].filter((when) => Date.now() - when < 60000);
    if (this.breaks.length >= BREAKS && this.prefer === "auto") this.prefer = "comm";
    if (code === 4000) this.end(reason || "The widget was closed.");
    else this.make();
    for (const fn of this.watchers) fn();
  }

  /** Let go of what is captured; a later `make` may bring the channel back. @param {string} why */
  release(why) {
    this.why = why;
    for (const [stream, kind] of this.held.splice(0)) this.drop(stream, kind);
    for (const widget of [...this.lines.values()]) widget.down(why);
    for (const fn of this.watchers) fn();
  }

  /** For good. @param {string} why */
  end(why) {
    if (this.closed) return;
    this.closed = true;
    this.carrier = "";
    clearTimeout(this.timers.decide);
    clearTimeout(this.timers.grace);
    clearInterval(this.timers.alive);
    removeEventListener("pagehide", this.bye);
    this.socket?.close();
    try {
      this.comm?.close();
    } catch {
      // it went with the kernel
    }
    CHANNELS.delete(this.key);
    this.release(why);
  }
}
