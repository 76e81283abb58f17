// Tests of telephone events: each digit exactly once, whatever the network loses, repeats and reorders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRtpView, readRtp, writeRtpHeader } from './packet.ts';
import { DtmfReceiver, DtmfSender } from './telephone-event.ts';

interface Sent {
  packet: Uint8Array;
  atMs: number;
}

/** What a sender puts on the wire for some digits (`p` pauses 500 ms), and how its output stood at the end. */
function send(digits: string, options: { durationMs?: number; clockRate?: number; ptimeMs?: number } = {}): Sent[] {
  const { durationMs = 100, clockRate = 8000, ptimeMs = 20 } = options;
  const sender = new DtmfSender({ clockRate, payloadType: 101, ptimeMs });
  for (const digit of digits) assert.ok(digit === 'p' ? sender.pause(500) : sender.send(digit, durationMs));
  const output = { ssrc: 77, sequence: 65_530, timestamp: 2 ** 32 - 800 };
  const buffer = new Uint8Array(64);
  const sent: Sent[] = [];
  for (let atMs = 0; sender.busy; atMs += ptimeMs) {
    const length = sender.next(output, buffer);
    if (length > 0) sent.push({ packet: buffer.slice(0, length), atMs });
    output.timestamp = (output.timestamp + (clockRate * ptimeMs) / 1000) % 2 ** 32;
  }
  return sent;
}

function hear(sent: readonly Sent[], clockRate = 8000): { digits: string; durations: number[]; starts: string } {
  const heard = { digits: '', durations: [] as number[], starts: '' };
  const receiver = new DtmfReceiver({
    clockRate,
    onStart: (digit) => {
      heard.starts += digit;
    },
    onDigit: (digit, durationMs) => {
      heard.digits += digit;
      heard.durations.push(durationMs);
    },
  });
  const view = makeRtpView();
  for (const { packet, atMs } of sent) {
    receiver.tick(atMs);
    assert.ok(readRtp(packet, view));
    receiver.push(packet, view, atMs);
  }
  receiver.tick((sent.at(-1)?.atMs ?? 0) + 5000);
  return heard;
}

const field = (s: Sent) => {
  const view = makeRtpView();
  readRtp(s.packet, view);
  const [event, flags, high, low] = s.packet.subarray(view.payloadStart) as unknown as [number, number, number, number];
  return { ...view, event, end: (flags & 0x80) !== 0, volume: flags & 0x3f, units: (high << 8) | low };
};

test('a digit is sent as RFC 4733 says', () => {
  const packets = send('5').map(field);
  assert.deepEqual(
    packets.map((p) => p.units),
    [160, 320, 480, 640, 800, 800, 800],
  );
  assert.deepEqual(
    packets.map((p) => p.end),
    [false, false, false, false, true, true, true],
  );
  assert.deepEqual(
    packets.map((p) => p.marker),
    [true, false, false, false, false, false, false],
  );
  assert.deepEqual(
    packets.map((p) => p.sequence),
    [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 0],
  );
  assert.equal(new Set(packets.map((p) => p.timestamp)).size, 1);
  assert.ok(packets.every((p) => p.event === 5 && p.payloadType === 101 && p.ssrc === 77 && p.volume === 10));
});

test('digits keep at least 40 ms between them, and their timestamps tell their time', () => {
  const packets = send('12');
  const second = packets.findIndex((p) => field(p).event === 2);
  const endOfFirst = packets.findIndex((p) => field(p).end);
  assert.ok(packets[second]!.atMs - (packets[endOfFirst]!.atMs + 20) >= 80);
  const units = (field(packets[second]!).timestamp - field(packets[0]!).timestamp) | 0;
  assert.equal(units, packets[second]!.atMs * 8);
});

test('every digit and pause arrives, in order, with its length', () => {
  const sent = send('0123456789*#ABCD', { durationMs: 240 });
  const heard = hear(sent);
  assert.equal(heard.digits, '0123456789*#ABCD');
  assert.equal(heard.starts, heard.digits);
  assert.ok(heard.durations.every((ms) => ms === 240));
  const paused = send('1p2');
  assert.ok(paused.find((p) => field(p).event === 2)!.atMs >= 100 + 500);
  assert.equal(hear(send('5', { clockRate: 48_000, durationMs: 120 }), 48_000).durations[0], 120);
  assert.equal(hear(send('5', { ptimeMs: 60, durationMs: 40 })).durations[0], 40);
});

