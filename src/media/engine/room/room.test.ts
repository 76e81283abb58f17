// A room's slots by hand: legs that begin anew elsewhere in time, stalls, ears that others lead, and what is given back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, levelDbov, toneLevelDbov, worstClick } from '../../../audio/index.ts';
import { VirtualClock } from '../../../base/sim/index.ts';
import { slotMs } from '../../limits.ts';
import type { EarListener } from '../ear.ts';
import type { Feed } from '../feed.ts';
import type { EngineWorld } from '../world.ts';
import { Room, type RoomPort } from './room.ts';

const rate = 8000;
const flags = { muted: false, deaf: false, tag: '', speakOnlyTo: '', distributeDtmf: false };

/** A port whose frames come when the test says so. */
class HandPort implements RoomPort {
  readonly id: string;
  deadline = 0;
  media = undefined;
  onDigit: RoomPort['onDigit'];
  feed: Feed | undefined;
  readonly heard: number[] = [];
  /** The very frame that was heard last; undefined for silence. */
  last: Int16Array | undefined;
  listeners = new Set<EarListener>();
  /** Of its codec. */
  rate = rate;
  readonly #hz: number;
  #said = 0;

  constructor(id: string, hz: number) {
    this.id = id;
    this.#hz = hz;
  }

  readonly ear = {
    listen: (listener: EarListener) => {
      this.listeners.add(listener);
      return () => void this.listeners.delete(listener);
    },
  };

  readonly mouth = {
    setFeed: (feed: Feed) => {
      this.feed = feed;
    },
    endFeed: (feed: Feed) => {
      if (this.feed === feed) this.feed = undefined;
    },
  };

  sendDigits(): Promise<void> {
    return Promise.resolve();
  }

