// The widget that carries the media channel; its view says which way it goes.

import { Channel } from "./channel.js";
import { h } from "./dom.js";

const WORDS = {
  socket: ["Socket", "Sound goes straight to the session's own thread; a busy cell does not hold it up."],
  comm: ["Comm", "Sound goes through the Jupyter server: a little later, and in larger pieces."],
  "": ["Connecting…", "Looking for a way to the kernel."],
};

export default () => {
  /** @type {Channel} */
  let channel;
  return {
    /** @param {{ model: any }} context */
    initialize({ model }) {
      channel = new Channel(model);
      return () => channel.end("The widget was closed.");
    },
    /** @param {{ el: HTMLElement }} context */
    render({ el }) {
      const label = h("span", { class: "glnb-channel-name" });
      const badge = h("span", { class: "glnb glnb-channel", role: "status" }, label);
      const draw = () => {
        const [word, title] = channel.closed || channel.why ? ["No kernel", channel.why] : WORDS[channel.carrier];
        label.textContent = word;
        badge.title = title;
        badge.dataset.carrier = channel.carrier;
      };
      el.append(badge);
      draw();
      return channel.watch(draw);
    },
  };
};
