// What the speaker's worklet plays from: pieces of speech in order, each of a turn, at a place within that turn.

/**
 * @typedef {object} Piece
 * @property {number} turn
 * @property {number} start the piece's first sample within its turn
 * @property {Int16Array} samples
 *
 * @typedef {{ kind: "underrun" | "drained" | "flushed" | "playing", turn: number, played: number }} Happening
 */

/** Samples of the ramp down to silence when speech is cut off: 5 ms at 24 kHz. */
const FADE = 120;
/** Quanta to wait for a prebuffer that does not fill, before playing what there is: 300 ms at 24 kHz. */
const PATIENCE = 57;

export class Ring {
  /**
   * @param {number} prebuffer samples to have before playing
   * @param {(happening: Happening) => void} tell
   */
  constructor(prebuffer, tell) {
    this.prebuffer = prebuffer;
    this.tell = tell;
    /** @type {Piece[]} */
    this.pieces = [];
    /** Place within the first piece. */
    this.at = 0;
    this.waiting = 0;
    this.playing = false;
    this.turn = -1;
    /** Samples of the turn that were rendered. */
    this.played = 0;
    /** The last turn whose end is known. */
    this.ended = -1;
    this.patience = 0;
    this.underruns = 0;
    /** What is left of a cut-off piece to fade out with. @type {Int16Array | null} */
    this.tail = null;
    this.tailAt = 0;
  }

  /** @param {Piece} piece */
  push(piece) {
    if (!piece.samples.length) return;
    this.pieces.push(piece);
    this.waiting += piece.samples.length;
  }

  /** No more will come for this turn. @param {number} turn */
  end(turn) {
    this.ended = Math.max(this.ended, turn);
  }

  /** Forget what waits: the channel was made again, and Python sends anew from what was last heard. */
  reset() {
    this.pieces = [];
    this.at = 0;
    this.waiting = 0;
    this.playing = false;
  }

  /** Fall silent: forget every turn up to this one. @param {number} turn */
  flush(turn) {
    const cut = this.pieces[0];
    if (this.playing && cut && cut.turn <= turn) {
      this.tail = cut.samples.subarray(this.at, this.at + FADE);
      this.tailAt = 0;
    }
    const kept = this.pieces.filter((piece) => piece.turn > turn);
    if (kept.length !== this.pieces.length) this.at = 0;
    this.pieces = kept;
    this.waiting = kept.reduce((sum, piece) => sum + piece.samples.length, 0) - (kept.length ? this.at : 0);
    this.playing = this.playing && this.turn > turn;
    this.ended = Math.max(this.ended, turn);
    if (this.turn >= 0 && this.turn < turn) this.tell({ kind: "flushed", turn: this.turn, played: this.played });
    this.tell({ kind: "flushed", turn, played: this.turn === turn ? this.played : 0 });
  }

  /** @param {Float32Array} out one quantum, all zeros */
  render(out) {
    if (this.tail) return this.fade(out, 0);
    if (!this.playing && !this.ready()) return;
    let i = 0;
    while (i < out.length && this.pieces.length) {
      const { turn, start, samples } = this.pieces[0];
      if (turn !== this.turn) this.change(turn, start);
      const n = Math.min(out.length - i, samples.length - this.at);
      for (let k = 0; k < n; k++) out[i + k] = samples[this.at + k] / 32768;
      i += n;
      this.at += n;
      this.played = start + this.at;
      if (this.at === samples.length) {
        this.pieces.shift();
        this.at = 0;
      }
    }
    this.waiting -= i;
    if (i < out.length) this.dry(out, i);
  }

  ready() {
    const first = this.pieces[0];
    if (!first) return false;
    if (this.waiting < this.prebuffer && this.ended < first.turn && ++this.patience < PATIENCE) return false;
    this.patience = 0;
    this.playing = true;
    this.tell({ kind: "playing", turn: first.turn, played: first.start });
    return true;
  }

  /** @param {number} turn @param {number} start */
  change(turn, start) {
    if (this.turn >= 0) this.tell({ kind: "drained", turn: this.turn, played: this.played });
    this.turn = turn;
    this.played = start;
  }

  /** @param {Float32Array} out @param {number} from where it became silent */
  dry(out, from) {
    this.playing = false;
    const over = this.ended >= this.turn;
    if (!over) {
      this.underruns++;
      this.tail = new Int16Array(FADE).fill(from ? out[from - 1] * 32768 : 0);
      this.tailAt = 0;
      this.fade(out, from);
    }
    this.tell({ kind: over ? "drained" : "underrun", turn: this.turn, played: this.played });
  }

  /** @param {Float32Array} out @param {number} from */
  fade(out, from) {
    const tail = /** @type {Int16Array} */ (this.tail);
    for (let k = from; k < out.length && this.tailAt < tail.length; k++, this.tailAt++) {
      out[k] = (tail[this.tailAt] / 32768) * (1 - (this.tailAt + 1) / (tail.length + 1));
    }
    if (this.tailAt >= tail.length) this.tail = null;
  }
}
