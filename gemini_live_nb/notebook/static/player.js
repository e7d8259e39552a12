// A recorded conversation's sound. The page's own audio player is the clock; Python's replay follows it.

import { h } from "./dom.js";
import { link, root } from "./link.js";

/** @typedef {{ url: string, begin: boolean, words: string }} Sound */

export default () => {
  /** @type {import("./link.js").Link} */
  let wire;
  /** @type {Sound | null} */
  let sound = null;
  /** @type {Set<(sound: Sound) => void>} */
  const views = new Set();

  return {
    /** @param {{ model: any }} given */
    initialize({ model }) {
      wire = link(model);
      wire.listen((message, buffers) => {
        // A run that is over has one sound: what comes again is the same.
        if (sound || !buffers.length) return;
        const url = URL.createObjectURL(new Blob([buffers[0]], { type: "audio/flac" }));
        sound = { url, begin: Boolean(message.begin), words: String(message.words) };
        for (const show of views) show(sound);
      });
      return () => {
        if (sound) URL.revokeObjectURL(sound.url);
      };
    },
    /** @param {{ el: HTMLElement }} given */
    render({ el }) {
      const section = root(el, "player", "Recorded conversation");
      const audio = /** @type {HTMLAudioElement} */ (h("audio", { controls: true, preload: "auto" }));
      const words = h("p", { class: "glnb-muted", role: "status" });
      section.append(audio, words);
      const now = () => ({ t: audio.currentTime, speed: audio.playbackRate });
      audio.addEventListener("play", () => wire.send("play", now()));
      audio.addEventListener("pause", () => wire.send("pause", now()));
      audio.addEventListener("seeked", () => wire.send("seek", now()));
      audio.addEventListener("ratechange", () => wire.send("speed", now()));
      /** @param {Sound} given */
      const show = (given) => {
        audio.src = given.url;
        words.textContent = given.words;
        if (!given.begin) return;
        given.begin = false;
        // A browser that wants a click first refuses; the button is there.
        audio.play().catch(() => { words.textContent = `Press play. ${given.words}`; });
      };
      views.add(show);
      if (sound) show(sound);
      return () => {
        views.delete(show);
        audio.pause();
      };
    },
  };
};
