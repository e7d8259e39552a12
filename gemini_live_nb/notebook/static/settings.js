// The settings of the next session. Python sends the form's fields and what the model refuses; a key goes up and never comes back.

import { h, said } from "./dom.js";
import { icon } from "./icons.js";
import { link, root } from "./link.js";

/**
 * @typedef {import("./link.js").Link} Link
 * @typedef {{ name: string, label: string, kind: string, choices: [string, string][], hint: string }} Field
 * @typedef {object} State as Python tells it
 * @property {[string, Field[]][]} groups
 * @property {Record<string, string>} values
 * @property {{ name: string, words: string }[]} warnings
 * @property {boolean} running
 * @property {string} key which key is in use, in words
 */

export default () => {
  /** @type {State | null} */
  let state = null;
  /** @type {Link} */
  let wire;
  /** @type {Set<() => void>} */
  const views = new Set();
  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message) => {
        state = /** @type {any} */ (message);
        for (const view of views) view();
      });
    },
    /** @param {{ el: HTMLElement }} given */
    render({ el }) {
      const update = settings(el, wire, () => state);
      views.add(update);
      update();
      return () => views.delete(update);
    },
  };
};

/** @param {HTMLElement} el @param {Link} wire @param {() => State | null} now */
function settings(el, wire, now) {
  const section = root(el, "settings", "Settings");
  const form = h("div", { class: "glnb-groups" });
  const rest = h("div", { class: "glnb-warnings", role: "status" });
  const later = h("div", { class: "glnb-later", hidden: true }, h("span", { text: "Changes take effect with the next connection." }),
    h("button", { type: "button", class: "glnb-button", text: "Connect anew", on: { click: () => wire.send("reconnect") } }));
  const key = keyField(wire);
  section.append(form, rest, later);
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();

  return () => {
    const state = now();
    if (!state) return;
    if (rows.size === 0) {
      for (const [title, fields] of state.groups) {
        const group = h("fieldset", {}, h("legend", { text: title }));
        for (const field of fields) {
          const one = row(field, (value) => wire.send("set", { name: field.name, value }));
          rows.set(field.name, one);
          group.append(one.el);
        }
        form.append(group);
      }
      form.append(key.el);
    }
    for (const [name, one] of rows) one.show(state.values[name], state.warnings.filter((warning) => warning.name === name).map(({ words }) => words));
    rest.replaceChildren(...state.warnings.filter(({ name }) => !rows.has(name)).map(({ words }) => warning(words)));
    later.hidden = !state.running;
    key.show(state.key);
  };
}

let numbered = 0;

/** @param {Field} field @param {(value: string) => void} changed */
function row(field, changed) {
  const id = `glnb-setting-${++numbered}`;
  const control = controlFor(field, id);
  const words = h("div", { class: "glnb-warned", id: `${id}-warned` });
  control.setAttribute("aria-describedby", words.id);
  control.addEventListener("change", () => changed(control.value));
  const label = h("label", { for: id, text: field.label, title: explained(field) });
  // Names of models need the width of the form.
  const shape = field.name === "model" ? "wide" : field.kind;
  const el = h("div", { class: `glnb-setting glnb-setting-${shape}` }, label, control, words);
  if (control.list) el.append(control.list);
  return {
    el,
    /** @param {string} value @param {string[]} warnings */
    show(value, warnings) {
      if (document.activeElement !== control || control.tagName === "SELECT") control.value = value;
      words.replaceChildren(...warnings.map(warning));
    },
  };
}

/** What a setting does, and what it is called in Python. @param {Field} field */
function explained({ hint, name }) {
  return hint ? `${hint} · ${name}` : name;
}

/** @param {Field} field @param {string} id @returns {any} */
function controlFor(field, id) {
  const common = { id, class: "glnb-field", title: explained(field) };
  if (field.kind === "select" || field.kind === "switch") {
    const choices = field.kind === "switch" ? [["true", "on"], ["false", "off"]] : field.choices;
    return h("select", common, h("option", { value: "", text: "default" }), ...choices.map(([value, text]) => h("option", { value, text })));
  }
  if (field.kind === "area") return h("textarea", { ...common, rows: "3", spellcheck: "true" });
  const number = field.kind === "number" || field.kind === "integer";
  const input = h("input", { ...common, type: number ? "number" : "text", step: field.kind === "number" ? "0.1" : null, placeholder: "default", spellcheck: "false", list: field.kind === "list" ? `${id}-list` : null });
  if (field.kind !== "list") return input;
  return Object.defineProperty(input, "list", { value: h("datalist", { id: `${id}-list` }, ...field.choices.map(([value]) => h("option", { value }))) });
}

/** @param {string} words */
function warning(words) {
  return h("p", { class: "glnb-warning" }, icon("warn"), said("span", words));
}

/** A key is typed, sent once, and forgotten here. @param {Link} wire */
function keyField(wire) {
  const id = `glnb-key-${++numbered}`;
  const input = /** @type {HTMLInputElement} */ (h("input", { id, type: "password", class: "glnb-field", autocomplete: "off", spellcheck: "false", placeholder: "paste an API key" }));
  const words = h("span", { class: "glnb-key-words", role: "status" });
  const use = h("button", { type: "button", class: "glnb-button", text: "Use key", on: { click: send } });
  const forget = h("button", { type: "button", class: "glnb-button glnb-plain", text: "Forget it", on: { click: () => wire.send("key", { value: "" }) } });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") send(); });

  function send() {
    if (!input.value.trim()) return;
    wire.send("key", { value: input.value });
    input.value = "";
  }
  const el = h("fieldset", { class: "glnb-keys" }, h("legend", { text: "API key" }),
    h("div", { class: "glnb-keyrow" }, h("label", { for: id, class: "glnb-unseen", text: "API key" }), input, use, forget), words);
  return {
    el,
    /** @param {string} text */
    show(text) { words.textContent = text; },
  };
}
