// Tests of the jitter buffer on simulated networks: delay added, share concealed, and that nothing comes twice or out of order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JitterBuffer } from './jitter.ts';
import type { JitterCounts, JitterFrame } from './jitter-types.ts';
import { jitterMinDelayMs } from './limits.ts';
import { makeRtpView, readRtp, writeRtpHeader } from './packet.ts';

/** A stream of chance that a number reproduces (Park and Miller). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Network {
  seconds: number;
  ptimeMs?: number;
  /** Transit of packet `i` beyond the fixed part, ms. */
  transit?: (i: number, random: () => number) => number;
  lose?: (i: number, random: () => number) => boolean;
  /** The sender's clock against ours, parts per million. */
  driftPpm?: number;
  /** The engine says that its last frame was silence. */
  quiet?: (ms: number) => boolean;
  seed?: number;
  /** Figures are taken from here on. */
  afterSeconds?: number;
}

interface Outcome {
  frames: number;
  /** Playout after the moment the packet would have come without jitter, ms. */
  meanDelayMs: number;
  lastDelayMs: number;
  maxDelayMs: number;
  /** Share of frame times that were concealed. */
  concealed: number;
  empty: number;
  targetMs: number;
  counts: JitterCounts;
}

const fixedTransitMs = 30;
const startMs = 5000;
/** Our ticks fall this long after the far end's. */
const phaseMs = 7;
const firstTimestamp = 2 ** 32 - 1600;

interface Arrival {
  i: number;
  at: number;
}

function arrivalsOf(network: Network, sentAt: (i: number) => number): Arrival[] {
  const random = chance(network.seed ?? 4711);
  const arrivals: Arrival[] = [];
  for (let i = 0; i < (network.seconds * 1000) / (network.ptimeMs ?? 20); i++) {
    const transit = network.transit?.(i, random) ?? 0;
    if (!network.lose?.(i, random)) arrivals.push({ i, at: sentAt(i) + fixedTransitMs + transit });
  }
  return arrivals.sort((a, b) => a.at - b.at);
}

/** Packets through a buffer as an engine with 20 ms frames would pull them. */
function run(network: Network): Outcome {
  const { ptimeMs = 20, driftPpm = 0, afterSeconds = 0 } = network;
  const units = ptimeMs * 8;
  const sentAt = (i: number): number => startMs + i * ptimeMs * (1 + driftPpm / 1e6);
  const arrivals = arrivalsOf(network, sentAt);
  const unitsOf = (_: Uint8Array, v: { payloadStart: number; payloadEnd: number }): number =>
    v.payloadEnd - v.payloadStart;
  const buffer = new JitterBuffer({ clockRate: 8000, ptimeMs, unitsOf });
  const datagram = new Uint8Array(12 + units);
  const view = makeRtpView();
  const o = { frames: 0, meanDelayMs: 0, lastDelayMs: 0, maxDelayMs: 0, concealed: 0, empty: 0 };
  let times = 0;
  let lastIndex = -1;

  const arrive = ({ i, at }: Arrival): void => {
    const header = {
      marker: i === 0,
      payloadType: 0,
      sequence: 65_500 + i,
      timestamp: firstTimestamp + i * units,
      ssrc: 7,
    };
    writeRtpHeader(datagram, header);
    datagram.fill(i, 12);
    assert.ok(readRtp(datagram, view));
    buffer.push(datagram, view, at);
  };
  const play = (frame: JitterFrame, now: number): void => {
    const counted = now >= startMs + afterSeconds * 1000;
    if (counted) times++;
    if (counted && frame.kind === 'lost') o.concealed++;
    if (counted && frame.kind === 'empty') o.empty++;
    if (frame.kind !== 'frame') return;
    const i = ((frame.timestamp - firstTimestamp) >>> 0) / units;
    assert.ok(i > lastIndex, `frame ${i} after ${lastIndex}`);
    assert.equal(frame.payload.length, units);
    assert.equal(frame.payload.at(-1), i & 0xff);
    lastIndex = i;
    o.lastDelayMs = now - sentAt(i) - fixedTransitMs;
    if (!counted) return;
    o.frames++;
    o.meanDelayMs += o.lastDelayMs;
    o.maxDelayMs = Math.max(o.maxDelayMs, o.lastDelayMs);
  };

  let held = 0;
  let next = 0;
  for (let now = startMs + phaseMs; next < arrivals.length; now += 20) {
    while (next < arrivals.length && arrivals[next]!.at <= now) arrive(arrivals[next++]!);
    while (held < 160) {
      const frame = buffer.pull(now, () => network.quiet?.(now - startMs) ?? false);
      held += frame.units;
      play(frame, now);
    }
    held -= 160;
  }
  return {
    ...o,
    meanDelayMs: o.meanDelayMs / o.frames,
    concealed: o.concealed / times,
    targetMs: buffer.targetMs,
    counts: buffer.counts,
  };
}

