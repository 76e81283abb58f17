// The source latch alone: who is heard, and where is sent, when the far end moves by offer and answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRtpView, type RtpView, readRtp } from '../../rtp/index.ts';
import { SourceLatch } from './source-latch.ts';

const old = { host: '10.0.0.2', port: 4000 };
const moved = { host: '10.0.0.3', port: 5000 };

function packet(sequence: number, ssrc = 1): RtpView {
  const bytes = new Uint8Array(172);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x80);
  view.setUint16(2, sequence);
  view.setUint32(8, ssrc);
  const read = makeRtpView();
  assert.ok(readRtp(bytes, read));
  return read;
}

/** Latched to the old source, when an answer names the moved one. */
function movedLatch(): SourceLatch {
  const latch = new SourceLatch();
  latch.expect(old, 0);
  assert.ok(latch.admit(old, packet(1), 10));
  latch.expect(moved, 100);
  return latch;
}

test('what was under way from the old source is heard, and does not keep the latch', () => {
  const latch = movedLatch();
  for (let i = 0; i < 5; i++) assert.ok(latch.admit(old, packet(2 + i), 105 + 20 * i), 'no hole while it moves');
  assert.deepEqual(latch.remote, moved, 'but we send where we were told to');
  assert.ok(latch.admit(moved, packet(700, 2), 210), 'from its first packet on');
  assert.equal(latch.admit(old, packet(9), 215), false, 'and then the old one is over');
  assert.deepEqual(latch.latched, moved);
});

test('a source that goes on from where it was, whatever SDP says, is the far end after a while', () => {
  const latch = movedLatch();
  for (let at = 110; at < 1_500; at += 20) assert.ok(latch.admit(old, packet(at / 10), at) || at > 600, `${at}`);
  for (const sequence of [900, 901]) latch.admit(old, packet(sequence), 1_500 + sequence);
  assert.deepEqual(latch.remote, old);
});
