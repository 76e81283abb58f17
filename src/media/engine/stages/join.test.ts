// A join leaves pieces that meet as they are, and takes the click out of those that do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sine, worstClick } from '../../../audio/index.ts';
import { Join } from './join.ts';

const sampleRate = 8_000;
const frame = 160;

/** Runs pieces one after the other through a join, in frames, seams where they begin. */
function joined(pieces: readonly Int16Array[]): { plain: Int16Array; out: Int16Array } {
  const plain = Int16Array.from(pieces.flatMap((piece) => [...piece]));
  const out = plain.slice();
  const seams: number[] = [];
  let at = 0;
  for (const piece of pieces) {
    if (at > 0) seams.push(at);
    at += piece.length;
  }
  const join = new Join(sampleRate);
  for (let from = 0; from + frame <= out.length; from += frame) {
    const seam = seams.find((one) => one >= from && one < from + frame);
    join.process(out.subarray(from, from + frame), seam === undefined ? -1 : seam - from);
  }
  return { plain, out };
}

for (const hz of [100, 440, 1_000, 3_000]) {
  for (const samples of [8_000, 800, 1_600]) {
    test(`a ${hz} Hz tone that loops after ${samples} samples, a whole number of periods, is not touched`, () => {
      const piece = sine({ hz, amplitude: 8_000, samples, sampleRate });
      const { plain, out } = joined([piece, piece, piece]);
      assert.deepEqual(out, plain);
    });
  }
}

for (const phase of [0, 40, 159, 73]) {
  test(`a tone that is cut at its crest and begins anew, ${phase} samples into a frame, makes no click`, () => {
    const piece = sine({ hz: 440, amplitude: 8_000, samples: 1_600 + phase, sampleRate });
    const begin = piece.length - 200;
    const crest = begin + [...piece.subarray(begin)].findIndex((sample) => sample > 7_900);
    const { plain, out } = joined([piece.subarray(0, crest + 1), piece]);
    assert.ok(worstClick(plain, sampleRate).ratio > 4);
    assert.ok(worstClick(out, sampleRate).ratio < 3, JSON.stringify(worstClick(out, sampleRate)));
  });
}

test('a loud piece after silence begins without a click', () => {
  const tone = sine({ hz: 440, amplitude: 8_000, samples: 1_600, sampleRate }).subarray(4);
  const { out } = joined([new Int16Array(800), tone]);
  assert.ok(worstClick(out, sampleRate).ratio < 5, JSON.stringify(worstClick(out, sampleRate)));
  assert.ok(Math.abs(out[800]!) < 400);
});
