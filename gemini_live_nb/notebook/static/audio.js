// The audio context's two hurdles: worklets come as text, and a browser may want a gesture before anything sounds.

/** @param {AudioContext} context @param {string} text the worklet's module */
export async function addWorklet(context, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Get a context to run: at once, or else with the next click or key anywhere in the page.
 * @param {AudioContext} context
 * @param {(running: boolean) => void} tell called now, and again when it changes
 */
export function awaken(context, tell) {
  const gestures = ["pointerdown", "keydown"];
  const resume = () => context.resume().catch(() => {});
  const listen = () => gestures.forEach((gesture) => document.addEventListener(gesture, resume, { capture: true }));
  const leave = () => gestures.forEach((gesture) => document.removeEventListener(gesture, resume, { capture: true }));
  context.onstatechange = () => {
    if (context.state === "running") leave();
    if (context.state === "closed") return leave();
    tell(context.state === "running");
  };
  if (context.state !== "running") {
    listen();
    resume();
  }
  tell(context.state === "running");
}