test('what is no digit is not sent, lengths are kept in bounds, and the queue has an end', () => {
  const sender = new DtmfSender({ clockRate: 8000, payloadType: 101, ptimeMs: 20 });
  for (const bad of ['', 'x', '12', 'E', ' ']) assert.equal(sender.send(bad, 100), false);
  assert.equal(sender.busy, false);
  assert.ok(sender.send('a', 100));
  let accepted = 1;
  while (sender.send('1', 100)) accepted++;
  assert.equal(accepted, 512);
  assert.deepEqual(hear(send('1', { durationMs: 1 })).durations, [40]);
  assert.deepEqual(hear(send('1', { durationMs: 60_000 })).durations, [10_000]);
});

test('a digit longer than the duration field can say is sent in segments', () => {
  for (const [clockRate, durationMs, segments] of [
    [8000, 8180, 1],
    [8000, 8200, 2],
    [8000, 10_000, 2],
    [48_000, 10_000, 8],
  ] as const) {
    const sent = send('5', { clockRate, durationMs });
    assert.deepEqual(hear(sent, clockRate), { digits: '5', durations: [durationMs], starts: '5' });
    assert.equal(new Set(sent.map((p) => field(p).timestamp)).size, segments);
    assert.equal(sent.filter((p) => field(p).marker).length, 1);
    assert.equal(sent.filter((p) => field(p).end).length, 3);
  }
});

test('who sends a digit hears when its first packet does', () => {
  const sender = new DtmfSender({ clockRate: 8000, payloadType: 101, ptimeMs: 20 });
  const begun: string[] = [];
  assert.ok(sender.pause(100));
  for (const digit of '12') assert.ok(sender.send(digit, 100, () => begun.push(digit)));
  const output = { ssrc: 77, sequence: 0, timestamp: 0 };
  const buffer = new Uint8Array(64);
  const seen: string[] = [];
  while (sender.busy) {
    const before = begun.length;
    const length = sender.next(output, buffer);
    if (begun.length > before) seen.push(length > 0 && (buffer[1]! & 0x80) !== 0 ? begun.at(-1)! : 'too early');
    output.timestamp += 160;
  }
  assert.deepEqual(seen, ['1', '2']);
});

test('cancel lets the digit that sounds end properly', () => {
  const sender = new DtmfSender({ clockRate: 8000, payloadType: 101, ptimeMs: 20 });
  for (const d of '789') sender.send(d, 1000);
  const output = { ssrc: 1, sequence: 1, timestamp: 0 };
  const sent: Sent[] = [];
  const buffer = new Uint8Array(16);
  for (let i = 0; i < 40; i++) {
    if (i === 5) sender.cancel();
    if (sender.next(output, buffer) > 0) sent.push({ packet: buffer.slice(), atMs: i * 20 });
    output.timestamp += 160;
  }
  assert.deepEqual(hear(sent), { digits: '7', durations: [100], starts: '7' });
  assert.equal(sent.filter((s) => field(s).end).length, 3);
  assert.equal(sender.busy, false);
});

test('back-to-back presses of one key are two digits', () => {
  assert.equal(hear(send('1122')).digits, '1122');
});

test('any one packet of an event is enough', () => {
  const [one, two] = [send('37').filter((p) => field(p).event === 3), send('37').filter((p) => field(p).event === 7)];
  for (const a of one) for (const b of two) assert.equal(hear([a, b]).digits, '37');
});

test('an event without its end packets ends by the next event, or by silence', () => {
  const noEnds = send('9p9').filter((p) => !field(p).end);
  const heard = hear(noEnds);
  assert.equal(heard.digits, '99');
  assert.deepEqual(heard.durations, [80, 80]);
  const close = send('55').filter((p) => !field(p).end);
  assert.equal(hear(close).digits, '55');
});

