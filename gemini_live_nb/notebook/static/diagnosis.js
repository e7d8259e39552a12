// "Why is nothing happening?" The page tells Python what only it can know; Python answers with findings and what to do.

import { h, said } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {{ id: string, level: "bad"|"warn"|"good", title: string, advice: string }} Finding
 */

/** How long a kernel may take to answer before it counts as busy. */
const PATIENCE = 4000;
const BUSY = {
  id: "busy", level: /** @type {"warn"} */ ("warn"), title: "The kernel does not answer: a cell is running",
  advice: "Buttons of widgets wait until the cell has ended on this kernel. Interrupt the cell (the square in the toolbar), or install ipykernel 7.1 or newer, which answers meanwhile.",
};

export default () => {
  /** @type {Finding[]} */
  let findings = [];
  let busy = false;
  /** @type {import("./link.js").Link} */
  let wire;
  /** @type {Set<() => void>} */
  const views = new Set();
  const redraw = () => { for (const view of views) view(); };

  async function look() {
    const timer = setTimeout(() => { busy = true; redraw(); }, PATIENCE);
    await wire.ask("facts", { facts: await facts() });
    clearTimeout(timer);
    busy = false;
    redraw();
  }

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message) => {
        findings = message.findings;
        redraw();
      });
      void look();
      const again = () => void look();
      navigator.mediaDevices?.addEventListener?.("devicechange", again);
      document.addEventListener("visibilitychange", again);
      return () => {
        navigator.mediaDevices?.removeEventListener?.("devicechange", again);
        document.removeEventListener("visibilitychange", again);
      };
    },
    /** @param {{ el: HTMLElement }} given */
    render({ el }) {
      const section = root(el, "diagnosis", "Why is nothing happening?");
      const list = h("ul", { class: "glnb-findings" });
      const again = h("button", { type: "button", class: "glnb-button", on: { click: look } }, h("span", { text: "Look again" }));
      section.append(h("header", { class: "glnb-heading" }, icon("help"), h("span", { text: "Why is nothing happening?" }), again), list);
      const draw = () => list.replaceChildren(...(busy ? [BUSY, ...findings] : findings).map(item));
      views.add(draw);
      draw();
      return () => views.delete(draw);
    },
  };
};

/** @param {Finding} finding */
function item({ level, title, advice }) {
  const look = { bad: "warn", warn: "warn", good: "check" }[level];
  const words = { bad: "Problem: ", warn: "Note: ", good: "Fine: " }[level];
  return h("li", { class: "glnb-finding", dataset: { level } }, icon(look),
    h("div", {}, h("strong", {}, h("span", { class: "glnb-unseen", text: words }), said("span", title)), advice ? said("p", advice) : null));
}

/** What only the page knows. */
async function facts() {
  const media = navigator.mediaDevices;
  const devices = media?.enumerateDevices ? await media.enumerateDevices().catch(() => []) : [];
  const count = (/** @type {string} */ kind) => devices.filter((device) => device.kind === kind).length;
  return {
    secure: isSecureContext,
    media: Boolean(media),
    microphone: await permission("microphone"),
    camera: await permission("camera"),
    microphones: count("audioinput"),
    cameras: count("videoinput"),
    host: host(),
    loopback: /^(localhost|127\.|\[::1\])/.test(location.hostname),
    gesture: navigator.userActivation?.hasBeenActive ?? null,
  };
}

/** @param {string} name */
async function permission(name) {
  try {
    return (await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })).state;
  } catch {
    return "unknown";
  }
}

function host() {
  if (location.protocol === "vscode-webview:" || "acquireVsCodeApi" in globalThis) return "vscode";
  if (/colab|googleusercontent/.test(location.hostname)) return "colab";
  return "jupyter";
}
