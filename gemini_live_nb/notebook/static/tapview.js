// The controls every tap shows: start and stop, the live mark, mute, the device menu, what went wrong.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./tap.js").Tap} Tap */

/**
 * @param {HTMLElement} el
 * @param {Tap} tap
 * @param {{ icon: string, start: string, stop: string, parts: HTMLElement[] }} look
 * @returns {{ box: HTMLElement, row: HTMLElement, draw: () => void }}
 */
export function controls(el, tap, look) {
  const word = h("span");
  const toggle = h("button", { class: "glnb-button glnb-toggle", on: { click: () => (tap.state === "off" ? tap.start() : tap.stop("")) } }, icon(look.icon), word);
  const live = h("span", { class: "glnb-live-mark" }, h("span", { class: "glnb-dot", "aria-hidden": "true" }), "Live");
  const mute = h("button", { class: "glnb-button glnb-plain glnb-square", on: { click: () => tap.change({ muted: !tap.settings.muted }) } });
  const menu = /** @type {HTMLSelectElement} */ (h("select", { class: "glnb-field glnb-devices", "aria-label": `Which ${tap.what}` }));
  menu.addEventListener("change", () => tap.change({ device: menu.value }));
  const row = h("div", { class: "glnb-row" }, toggle, live, ...look.parts, mute, menu);
  const said = note(tap);
  const box = h("section", { class: `glnb glnb-tap glnb-${tap.what}`, "aria-label": tap.what }, row, said.el);
  el.append(box);

  const draw = () => {
    const muted = tap.settings.muted;
    box.dataset.state = tap.state;
    box.toggleAttribute("data-muted", muted);
    word.textContent = { off: look.start, asking: "Waiting for permission…", live: look.stop }[tap.state];
    toggle.setAttribute("aria-pressed", String(tap.state === "live"));
    toggle.toggleAttribute("disabled", Boolean(tap.channel?.closed));
    live.hidden = tap.state !== "live";
    mute.replaceChildren(icon(muted ? `${look.icon}Off` : look.icon));
    mute.setAttribute("aria-label", muted ? "Unmute" : "Mute");
    mute.title = muted ? "Unmute" : "Mute";
    mute.setAttribute("aria-pressed", String(muted));
    mute.hidden = tap.kind !== "audio" || tap.state !== "live";
    list(menu, tap);
    said.draw();
  };
  return { box, row, draw };
}

/** @param {HTMLSelectElement} menu @param {Tap} tap */
function list(menu, tap) {
  menu.hidden = tap.devices.length < 2;
  const key = JSON.stringify(tap.devices);
  if (menu.dataset.key !== key) {
    menu.dataset.key = key;
    menu.replaceChildren(...tap.devices.map(({ id, label }) => h("option", { value: id, text: label })));
  }
  const chosen = tap.device || tap.settings.device;
  if (chosen) menu.value = chosen;
}

/** @param {Tap} tap */
function note(tap) {
  const message = h("strong");
  const hint = h("span");
  const el = h("p", { class: "glnb-note", role: "status" }, message, " ", hint);
  return {
    el,
    draw() {
      const ended = tap.why || tap.channel?.why || "";
      el.hidden = !tap.problem && !ended;
      el.toggleAttribute("data-bad", Boolean(tap.problem));
      message.textContent = tap.problem ? tap.problem.message : "";
      hint.textContent = tap.problem ? tap.problem.hint : ended;
    },
  };
}
