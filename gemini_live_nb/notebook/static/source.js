// From an ipywebrtc model to a live MediaStream, and back to silence. ipywebrtc's models keep what they once got, a refusal
// or a dead stream included, and know nothing of who uses it: that is made good here, without touching ipywebrtc.

const REF = "IPY_MODEL_";

/** What went wrong, and what a person can do about it. */
export class Problem extends Error {
  /** @param {string} name @param {string} message @param {string} hint */
  constructor(name, message, hint) {
    super(message);
    this.name = name;
    this.hint = hint;
  }
}

/** How many taps use each kind of track of a stream, in this page. */
const USES = /** @type {WeakMap<MediaStream, { audio: number, video: number }>} */ (
  (/** @type {any} */ (globalThis)[Symbol.for("gemini-live-nb.uses")] ??= new WeakMap())
);

/**
 * @typedef {object} Source
 * @property {MediaStreamTrack} track
 * @property {() => void} release stop the track if nobody else here uses it
 * @property {string} device the id of the device, empty for a file
 */

/**
 * @param {any} model a tap's widget model
 * @param {"audio" | "video"} kind
 * @param {{ device: string, display: boolean }} wish
 * @returns {Promise<Source>}
 */
export async function openSource(model, kind, wish) {
  const source = await sourceModel(model);
  const stream = source ? await streamOf(source, kind, wish.device) : await displayed();
  const track = stream.getTracks().find((each) => each.kind === kind && each.readyState === "live");
  if (!track) throw new Problem("NoTrack", `This source has no ${kind}.`, "Choose a source that has.");
  const device = source && isCamera(source) ? track.getSettings().deviceId : "";
  return { track, device: device ?? "", release: hold(stream, kind, source) };
}

/** @param {any} model */
export async function sourceModel(model) {
  const ref = model.get("source");
  if (!ref) return null;
  return typeof ref === "string" ? model.widget_manager.get_model(ref.slice(REF.length)) : ref;
}

/** Whether this is ipywebrtc's CameraStream, which has devices to choose from. @param {any} source */
export function isCamera(source) {
  return source?.get("constraints") !== undefined;
}

/** Devices and worklets are there for a page that came safely, and for no other. @param {string} what */
export function needSafety(what) {
  if (isSecureContext) return;
  throw new Problem(
    "InsecureOrigin",
    `The browser gives no ${what} to a page that came over plain http from another machine.`,
    "Open the notebook by https, or as http://localhost (an ssh tunnel will do).",
  );
}

/** @returns {Promise<MediaStream>} */
async function displayed() {
  if (!navigator.mediaDevices.getDisplayMedia) {
    throw new Problem("NotSupported", "This browser cannot share a screen.", "Use a desktop browser.");
  }
  return navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 5 }, audio: false });
}

/** @param {any} source @param {"audio" | "video"} kind @param {string} device @returns {Promise<MediaStream>} */
async function streamOf(source, kind, device) {
  if (device && isCamera(source)) choose(source, kind, device);
  let stream = await captured(source);
  const dead = stream.getTracks().every((track) => track.readyState === "ended");
  if (dead && "cameraStream" in source) {
    source.cameraStream = null;
    stream = await captured(source);
  }
  if (isCamera(source)) await revive(source, stream, kind);
  return stream;
}

/** @param {any} source @returns {Promise<MediaStream>} */
async function captured(source) {
  // Without ipywebrtc's JavaScript the model is a stand-in that still knows its constraints.
  if (typeof source.captureStream !== "function") return navigator.mediaDevices.getUserMedia(source.get("constraints"));
  try {
    return await source.captureStream();
  } catch (error) {
    if ("cameraStream" in source) source.cameraStream = null;
    throw error;
  }
}

/** Put a chosen device into the source's constraints. @param {any} source @param {"audio" | "video"} kind @param {string} device */
function choose(source, kind, device) {
  const constraints = source.get("constraints");
  const before = typeof constraints[kind] === "object" ? constraints[kind] : {};
  if (before.deviceId?.exact === device) return;
  source.set("constraints", { ...constraints, [kind]: { ...before, deviceId: { exact: device } } });
  source.save_changes();
  source.cameraStream = null;
}

/** One of two tracks was stopped on its own: get it again and leave the other be. @param {any} source @param {MediaStream} stream @param {"audio" | "video"} kind */
async function revive(source, stream, kind) {
  const wanted = source.get("constraints")[kind];
  if (!wanted || stream.getTracks().some((track) => track.kind === kind && track.readyState === "live")) return;
  const fresh = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
  for (const track of stream.getTracks()) if (track.kind === kind) stream.removeTrack(track);
  for (const track of fresh.getTracks()) stream.addTrack(track);
}

/** @param {MediaStream} stream @param {"audio" | "video"} kind @param {any} source @returns {() => void} */
function hold(stream, kind, source) {
  const uses = USES.get(stream) ?? { audio: 0, video: 0 };
  USES.set(stream, uses);
  uses[kind]++;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    uses[kind]--;
    const alone = !uses.audio && !uses.video;
    for (const track of stream.getTracks()) if (alone || (track.kind === kind && !uses[kind])) track.stop();
    if (alone && source && "cameraStream" in source) source.cameraStream = null;
    if (alone && source?.media?.pause) source.media.pause();
  };
}

/** What the browser's error means here. @param {any} error @param {string} what @returns {{ name: string, message: string, hint: string }} */
export function explained(error, what) {
  if (error instanceof Problem) return { name: error.name, message: error.message, hint: error.hint };
  const name = error?.name ?? "Error";
  const [message, hint] = EXPLAINED[name]?.(what) ?? [`The ${what} could not be opened: ${error?.message ?? error}`, "Try again."];
  return { name, message, hint };
}

/** @type {Record<string, (what: string) => [string, string]>} */
const EXPLAINED = {
  NotAllowedError: (what) =>
    location.protocol === "vscode-webview:"
      ? [`VS Code gives its notebooks no ${what}.`, "Open the notebook in a browser: run jupyter lab."]
      : [`The browser may not use the ${what}.`, "Allow it beside the address bar (and in the system's privacy settings), then try again."],
  NotFoundError: (what) => [`There is no ${what} here.`, "Plug one in, then try again; or give a file as the source."],
  NotReadableError: (what) => [`The ${what} is there but gives nothing.`, "Close the program that uses it, then try again."],
  OverconstrainedError: (what) => [`The chosen ${what} is not there any more.`, "Choose another one."],
  AbortError: (what) => [`The ${what} could not be started.`, "Try again."],
  InvalidStateError: (what) => [`The browser wants a click before it shares the ${what}.`, "Press the button."],
};