  /** Says the next frame of its tone. */
  say(ms: number): void {
    const amplitude = this.#hz === 0 ? 0 : 4000;
    const step = (2 * Math.PI * this.#hz) / 1000;
    const from = this.#said;
    this.#said += ms;
    const frame = Int16Array.from({ length: (ms * this.rate) / 1000 }, (_, i) =>
      Math.round(amplitude * Math.sin(step * (from + (i * 1000) / this.rate))),
    );
    for (const listener of this.listeners) listener(frame, this.rate);
  }

  hear(ms: number): void {
    const frame = new Int16Array((ms * this.rate) / 1000);
    this.last = this.feed?.read(frame, this.rate);
    for (const x of this.last ?? frame.fill(0)) this.heard.push(x);
  }
}

interface Turn {
  port: HandPort;
  ms: number;
  phase: number;
}

function stage(...tones: number[]): {
  room: Room;
  ports: HandPort[];
  run(turns: Turn[], from: number, to: number): void;
} {
  const world = { clock: new VirtualClock() } as unknown as EngineWorld;
  const room = new Room({ id: 'r', world, onPlayback: () => {}, onFinished: () => {}, notify: () => {} });
  const ports = tones.map((hz, i) => new HandPort(`m${i}`, hz));
  for (const port of ports) room.join(port, flags);
  return {
    room,
    ports,
    /** All frames due from `from` to `to`, ms; whoever says is before who hears, as the pacer has it. */
    run(turns, from, to) {
      for (let at = from; at < to; at += slotMs) {
        const due = turns.filter(({ ms, phase }) => (at - phase) % ms === 0);
        for (const { port, ms } of due) {
          port.deadline = at;
          port.say(ms);
        }
        for (const { port, ms } of due) port.hear(ms);
      }
    },
  };
}

const pcmOf = (port: HandPort, fromMs = 100): Int16Array => Int16Array.from(port.heard.slice(fromMs * 8));
const clickOf = (port: HandPort): number => worstClick(pcmOf(port), rate).ratio;
const level = 20 * Math.log10(4000 / 32_768 / Math.SQRT2);

test('who says nothing hears one and the same frame as the others who do not, and who speaks one of his own', () => {
  const { ports, run } = stage(440, 700, 0, 0, 0);
  const turns = ports.map((port) => ({ port, ms: 20, phase: 0 }));
  run(turns, 0, 200);
  const [a, b, c, d, e] = ports.map(({ last }) => last);
  assert.ok(c && c === d && d === e);
  assert.ok(a && b && a !== b && a !== c && b !== c);
  const kept = c.slice();
  run(turns, 200, 240);
  assert.notEqual(ports[2]!.last, c);
  assert.deepEqual(c, kept, 'a frame that was given is written no more');
});

test('nobody hears himself, not one step of it, whatever the phases and packet times', () => {
  for (const [ms, phase] of [
    [10, 5],
    [20, 15],
    [30, 10],
    [60, 35],
  ] as const) {
    const { ports, run } = stage(440, 700);
    const [a, b] = [ports[0]!, ports[1]!];
    run(
      [
        { port: a, ms: 20, phase: 0 },
        { port: b, ms, phase },
      ],
      1000,
      3000,
    );
    assert.ok(toneLevelDbov(pcmOf(a), 440, rate) < -100, `${ms}/${phase}: ${toneLevelDbov(pcmOf(a), 440, rate)}`);
    assert.ok(Math.abs(toneLevelDbov(pcmOf(a), 700, rate) - level) < 0.05);
    assert.ok(Math.abs(toneLevelDbov(pcmOf(b), 440, rate) - level) < 0.05);
    assert.ok(clickOf(a) < 2 && clickOf(b) < 2, `${clickOf(a)} ${clickOf(b)}`);
  }
});

test('a leg whose place in time changes is heard on, with a gap of a frame at most and no click', () => {
  for (const [ms, phase] of [
    [20, 5],
    [20, 15],
    [10, 0],
    [30, 25],
    [40, 5],
    [60, 50],
  ] as const) {
    const { ports, run } = stage(440, 700);
    const [a, b] = [ports[0]!, ports[1]!];
    const still: Turn = { port: a, ms: 20, phase: 0 };
    run([still, { port: b, ms: 20, phase: 10 }], 1000, 1500);
    run([still, { port: b, ms, phase }], 1500, 2200);
    run([still, { port: b, ms: 20, phase: 10 }], 2220, 3000);
    const what = `${ms}/${phase}`;
    for (const [from, to] of gaps(pcmOf(a), rate, 5)) assert.ok(to - from <= 8 * (ms + 15), `${what}: ${to - from}`);
    assert.ok(clickOf(a) < 3.2, `${what}: click ${clickOf(a)}`);
    // Alone with one who is silent: not one step of his own voice.
    const [silent, moving] = [stage(0, 440), { ms, phase }];
    const [c, d] = [silent.ports[0]!, silent.ports[1]!];
    const quiet: Turn = { port: c, ms: 20, phase: 0 };
    silent.run([quiet, { port: d, ms: 20, phase: 10 }], 1000, 1500);
    silent.run([quiet, { port: d, ...moving }], 1500, 2200);
    assert.equal(levelDbov(pcmOf(d, 0)), -127, what);
  }
});

test('a leg hears nothing of itself, whatever packet time and place in time it comes from and goes to', () => {
  for (const before of [20, 40, 60])
    for (const after of [10, 20, 30, 40])
      for (let phase = 0; phase < before; phase += slotMs)
        for (let then = 0; then < after; then += slotMs) {
          const { ports, run } = stage(0, 440);
          const [silent, moving] = [ports[0]!, ports[1]!];
          const still: Turn = { port: silent, ms: 20, phase: 0 };
          run([still, { port: moving, ms: before, phase }], 1200, 1320);
          run([still, { port: moving, ms: after, phase: then }], 1320, 1440);
          assert.equal(levelDbov(pcmOf(moving, 0)), -127, `${before}/${phase} to ${after}/${then}`);
        }
});

test('whoever leaves, is muted, goes deaf or loses a tag in the middle of a wave makes no click, at either end', () => {
  const changes: [string, (room: Room) => unknown][] = [
    ['leave', (room) => room.leave('m1')],
    ['muted', (room) => room.set('m1', { ...flags, muted: true })],
    ['deaf', (room) => room.set('m0', { ...flags, deaf: true })],
    ['private', (room) => room.set('m1', { ...flags, speakOnlyTo: 'x' })],
  ];
  for (const [name, change] of changes)
    for (let after = 0; after < 20; after += slotMs) {
      // 437 Hz ends each frame somewhere else in its wave.
      const { room, ports, run } = stage(0, 437);
      const turns = ports.map((port, i) => ({ port, ms: 20, phase: i * 10 }));
      run(turns, 1000, 1300 + after);
      void change(room);
      run(name === 'leave' ? turns.slice(0, 1) : turns, 1300 + after, 1500);
      const heard = pcmOf(ports[0]!);
      const click = worstClick(heard, rate).ratio;
      assert.ok(click < 3, `${name} after ${after} ms: ${click}`);
      assert.equal(levelDbov(heard.subarray(-400)), -127, `${name} after ${after} ms`);
    }
});

test('a stall is skipped: everybody goes on together, and nobody hears anything twice', () => {
  const { ports, run } = stage(440, 700, 1100);
  const turns = ports.map((port, i) => ({ port, ms: 20, phase: i * 5 }));
  run(turns, 1000, 2000);
  run(turns, 2700, 3500);
  for (const [i, port] of ports.entries()) {
    for (const [k, hz] of [440, 700, 1100].entries()) {
      const heard = toneLevelDbov(Int16Array.from(port.heard.slice(-4000)), hz, rate);
      if (i === k) assert.ok(heard < -100, `${heard}`);
      else assert.ok(Math.abs(heard - level) < 0.1, `${heard}`);
    }
    const holes = gaps(pcmOf(port), rate, 5);
    assert.ok(holes.length <= 1 && holes.every(([from, to]) => to - from <= 170), JSON.stringify(holes));
  }
});

test('an ear that somebody else leads, early or late within its frame time, is heard without a break', () => {
  const { ports } = stage(440, 700);
  const [a, b] = [ports[0]!, ports[1]!];
  // Two frames of b at once every 40 ms, as another leg with that packet time would pull them.
  for (let at = 1000; at < 4000; at += slotMs) {
    if (at % 20 === 0) {
      a.deadline = at;
      a.say(20);
    }
    if (at % 20 === 10) b.deadline = at;
    if (at % 40 === 25) {
      b.say(20);
      b.say(20);
    }
    if (at % 20 === 0) a.hear(20);
    if (at % 20 === 10) b.hear(20);
  }
  const pcm = pcmOf(a, 300);
  assert.deepEqual(gaps(pcm, rate, 2), []);
  assert.ok(worstClick(pcm, rate).ratio < 2, `${worstClick(pcm, rate).ratio}`);
  assert.ok(toneLevelDbov(pcmOf(b, 300), 700, rate) < -100);
});

test('a leg whose codec changes is heard on at the new rate, and never hears itself', () => {
  for (const [before, after] of [
    [8000, 16_000],
    [16_000, 8000],
  ] as const) {
    const { ports, run } = stage(440, 0);
    const [a, b] = [ports[0]!, ports[1]!];
    const turns = [
      { port: a, ms: 20, phase: 0 },
      { port: b, ms: 20, phase: 5 },
    ];
    a.rate = before;
    run(turns, 1000, 2000);
    a.rate = after;
    run(turns, 2000, 3000);
    assert.equal(levelDbov(pcmOf(a, 0)), -127);
    const pcm = pcmOf(b);
    assert.deepEqual(gaps(pcm, rate, 4), []);
    // The new rate's filter begins anew: the step that it smooths is heard, softly.
    assert.ok(worstClick(pcm, rate).ratio < 6, `${worstClick(pcm, rate).ratio}`);
    assert.ok(Math.abs(toneLevelDbov(pcm.subarray(-4000), 440, rate) - level) < 0.1);
  }
});

test('a change is told when it is heard, by whom it is heard; when nobody can, after 200 ms', async () => {
  const { room, ports, run } = stage(440, 700);
  const [a, b] = [ports[0]!, ports[1]!];
  const turns = [
    { port: a, ms: 20, phase: 0 },
    { port: b, ms: 20, phase: 10 },
  ];
  run(turns, 1000, 1200);
  let told = '';
  const set = (name: string, change: Partial<typeof flags>): void => {
    void room.set('m0', { ...flags, ...change }).then(() => {
      told += name;
    });
  };
  const settle = async (): Promise<string> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
    return told;
  };
  set('muted ', { muted: true });
  // a says its next frame and hears one; b has heard nothing of it yet.
  run(turns, 1200, 1210);
  assert.equal(await settle(), '');
  run(turns, 1210, 1215);
  assert.equal(await settle(), 'muted ');
  set('deaf ', { muted: true, deaf: true });
  run(turns, 1215, 1220);
  assert.equal(await settle(), 'muted ');
  run(turns, 1220, 1225);
  assert.equal(await settle(), 'muted deaf ');
  b.feed = undefined;
  set('heard ', {});
  a.feed = undefined;
  run(turns, 1225, 1400);
  assert.equal(await settle(), 'muted deaf ');
  run(turns, 1400, 1450);
  assert.equal(await settle(), 'muted deaf heard ');
});

test('when all have left nothing listens, no feed is set and no tag is kept', () => {
  const { room, ports, run } = stage(440, 700);
  const turns = ports.map((port, i) => ({ port, ms: 20, phase: i * 10 }));
  for (let i = 0; i < 200; i++) {
    void room.set('m0', { ...flags, tag: `t${i}`, speakOnlyTo: `s${i}` });
    run(turns, 1000 + i * 20, 1020 + i * 20);
  }
  assert.ok(room.tags <= 30, `${room.tags} tags`);
  void room.close();
  run(turns, 6000, 6100);
  assert.ok(room.isEmpty);
  for (const port of ports) {
    assert.equal(port.listeners.size, 0);
    assert.equal(port.feed, undefined);
    assert.equal(port.onDigit, undefined);
    assert.equal(levelDbov(Int16Array.from(port.heard.slice(-400))), -127);
  }
});
