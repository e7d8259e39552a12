// The microphone's resampler: band-limited, in phase, whatever the device's rate and however the input is cut up.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Resampler } from "../../../gemini_live_nb/notebook/static/resampler.js";

/** A sum of sines within 100 to 6500 Hz, the band of speech. */
function tones(rate, seconds) {
  const parts = [130, 440, 1234.5, 3100, 5200, 6400];
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) =>
    parts.reduce((sum, hertz, k) => sum + Math.sin((2 * Math.PI * hertz * i) / rate + k), 0) / parts.length,
  );
}

function resampled(from, to, input, block = () => 128) {
  const out = [];
  const resampler = new Resampler(from, to);
  for (let at = 0; at < input.length; ) {
    const size = block();
    resampler.push(input.subarray(at, at + size), (sample) => out.push(sample));
    at += size;
  }
  return Float32Array.from(out);
}

function decibel(signal, error) {
  const power = (x) => x.reduce((sum, v) => sum + v * v, 0);
  return 10 * Math.log10(power(signal) / power(error));
}

for (const rate of [8000, 11025, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000]) {
  test(`${rate} Hz to 16 kHz`, () => {
    const wanted = rate < 16000 ? null : tones(16000, 1);
    const out = resampled(rate, 16000, tones(rate, 1));
    assert.ok(Math.abs(out.length - 16000) < 60, `${out.length} samples of one second`);
    if (!wanted) return;
    const range = [200, out.length - 200];
    const error = out.map((sample, i) => sample - wanted[i]);
    const snr = decibel(wanted.subarray(...range), error.subarray(...range));
    assert.ok(snr > 45, `${snr.toFixed(1)} dB`);
  });
}

test("what 16 kHz cannot hold does not come back as something else", () => {
  const hiss = Float32Array.from({ length: 48000 }, (_, i) => Math.sin((2 * Math.PI * 9500 * i) / 48000));
  const out = resampled(48000, 16000, hiss).subarray(200, -200);
  assert.ok(Math.max(...out.map(Math.abs)) < 0.001);
});

test("blocks of any size give the same samples", () => {
  const input = tones(44100, 0.5);
  let n = 0;
  const odd = resampled(44100, 16000, input, () => 1 + ((n = (n * 37 + 11) % 700)));
  assert.deepEqual(odd, resampled(44100, 16000, input, () => input.length));
});

test("an equal rate changes nothing", () => {
  const input = tones(16000, 0.1);
  assert.deepEqual(resampled(16000, 16000, input), input);
});

test("an hour costs no more than a minute", () => {
  const resampler = new Resampler(48000, 16000);
  const block = new Float32Array(128);
  let count = 0;
  for (let i = 0; i < 375 * 60; i++) resampler.push(block, () => count++);
  assert.ok(Math.abs(count - 60 * 16000) < 60);
  assert.equal(resampler.kept.length, 16384);
});