test('silence ends an event only after 200 ms, and what comes later of it is no new digit', () => {
  const digits: string[] = [];
  const receiver = new DtmfReceiver({ clockRate: 8000, onDigit: (d) => digits.push(d) });
  const view = makeRtpView();
  const [first, ...others] = send('4', { durationMs: 2000 });
  readRtp(first!.packet, view);
  receiver.push(first!.packet, view, 0);
  receiver.tick(199);
  assert.deepEqual(digits, []);
  receiver.tick(200);
  assert.deepEqual(digits, ['4']);
  for (const { packet } of others) {
    readRtp(packet, view);
    receiver.push(packet, view, 300);
  }
  receiver.tick(9000);
  assert.deepEqual(digits, ['4']);
});

test('duplicates and any order within a few packets change nothing', () => {
  const sent = send('1159*', { durationMs: 100 });
  assert.equal(hear(sent.flatMap((p) => [p, p])).digits, '1159*');
  for (let seed = 1; seed < 60; seed++) {
    let state = seed;
    const noise = (): number => {
      state = (state * 16_807) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    // Up to 60 ms of jitter: packets swap, end packets of one digit mix into the next.
    const shuffled = sent
      .map((p) => ({ packet: p.packet, atMs: p.atMs + noise() * 60 }))
      .sort((a, b) => a.atMs - b.atMs);
    const lossy = shuffled.filter(() => noise() > 0.3);
    assert.equal(hear(shuffled).digits, '1159*', `seed ${seed}`);
    const heard = hear(lossy).digits;
    const alive = new Set(lossy.map((p) => field(p).timestamp)).size;
    assert.equal(heard.length, alive, `seed ${seed} with loss`);
  }
});

test('a digit overtaken by the next one whole is still heard, before it', () => {
  const sent = send('12', { durationMs: 100 });
  const firsts = sent.filter((p) => field(p).event === 1);
  const [begin, ...rest] = sent.filter((p) => field(p).event === 2);
  assert.equal(hear([begin!, ...firsts.map((p) => ({ ...p, atMs: begin!.atMs + 5 })), ...rest]).digits, '12');
});

/** An event packet by hand: a segment of a long press. */
function segment(
  timestamp: number,
  units: number,
  atMs: number,
  flags: { marker?: boolean; end?: boolean } = {},
): Sent {
  const packet = new Uint8Array(16);
  writeRtpHeader(packet, { marker: flags.marker ?? false, payloadType: 101, sequence: 0, timestamp, ssrc: 77 });
  packet.set([5, flags.end ? 0x8a : 0x0a, units >>> 8, units & 0xff], 12);
  return { packet, atMs };
}

test('a press of 10 s in two segments is one digit of 10 s', () => {
  const sent: Sent[] = [];
  for (let ms = 50; ms <= 8150; ms += 50) sent.push(segment(1000, ms * 8, ms, { marker: ms === 50 }));
  sent.push(segment(1000, 0xffff, 8192));
  for (let ms = 50; ms <= 1800; ms += 50) sent.push(segment(1000 + 0xffff, ms * 8, 8192 + ms));
  sent.push(segment(1000 + 0xffff, 80_000 - 0xffff, 10_000, { end: true }));
  assert.deepEqual(hear(sent), { digits: '5', durations: [10_000], starts: '5' });
});

test('flash, tones and cut-off payloads are no digits', () => {
  const receiver = new DtmfReceiver({ clockRate: 8000, onDigit: () => assert.fail('no digit') });
  const view = makeRtpView();
  const packet = segment(1, 160, 0, { end: true }).packet;
  for (const event of [16, 36, 255]) {
    packet[12] = event;
    readRtp(packet, view);
    receiver.push(packet, view, 0);
  }
  packet[12] = 5;
  readRtp(packet.subarray(0, 15), view);
  receiver.push(packet, view, 0);
  receiver.close();
});

test('a new source starts afresh, and ends what the old one left open', () => {
  const a = send('1').slice(0, 2);
  const b = send('1').map(({ packet, atMs }) => {
    const copy = packet.slice();
    copy[11] = 99;
    return { packet: copy, atMs: atMs + 100 };
  });
  assert.equal(hear([...a, ...b]).digits, '11');
});