const even = (spreadMs: number) => (_: number, random: () => number) => random() * spreadMs;
const lossy = (share: number) => (_: number, random: () => number) => random() < share;
/** One second of every three is silence. */
const pauses = (ms: number): boolean => ms % 3000 < 1000;

const text = (o: Outcome): string => JSON.stringify(o);

test('jitter 0 to 80 ms, loss 0 to 10 %: hardly more is concealed than was lost, and the delay is the jitter and a tick', () => {
  for (const jitterMs of [0, 10, 20, 40, 60, 80])
    for (const loss of [0, 0.05, 0.1]) {
      const o = run({ seconds: 120, transit: even(jitterMs), lose: lossy(loss), quiet: pauses, afterSeconds: 10 });
      const what = `${jitterMs} ms, ${loss * 100} % ${text(o)}`;
      assert.ok(o.concealed < loss + 0.006, what);
      assert.ok(o.meanDelayMs < jitterMs + 32, what);
      const floor = jitterMinDelayMs;
      assert.ok(o.targetMs >= Math.max(floor, jitterMs - 3) && o.targetMs <= Math.max(floor, jitterMs + 5), what);
      assert.equal(o.empty, 0, what);
    }
});

test('packet times of 10 to 60 ms: no concealment, delay of the jitter and at most a packet more', () => {
  for (const ptimeMs of [10, 20, 30, 40, 50, 60]) {
    const o = run({ seconds: 60, ptimeMs, transit: even(15), quiet: pauses, afterSeconds: 10 });
    assert.equal(o.concealed, 0, `${ptimeMs} ms ${text(o)}`);
    assert.ok(o.meanDelayMs < 25 + ptimeMs, `${ptimeMs} ms ${text(o)}`);
    assert.ok(o.counts.dropped + o.counts.inserted <= 3, `hunting: ${ptimeMs} ms ${text(o)}`);
  }
});

test('in speech without pauses the delay is adjusted too, more slowly', () => {
  const o = run({ seconds: 30, transit: even(5), afterSeconds: 10 });
  assert.equal(o.concealed, 0);
  assert.ok(o.meanDelayMs <= 40, text(o));
});

test('two hours of a clock 200 ppm off, either way: the delay stays, at one adjustment in 100 s', () => {
  for (const driftPpm of [200, -200])
    for (const quiet of driftPpm > 0 ? [pauses] : [pauses, () => false]) {
      const o = run({ seconds: 7200, transit: even(5), driftPpm, quiet, afterSeconds: 10 });
      const adjustments = o.counts.dropped + o.counts.inserted + o.counts.concealed;
      assert.ok(adjustments >= 70 && adjustments <= 80, `${driftPpm} ${text(o)}`);
      assert.ok(o.maxDelayMs <= 50 && o.lastDelayMs <= 45, `${driftPpm} ${text(o)}`);
      assert.ok(o.meanDelayMs <= 35, `${driftPpm} ${text(o)}`);
    }
});

