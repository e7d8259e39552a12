// Runs on the audio thread: plays the ring, and tells how far it is about ten times a second.

import { Ring } from "./ring.js";

class Speaker extends AudioWorkletProcessor {
  /** @param {AudioWorkletNodeOptions} options */
  constructor(options) {
    super();
    const { prebuffer, report } = options.processorOptions;
    this.report = Math.round((report * sampleRate) / 128);
    this.quanta = 0;
    this.open = true;
    this.ring = new Ring(prebuffer, (happening) => this.tell(happening));
    this.port.onmessage = ({ data }) => {
      if (data.samples) this.ring.push(data);
      else if (data.end !== undefined) this.ring.end(data.end);
      else if (data.flush !== undefined) this.ring.flush(data.flush);
      else if (data.reset) this.ring.reset();
      else if (data.close) this.open = false;
    };
  }

  /** @param {object} happening */
  tell(happening) {
    this.port.postMessage({ ...happening, underruns: this.ring.underruns, waiting: this.ring.waiting, time: Date.now() });
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    this.ring.render(outputs[0][0]);
    if (this.ring.playing && ++this.quanta >= this.report) {
      this.quanta = 0;
      this.tell({ kind: "position", turn: this.ring.turn, played: this.ring.played });
    }
    return this.open;
  }
}

registerProcessor("glnb-speaker", Speaker);
