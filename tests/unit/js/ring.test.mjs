// What the speaker's worklet plays: every sample once, in order; silence when cut off; the position the ear is at.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Ring } from "../../../gemini_live_nb/notebook/static/ring.js";

const PREBUFFER = 2880;

function speech(length, from = 1) {
  return Int16Array.from({ length }, (_, i) => ((from + i) % 30000) + 1);
}

function player(prebuffer = PREBUFFER) {
  const told = [];
  const ring = new Ring(prebuffer, (happening) => told.push(happening));
  const out = [];
  const run = (quanta) => {
    for (let i = 0; i < quanta; i++) {
      const block = new Float32Array(128);
      ring.render(block);
      out.push(...block.map((sample) => sample * 32768));
    }
  };
  return { ring, told, out, run };
}

test("silence until the prebuffer is full, then every sample", () => {
  const { ring, out, run, told } = player();
  const said = speech(4000);
  ring.push({ turn: 1, start: 0, samples: said.subarray(0, 2000) });
  run(3);
  assert.ok(out.every((sample) => sample === 0));
  ring.push({ turn: 1, start: 2000, samples: said.subarray(2000) });
  ring.end(1);
  run(40);
  assert.deepEqual(out.slice(3 * 128, 3 * 128 + 4000), [...said]);
  assert.deepEqual(told.map(({ kind }) => kind), ["playing", "drained"]);
  assert.deepEqual(told.at(-1), { kind: "drained", turn: 1, played: 4000 });
  assert.equal(ring.underruns, 0);
});

test("a short answer whose end is known plays at once, one whose end is not after a while", () => {
  for (const [known, quanta] of [[true, 1], [false, 58]]) {
    const { ring, out, run } = player();
    ring.push({ turn: 1, start: 0, samples: speech(100) });
    if (known) ring.end(1);
    run(quanta);
    assert.notEqual(out.findIndex((sample) => sample), -1);
  }
});

test("turns follow one another without a gap", () => {
  const { ring, out, run, told } = player();
  ring.push({ turn: 1, start: 0, samples: speech(3000) });
  ring.push({ turn: 2, start: 0, samples: speech(3000, 9000) });
  ring.end(2);
  run(60);
  assert.deepEqual(out.slice(0, 6000), [...speech(3000), ...speech(3000, 9000)]);
  assert.deepEqual(told.filter(({ kind }) => kind === "drained"), [
    { kind: "drained", turn: 1, played: 3000 },
    { kind: "drained", turn: 2, played: 3000 },
  ]);
});

test("running dry in mid-turn is counted, fades, and waits for the prebuffer again", () => {
  const { ring, out, run, told } = player(256);
  ring.push({ turn: 1, start: 0, samples: new Int16Array(300).fill(10000) });
  run(4);
  assert.equal(ring.underruns, 1);
  assert.equal(told.at(-1).kind, "underrun");
  const tail = out.slice(300, 420);
  assert.ok(tail.every((sample, i) => sample < (tail[i - 1] ?? 10000)), "falls all the way");
  assert.ok(tail.at(-1) < 200);
  ring.push({ turn: 1, start: 300, samples: new Int16Array(300).fill(5) });
  run(3);
  assert.deepEqual(out.slice(4 * 128, 4 * 128 + 300), Array(300).fill(5));
});

test("a flush falls silent within 5 ms, tells how far it was heard, and spares later turns", () => {
  const { ring, out, run, told } = player(128);
  ring.push({ turn: 1, start: 0, samples: new Int16Array(24000).fill(8000) });
  ring.push({ turn: 3, start: 0, samples: new Int16Array(256).fill(7) });
  run(10);
  ring.flush(2);
  assert.deepEqual(told.slice(-2), [
    { kind: "flushed", turn: 1, played: 1280 },
    { kind: "flushed", turn: 2, played: 0 },
  ]);
  ring.end(3);
  run(4);
  const after = out.slice(1280);
  assert.ok(after.slice(0, 120).every((sample, i) => sample > 0 && sample < (after[i - 1] ?? 8000)));
  assert.deepEqual(after.slice(120, 128), Array(8).fill(0));
  assert.deepEqual(after.slice(128, 128 + 256), Array(256).fill(7));
  assert.equal(ring.waiting, 0);
});

test("the turn that is cut is gone", () => {
  const { ring, out, run, told } = player(128);
  ring.push({ turn: 4, start: 0, samples: new Int16Array(24000).fill(8000) });
  run(2);
  ring.flush(4);
  run(8);
  assert.deepEqual(told.at(-1), { kind: "flushed", turn: 4, played: 256 });
  assert.ok(out.slice(256 + 120).every((sample) => sample === 0));
  assert.equal(ring.waiting, 0);
});

test("flushing what is not playing is no harm", () => {
  const { ring, out, run } = player();
  ring.flush(5);
  run(2);
  assert.ok(out.every((sample) => sample === 0));
  ring.push({ turn: 6, start: 0, samples: speech(3000) });
  ring.end(6);
  run(30);
  assert.deepEqual(out.slice(256, 3256), [...speech(3000)]);
});

test("after a reset it plays from the place it is given", () => {
  const { ring, run } = player(128);
  ring.push({ turn: 1, start: 0, samples: speech(2000) });
  run(5);
  ring.reset();
  ring.push({ turn: 1, start: 640, samples: speech(1360) });
  ring.end(1);
  run(20);
  assert.equal(ring.played, 2000);
});
