// Building the page by DOM calls only: text goes in as text, never as markup.

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `text`, `on` ({event: listener}), `dataset`, any attribute; null and false leave it out
 * @param {...(Node|string|null|undefined|false)} children strings become text nodes
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") el.textContent = String(value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) el.addEventListener(event, listener);
    else if (name === "dataset") Object.assign(el.dataset, value);
    else el.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) el.append(child);
  return el;
}

/** Escape sequences of terminals: CSI and OSC first, then any other two-character one. */
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-_]?/g;
/** Control characters but tab and newline; direction overrides, isolates and marks; line separators; byte order mark. */
const TRICKS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Text of a stranger, fit to be looked at: no terminal codes, no control characters, nothing that turns the writing direction.
 * @param {unknown} text
 * @returns {string}
 */
export function seen(text) {
  return String(text ?? "").replace(/\r\n?/g, "\n").replace(ESCAPES, "").replace(TRICKS, "");
}

/**
 * An element that shows a stranger's text: cleaned, in a direction of its own.
 * @param {string} tag
 * @param {unknown} text
 * @param {Record<string, any>} [props]
 * @returns {HTMLElement}
 */
export function said(tag, text, props = {}) {
  return h(tag, { ...props, class: `glnb-said ${props.class ?? ""}`.trim(), dir: "auto", text: seen(text) });
}

/**
 * Put text on the clipboard, also where the page may not use the clipboard API (plain http).
 * @param {string} text
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "glnb-unseen", "aria-hidden": "true" });
    /** @type {HTMLTextAreaElement} */ (area).value = text;
    document.body.append(area);
    /** @type {HTMLTextAreaElement} */ (area).select();
    document.execCommand("copy");
    area.remove();
  }
}
