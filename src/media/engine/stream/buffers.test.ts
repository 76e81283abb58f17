// The buffers of a stream: bytes in pieces of any length come out as the samples they were, and what does not fit gives way as said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../base/sim/index.ts';
import { Backlog } from './backlog.ts';
import { Fifo } from './fifo.ts';

test('fifo: any cutting of the bytes gives the same samples, through growth and wrapping', () => {
  for (let seed = 0; seed < 15; seed++) {
    const random = seededRandom(seed);
    const upTo = (n: number): number => Math.floor(random.next() * n);
    const samples = Int16Array.from({ length: 30_000 }, () => upTo(65_536) - 32_768);
    const bytes = new Uint8Array(samples.buffer);
    const fifo = new Fifo(50_000);
    const got: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const n = upTo(3_001);
      fifo.push(bytes.subarray(at, at + n));
      at += n;
      const out = new Int16Array(upTo(2_000));
      got.push(...out.subarray(0, fifo.shift(out)));
    }
    const rest = new Int16Array(fifo.size);
    fifo.shift(rest);
    assert.equal(fifo.dropped, 0);
    assert.deepEqual(Int16Array.from([...got, ...rest]), samples, `seed ${seed}`);
  }
});

test('fifo: full, the newest is dropped; cut, the next fade and nothing follows', () => {
  const fifo = new Fifo(1_000);
  const pcm = new Int16Array(900).fill(10_000);
  fifo.push(new Uint8Array(pcm.buffer));
  fifo.push(new Uint8Array(pcm.buffer));
  assert.deepEqual([fifo.size, fifo.dropped], [1_000, 800]);
  fifo.cut(40);
  const out = new Int16Array(100);
  assert.equal(fifo.shift(out), 40);
  for (let i = 1; i < 40; i++) assert.ok(out[i]! < out[i - 1]!, `${i}`);
  assert.ok(out[39]! < 100);
});

test('backlog: in order, the oldest gives way, whatever the sizes', () => {
  for (let seed = 0; seed < 15; seed++) {
    const random = seededRandom(seed);
    const upTo = (n: number): number => Math.floor(random.next() * n);
    const backlog = new Backlog(1_000);
    let pushed = 0;
    let taken = 0;
    for (let i = 0; i < 500; i++) {
      const bytes = Uint8Array.from({ length: upTo(i % 50 === 0 ? 1_500 : 300) }, () => pushed++ & 255);
      backlog.push(bytes);
      const wanted = upTo(400);
      const piece = backlog.shift(wanted);
      taken = pushed - backlog.size - piece.length;
      assert.deepEqual(
        piece,
        Uint8Array.from(piece, (_, k) => (taken + k) & 255),
      );
    }
    assert.ok(backlog.size <= 1_000);
    assert.ok(backlog.dropped > 0);
  }
});