test('a network that becomes worse is followed within seconds, and one that becomes better too', () => {
  const worse = (i: number, random: () => number): number => random() * (i > 1000 ? 80 : 5);
  const o = run({ seconds: 60, transit: worse, quiet: pauses });
  assert.ok(o.concealed < 0.01 && o.targetMs >= 78, text(o));
  const settled = run({ seconds: 60, transit: worse, quiet: pauses, afterSeconds: 25 });
  assert.ok(settled.concealed < 0.005, text(settled));
  const better = run({ seconds: 60, transit: (i, r) => r() * (i < 1000 ? 80 : 5), quiet: pauses, afterSeconds: 35 });
  assert.ok(better.maxDelayMs <= 40 && better.concealed === 0, text(better));
});

test('a stall of 300 ms and its burst: a tenth of a second is concealed, and the delay comes back', () => {
  const stall = (i: number): number => (i >= 500 && i < 515 ? (515 - i) * 20 : 0);
  const o = run({ seconds: 40, transit: stall, quiet: pauses, afterSeconds: 5 });
  assert.equal(o.counts.concealed, 5, text(o));
  assert.ok(o.empty <= 12, text(o));
  assert.equal(o.lastDelayMs, 17, text(o));
  const after = run({ seconds: 40, transit: stall, quiet: pauses, afterSeconds: 10.4 });
  assert.ok(after.maxDelayMs <= 220, text(after));
  assert.equal(after.concealed, 0, text(after));
});

test('a stall of 800 ms is a new time line: what is older than the limit is left out', () => {
  const stall = (i: number): number => (i >= 500 && i < 540 ? (540 - i) * 20 : 0);
  const o = run({ seconds: 40, transit: stall, quiet: pauses, afterSeconds: 10.9 });
  assert.equal(o.counts.restarts, 1, text(o));
  assert.ok(o.maxDelayMs <= 220 && o.lastDelayMs === 17, text(o));
});

test('a path that becomes 150 or 300 ms longer costs one gap, one that becomes shorter nothing', () => {
  for (const stepMs of [150, 300]) {
    const o = run({ seconds: 60, transit: (i) => (i >= 500 ? stepMs : 0), quiet: pauses, afterSeconds: 5 });
    assert.ok(o.counts.concealed <= 6 && o.empty <= stepMs / 20, text(o));
    assert.ok(o.lastDelayMs <= stepMs + 40, text(o));
    assert.ok(o.counts.late === 0 && o.counts.dropped <= 3, text(o));
  }
  const shorter = run({ seconds: 60, transit: (i) => (i < 500 ? 150 : 0), quiet: pauses, afterSeconds: 5 });
  assert.equal(shorter.concealed, 0, text(shorter));
  assert.equal(shorter.lastDelayMs, 17, text(shorter));
});

test('exponential jitter: a share of 2 % may be late, as the target says', () => {
  for (const meanMs of [10, 20]) {
    const o = run({ seconds: 120, transit: (_, r) => -meanMs * Math.log(1 - r()), quiet: pauses, afterSeconds: 10 });
    assert.ok(o.concealed < 0.025, text(o));
    assert.ok(o.meanDelayMs < 4 * meanMs + 30, text(o));
  }
});

test('reordered packets are put in order without loss', () => {
  const o = run({ seconds: 60, transit: (i) => (i % 10 === 0 ? 25 : 0), quiet: pauses, afterSeconds: 5 });
  assert.equal(o.concealed, 0, text(o));
  assert.equal(o.counts.late, 0, text(o));
});

test('bursts of 120 ms lost: 100 ms are concealed, the rest is silence, and playout goes on where it should', () => {
  const o = run({ seconds: 120, transit: even(10), lose: (i) => i % 200 < 6, quiet: pauses, afterSeconds: 5 });
  assert.ok(o.concealed < 0.03 && o.concealed > 0.02, text(o));
  assert.ok(o.meanDelayMs < 40, text(o));
});

test('an outage of 4 s: silence, and the call goes on at once', () => {
  const o = run({ seconds: 60, transit: even(5), lose: (i) => i > 1000 && i < 1200, quiet: pauses, afterSeconds: 5 });
  assert.ok(o.counts.concealed <= 5 && o.empty >= 190 && o.empty <= 196, text(o));
  assert.ok(o.lastDelayMs <= 37 && o.counts.late === 0, text(o));
});
