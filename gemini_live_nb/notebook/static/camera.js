// Camera and screen: a muted picture of the stream, and JPEG frames of it at a set rate.

import { h } from "./dom.js";
import { Tap } from "./tap.js";
import { controls } from "./tapview.js";

/** Ticks of a worker go on in a hidden tab, where the page's own timers come once a minute: a shared screen hides its page. */
const CLOCK = "let timer; onmessage = ({ data }) => { clearInterval(timer); if (data) timer = setInterval(postMessage, data, 0); };";

class Camera extends Tap {
  /** @param {any} model */
  constructor(model) {
    super(model, "video", model.get("_what"));
    Object.assign(this.settings, { fps: 1, longest_side: 768, quality: 0.7 });
    /** @type {MediaStream | null} */
    this.picture = null;
    this.video = /** @type {HTMLVideoElement} */ (h("video"));
    this.video.muted = true;
    this.video.playsInline = true;
    /** @type {Worker | null} */
    this.clock = null;
    this.taking = false;
    this.skipped = 0;
  }

  /** @param {MediaStreamTrack} track */
  async begin(track) {
    this.picture = new MediaStream([track]);
    this.video.srcObject = this.picture;
    await this.video.play();
    const url = URL.createObjectURL(new Blob([CLOCK], { type: "text/javascript" }));
    this.clock = new Worker(url);
    URL.revokeObjectURL(url);
    this.clock.onmessage = () => this.tick();
    this.apply();
  }

  begun() {
    if (this.settings.fps > 0) this.tick();
  }

  apply() {
    const { fps } = this.settings;
    this.clock?.postMessage(fps > 0 ? 1000 / fps : 0);
  }

  /** @param {any} message */
  told(message) {
    if (message.kind === "snapshot") this.snapshot(message.id);
    else super.told(message);
  }

  /** @param {number} id */
  async snapshot(id) {
    try {
      const { width, height, jpeg } = await this.grab(Infinity, 0.92);
      this.send(width, height, id, jpeg);
    } catch (error) {
      this.fail(error);
    }
  }

  async tick() {
    if (this.taking) {
      this.channel?.say(this.stream, { kind: "skipped", count: ++this.skipped });
      return;
    }
    this.taking = true;
    const { epoch } = this;
    try {
      const { width, height, jpeg } = await this.grab(this.settings.longest_side, this.settings.quality);
      if (epoch === this.epoch) this.send(width, height, 0, jpeg);
    } catch (error) {
      if (epoch === this.epoch) this.fail(error);
    } finally {
      this.taking = false;
    }
  }

  /** @param {number} longest pixels @param {number} quality 0 to 1 */
  async grab(longest, quality) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, longest / Math.max(videoWidth, videoHeight));
    const width = Math.max(1, Math.round(videoWidth * scale));
    const height = Math.max(1, Math.round(videoHeight * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.drawImage(this.video, 0, 0, width, height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
    return { width, height, jpeg: await blob.arrayBuffer() };
  }

  /** Eight bytes before each JPEG: width and height (16 bit each), then 0 or the number of the snapshot asked for. */
  /** @param {number} width @param {number} height @param {number} id @param {ArrayBuffer} jpeg */
  send(width, height, id, jpeg) {
    const data = new Uint8Array(8 + jpeg.byteLength);
    const header = new DataView(data.buffer);
    header.setUint16(0, width, true);
    header.setUint16(2, height, true);
    header.setUint32(4, id, true);
    data.set(new Uint8Array(jpeg), 8);
    this.channel?.media(this.stream, data.buffer, Date.now());
  }

  end() {
    this.clock?.terminate();
    this.clock = null;
    this.video.pause();
    this.video.srcObject = null;
    this.picture = null;
  }
}

export default () => {
  /** @type {Camera} */
  let camera;
  return {
    /** @param {{ model: any }} context */
    initialize({ model }) {
      camera = new Camera(model);
      return () => camera.destroy();
    },
    /** @param {{ el: HTMLElement }} context */
    render({ el }) {
      const preview = /** @type {HTMLVideoElement} */ (h("video", { class: "glnb-preview", "aria-label": `What the ${camera.what} sees` }));
      preview.muted = true;
      preview.playsInline = true;
      const words =
        camera.what === "screen"
          ? { icon: "screen", start: "Share screen", stop: "Stop sharing" }
          : { icon: "camera", start: "Start camera", stop: "Stop camera" };
      const { box, draw } = controls(el, camera, { ...words, parts: [] });
      box.append(preview);
      return camera.watch(() => {
        draw();
        preview.hidden = !camera.picture;
        if (preview.srcObject === camera.picture) return;
        preview.srcObject = camera.picture;
        if (camera.picture) preview.play().catch(() => {}); // taken down before it began
      });
    },
  };
};
