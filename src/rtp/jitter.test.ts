// Tests of the jitter buffer packet by packet: order, loss, silence, events, restarts, hostile input.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JitterBuffer } from './jitter.ts';
import type { JitterVerdict } from './jitter-types.ts';
import { jitterMinDelayMs } from './limits.ts';
import { makeRtpView, type RtpView, readRtp, writeRtpHeader } from './packet.ts';

const comfortNoiseType = 13;
const eventType = 101;

interface Packet {
  sequence: number;
  timestamp?: number;
  ssrc?: number;
  payloadType?: number;
  bytes?: number;
}

/** A buffer with a wire in front and a list of what came out behind: the first payload byte of frames, else the kind's letter. */
function bench(options: { ptimeMs?: number } = {}) {
  const buffer = new JitterBuffer({
    clockRate: 8000,
    ptimeMs: options.ptimeMs ?? 20,
    unitsOf: (_, v: RtpView) => (v.payloadType === comfortNoiseType ? 0 : v.payloadEnd - v.payloadStart),
  });
  const view = makeRtpView();
  const send = (packet: Packet, atMs: number): JitterVerdict => {
    const { sequence, timestamp = sequence * 160, ssrc = 7, payloadType = 0, bytes = 160 } = packet;
    const datagram = new Uint8Array(12 + bytes).fill(sequence & 0xff, 12);
    writeRtpHeader(datagram, { marker: false, payloadType, sequence, timestamp, ssrc });
    assert.ok(readRtp(datagram, view));
    return payloadType === eventType ? buffer.skip(datagram, view) : buffer.push(datagram, view, atMs);
  };
  const pull = (nowMs: number, quiet = false): string => {
    const frame = buffer.pull(nowMs, () => quiet);
    if (frame.kind === 'frame') return String(frame.payload[0]);
    return { lost: 'L', empty: '-', noise: 'N' }[frame.kind];
  };
  return { buffer, send, pull };
}

/** Packets by send slot (20 ms each, on time); `undefined` for nothing. Pulls 10 ms after each slot. */
function play(slots: readonly (Packet | undefined)[], extra = 6): { out: string; buffer: JitterBuffer } {
  const { buffer, send, pull } = bench();
  const out: string[] = [];
  for (let slot = 0; slot < slots.length + extra; slot++) {
    const packet = slots[slot];
    if (packet) send(packet, slot * 20);
    out.push(pull(slot * 20 + 10));
  }
  return { out: out.join(' ').replace(/^(- )*/, ''), buffer };
}

const numbers = (from: number, count: number): Packet[] =>
  Array.from({ length: count }, (_, i) => ({ sequence: from + i }));

test('frames come out in order, over the wrap of sequence numbers and timestamps, then concealment, then silence', () => {
  const slots = Array.from({ length: 6 }, (_, i) => ({ sequence: 65_533 + i, timestamp: 2 ** 32 - 480 + i * 160 }));
  assert.equal(play(slots, 9).out, '253 254 255 0 1 2 L L L L L - -');
});

test('a lost packet is concealed once, in its place', () => {
  const slots = numbers(1, 6).map((p) => (p.sequence === 3 ? undefined : p));
  const { out, buffer } = play(slots, 2);
  assert.equal(out, '1 2 L 4 5 6');
  assert.equal(buffer.counts.concealed, 1);
  assert.equal(buffer.counts.concealedUnits, 160);
});

test('a packet that comes after its concealment is late when newer ones are here', () => {
  const { send, pull, buffer } = bench();
  for (const sequence of [1, 2, 4, 5]) send({ sequence }, sequence * 20);
  assert.deepEqual(
    [65, 85, 105].map((now) => pull(now)),
    ['1', '2', 'L'],
  );
  assert.equal(send({ sequence: 3 }, 106), 'late');
  assert.equal(pull(125), '4');
  assert.equal(buffer.counts.late, 1);
});

test('a packet that comes late with nothing behind it is played: the delay grows instead', () => {
  const { send, pull } = bench();
  for (const sequence of [1, 2]) send({ sequence }, sequence * 20);
  assert.deepEqual(
    [70, 90, 110].map((now) => pull(now)),
    ['1', '2', 'L'],
  );
  send({ sequence: 3 }, 115);
  assert.equal(pull(130), '3');
});

test('a packet lost at the edge of the buffer costs one frame and no delay', () => {
  const { send, pull } = bench();
  for (const sequence of [1, 2]) send({ sequence }, sequence * 20);
  assert.deepEqual(
    [70, 90, 110].map((now) => pull(now)),
    ['1', '2', 'L'],
  );
  send({ sequence: 4 }, 115);
  assert.equal(pull(130), '4');
});

test('duplicates are dropped, and packets before the first one played are taken', () => {
  const { send, pull, buffer } = bench();
  assert.equal(send({ sequence: 2 }, 0), 'stored');
  assert.equal(send({ sequence: 1 }, 1), 'stored');
  assert.equal(send({ sequence: 1 }, 2), 'duplicate');
  assert.deepEqual(
    [60, 80].map((now) => pull(now)),
    ['1', '2'],
  );
  assert.equal(send({ sequence: 2 }, 90), 'late');
  assert.equal(buffer.counts.duplicate, 1);
});

test('silence suppression with comfort noise: noise, then nothing, and the next words on time', () => {
  const { send, pull } = bench();
  for (const sequence of [1, 2, 3]) send({ sequence }, sequence * 20);
  send({ sequence: 4, payloadType: comfortNoiseType, bytes: 1 }, 80);
  const out: string[] = [];
  for (let now = 70; now <= 550; now += 20) {
    // The talk begins again at 500 ms: sequence 5, its timestamp 420 ms after the noise's.
    if (now === 510) send({ sequence: 5, timestamp: 640 + 420 * 8 }, 500);
    out.push(pull(now));
  }
  assert.equal(out.join(' '), `1 2 3 N ${'- '.repeat(20)}5`);
});

