// A test's ear: keeps what comes out of the speaker's worklet, and hands it over when asked. Loaded only then.

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    /** @type {Float32Array[]} */
    this.heard = [];
    this.port.onmessage = () => {
      const all = new Float32Array(128 * this.heard.length);
      this.heard.forEach((quantum, i) => all.set(quantum, 128 * i));
      this.heard = [];
      this.port.postMessage(all.buffer, [all.buffer]);
    };
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    if (inputs[0].length) this.heard.push(inputs[0][0].slice());
    return true;
  }
}

registerProcessor("glnb-recorder", Recorder);
