// A blind comparison: two answers to one input, unlabelled; keys 1, 2 and 0.

import { h, said } from "./dom.js";

/**
 * @typedef {{ kind: "pair", number: number, done: number, total: number, question: string, input: string, first: string[], second: string[] }} Pair
 * @typedef {{ kind: "end", done: number, rows: [string, string, number, number, number, string][] }} End
 */

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  el.classList.add("glnb-host");
  const section = h("section", { class: "glnb glnb-rating", tabindex: "0", "aria-label": "Compare two answers" });
  el.append(section);
  /** @type {Pair | null} */
  let pair = null;
  /** @type {string[]} */
  let urls = [];

  const choose = (/** @type {"first"|"second"|"tie"} */ choice) => {
    if (!pair) return;
    model.send({ kind: "choice", number: pair.number, choice });
    pair = null;
    for (const button of section.querySelectorAll("button")) button.disabled = true;
  };

  /** @param {Pair} next @param {DataView<ArrayBuffer>[]} buffers */
  const show = (next, buffers) => {
    const had = section.contains(document.activeElement);
    forget();
    pair = next;
    urls = buffers.map((data) => (data.byteLength ? URL.createObjectURL(new Blob([data], { type: "audio/wav" })) : ""));
    section.replaceChildren(
      h("div", { class: "glnb-rating-head" },
        h("strong", { text: next.question }),
        h("span", { class: "glnb-muted", text: `${next.done} of ${next.total} compared` })),
      said("p", next.input, { class: "glnb-rating-input" }),
      h("div", { class: "glnb-rating-pair" }, side("1", next.first, urls[0]), side("2", next.second, urls[1])),
      h("div", { class: "glnb-rating-keys" },
        button("1", "The first is better", () => choose("first")),
        button("2", "The second is better", () => choose("second")),
        button("0", "No difference", () => choose("tie"))));
    if (had) section.focus();
  };

  /** @param {End} end */
  const finish = (end) => {
    forget();
    pair = null;
    const head = ["setting", "against", "wins", "losses", "ties", "share (95 % interval)"];
    section.replaceChildren(
      h("strong", { text: end.done ? "All pairs are compared. Thank you." : "There are no two answers to compare yet." }),
      end.rows.length ? h("table", { class: "glnb-rating-table" },
        h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col", text })))),
        h("tbody", {}, ...end.rows.map((row) => h("tr", {}, ...row.map((value) => said("td", value)))))) : "");
  };

  const forget = () => {
    for (const url of urls) if (url) URL.revokeObjectURL(url);
    urls = [];
  };

  section.addEventListener("keydown", (event) => {
    /** @type {Record<string, "first"|"second"|"tie">} */
    const keys = { 1: "first", 2: "second", 0: "tie" };
    const choice = keys[event.key];
    if (!choice || event.ctrlKey || event.metaKey || event.altKey) return;
    // Digits are shortcuts of the notebook too (they make headings): a key spent here must not reach it.
    event.preventDefault();
    event.stopPropagation();
    choose(choice);
  });
  const listen = (/** @type {any} */ message, /** @type {DataView<ArrayBuffer>[]} */ buffers = []) => {
    if (message.kind === "pair") show(message, buffers);
    else if (message.kind === "end") finish(message);
  };
  model.on("msg:custom", listen);
  model.send({ kind: "hello" });
  return () => { forget(); model.off("msg:custom", listen); };
}

/** @param {string} key @param {string[]} turns @param {string} url */
function side(key, turns, url) {
  return h("div", { class: "glnb-rating-side" },
    h("span", { class: "glnb-muted", text: `Answer ${key}` }),
    ...turns.map((text) => said("p", text || "(silent)")),
    url ? h("audio", { controls: true, preload: "metadata", src: url, "aria-label": `Answer ${key}` }) : null);
}

/** @param {string} key @param {string} text @param {() => void} act */
function button(key, text, act) {
  return h("button", { type: "button", class: "glnb-button", on: { click: act } }, h("kbd", { text: key }), ` ${text}`);
}

export default { render };
