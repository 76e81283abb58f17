// Clips: what was appended in any pieces is read back in any pieces, and memory is what the audio needs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/sim/index.ts';
import { clipBlockSamples } from '../limits.ts';
import { Clip } from './clip.ts';

test('a growing clip reads as it was written, across its blocks, while it grows and afterwards', () => {
  const random = seededRandom('clips');
  const whole = Int16Array.from({ length: 3 * clipBlockSamples + 777 }, (_, i) => (i * 7919) % 30_011);
  const clip = Clip.growing(8000);
  const check = (): void => {
    for (let i = 0; i < 20; i++) {
      const at = Math.floor(random.next() * clip.length);
      const count = Math.min(clip.length - at, Math.floor(random.next() * 480));
      const out = new Int16Array(500);
      clip.copy(at, count, out, 10);
      assert.deepEqual(out.subarray(10, 10 + count), whole.subarray(at, at + count));
    }
  };
  while (clip.length < whole.length) {
    const more = Math.floor(random.next() ** 3 * 2 * clipBlockSamples);
    clip.append(whole.subarray(clip.length, clip.length + more));
    check();
  }
  assert.ok(!clip.complete);
  clip.finish();
  assert.ok(clip.complete);
  assert.equal(clip.bytes, whole.byteLength);
  check();
});

test('appending moves nothing that is there: an hour grows without a pause', () => {
  const clip = Clip.growing(8000);
  const piece = new Int16Array(clipBlockSamples);
  for (let i = 0; i < 64; i++) {
    clip.append(piece);
    assert.equal(clip.bytes, (i + 1) * piece.byteLength, 'no room beyond the next block');
  }
});
