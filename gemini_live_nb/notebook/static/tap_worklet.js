// Runs on the audio thread: the microphone at its own rate in, chunks of 16-bit mono at the wire's rate out.

import { Resampler } from "./resampler.js";

const SILENCE = new Float32Array(128);

class Tap extends AudioWorkletProcessor {
  /** @param {AudioWorkletNodeOptions} options */
  constructor(options) {
    super();
    const { rate, chunk } = options.processorOptions;
    this.resampler = new Resampler(sampleRate, rate);
    this.next = chunk;
    this.chunk = new Int16Array(chunk);
    this.filled = 0;
    this.flowing = false;
    this.muted = false;
    this.open = true;
    this.port.onmessage = ({ data }) => {
      if (data.chunk) this.next = data.chunk;
      if (data.muted !== undefined) this.mute(data.muted);
      if (data.close) this.open = false;
    };
    this.emit = (/** @type {number} */ sample) => this.sample(sample);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    this.filled = 0;
  }

  /** @param {number} sample */
  sample(sample) {
    this.chunk[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    if (this.filled < this.chunk.length) return;
    const pcm = this.chunk.buffer;
    this.chunk = new Int16Array(this.next);
    this.filled = 0;
    this.port.postMessage({ pcm, time: Date.now() }, [pcm]);
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0];
    // A source has no channels before its first sound; a hole later is silence, so that time goes on.
    this.flowing ||= channels.length > 0;
    if (this.flowing && !this.muted) this.resampler.push(channels.length ? mono(channels) : SILENCE, this.emit);
    return this.open;
  }
}

/** @param {Float32Array[]} channels */
function mono(channels) {
  if (channels.length === 1) return channels[0];
  const mixed = new Float32Array(channels[0].length);
  for (const channel of channels) for (let i = 0; i < mixed.length; i++) mixed[i] += channel[i] / channels.length;
  return mixed;
}

registerProcessor("glnb-tap", Tap);