test('silence suppression without a word: five concealed, then nothing', () => {
  const { out, buffer } = play(
    [
      ...numbers(1, 3),
      ...new Array(20).fill(undefined),
      { sequence: 4, timestamp: 24 * 160 },
      { sequence: 5, timestamp: 25 * 160 },
    ],
    4,
  );
  assert.match(out, /^1 2 3 L L L L L (- )+4 5 L L$/);
  assert.equal(buffer.counts.late, 0);
});

test('telephone events are no loss', () => {
  const slots: Packet[] = numbers(1, 12).map((p) =>
    p.sequence >= 4 && p.sequence <= 8 ? { ...p, payloadType: eventType, timestamp: 640 } : p,
  );
  const { out, buffer } = play(slots, 2);
  assert.match(out, /^1 2 3 (- )+9 10 11 12$/);
  assert.equal(buffer.counts.concealed, 0);
});

test('one stray packet disturbs nothing: another source, a far sequence number, a far timestamp', () => {
  for (const stray of [{ sequence: 5, ssrc: 99 }, { sequence: 30_000 }, { sequence: 5, timestamp: 3e9 }]) {
    const { send, pull } = bench();
    const out: string[] = [];
    for (let i = 1; i <= 8; i++) {
      if (i === 5) assert.equal(send(stray, i * 20 - 5), 'suspect');
      send({ sequence: i }, i * 20);
      out.push(pull(i * 20 + 10));
    }
    assert.equal(out.join(' '), '- - 1 2 3 4 5 6');
  }
});

test('a new source, a sequence restart and a timestamp jump are followed from their second packet', () => {
  const changes: ((i: number) => Packet)[] = [
    (i) => ({ sequence: 40 + i, ssrc: 8, timestamp: 5e8 + i * 160 }),
    (i) => ({ sequence: 20_000 + i, timestamp: i * 160 }),
    (i) => ({ sequence: i, timestamp: 3e9 + i * 160 }),
  ];
  for (const change of changes) {
    const slots = Array.from({ length: 20 }, (_, i) => (i < 8 ? { sequence: i } : change(i)));
    const { out, buffer } = play(slots, 0);
    const first = change(8).sequence & 0xff;
    assert.equal(buffer.counts.restarts, 1);
    assert.ok(out.endsWith(` ${first + 8} ${first + 9}`), out);
    assert.equal(buffer.counts.stored, 19);
  }
});

test('a sender that goes back in its numbers a little is followed when nothing else comes', () => {
  const { send, pull } = bench();
  for (let i = 60; i < 80; i++) {
    send({ sequence: i }, i * 20);
    pull(i * 20 + 10);
  }
  const out: string[] = [];
  for (let i = 0; i < 20; i++) {
    send({ sequence: 30 + i, timestamp: (80 + i) * 160 }, (80 + i) * 20);
    out.push(pull((80 + i) * 20 + 10));
  }
  assert.equal(out.at(-1), '47', out.join(' '));
});

test('a burst larger than the buffer keeps its newest part', () => {
  const { send, pull, buffer } = bench();
  for (let i = 0; i < 500; i++) send({ sequence: i }, 5);
  const out = Array.from({ length: 12 }, (_, i) => pull(50 + i * 20));
  assert.ok(Number(out[0]) >= (500 - 64) % 256, out.join(' '));
  assert.equal(buffer.counts.stored, 500);
});

test('payloads of any size are kept apart; what no packet can hold is refused', () => {
  const { send, buffer } = bench();
  const sizes = [160, 10, 480, 1, 1460];
  let timestamp = 0;
  for (const [i, bytes] of sizes.entries()) {
    assert.equal(send({ sequence: i + 1, bytes, timestamp }, timestamp / 8), 'stored');
    timestamp += bytes;
  }
  assert.equal(send({ sequence: 9, bytes: 1461 }, 0), 'oversize');
  const seen: number[] = [];
  for (let now = 45; seen.length < sizes.length; now += sizes[seen.length - 1]! / 8) {
    const frame = buffer.pull(now);
    assert.equal(frame.kind, 'frame');
    const { payload } = frame;
    assert.ok(payload.every((b) => b === seen.length + 1));
    seen.push(payload.length);
  }
  assert.deepEqual(seen, sizes);
});

test('an empty packet is no audio and no loss', () => {
  const slots: Packet[] = numbers(1, 6).map((p) => (p.sequence === 3 ? { ...p, bytes: 0 } : p));
  for (const slot of slots.slice(3)) slot.timestamp = (slot.sequence - 1) * 160;
  const { buffer } = play(slots, 1);
  assert.equal(buffer.counts.concealed, 0);
});

test('the target falls to the least delay on a perfect network and silence is used to follow it', () => {
  const { send, pull, buffer } = bench();
  for (let i = 0; i < 200; i++) {
    send({ sequence: i }, i * 20);
    pull(i * 20 + 10, i > 100);
  }
  assert.equal(buffer.targetMs, jitterMinDelayMs);
  assert.ok(buffer.delayMs >= 8 && buffer.delayMs <= 35, String(buffer.delayMs));
  assert.ok(buffer.counts.dropped >= 1);
});

test('before anything has come there is silence of the frame asked for', () => {
  const { buffer } = bench({ ptimeMs: 30 });
  assert.deepEqual([buffer.pull(0).kind, buffer.pull(20).units], ['empty', 160]);
  assert.equal(buffer.targetMs, 40);
});
