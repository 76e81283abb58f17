// Pacing on the virtual clock: deadlines, spreading, stalls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Timer } from '../../base/index.ts';
import { catchUpPackets } from '../limits.ts';
import { Pacer } from './pacer.ts';

/** A clock moved by hand, whose timers fire late when the "loop" was busy. */
function handClock(): Clock & { busy(ms: number): void; run(ms: number): void; pending: number } {
  let now = 1000;
  let timers: { at: number; fn: () => void }[] = [];
  const fire = (): boolean => {
    const due = timers.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)[0];
    if (!due) return false;
    timers = timers.filter((timer) => timer !== due);
    due.fn();
    return true;
  };
  return {
    now: () => now,
    after(ms, fn): Timer {
      const timer = { at: now + Math.max(0, ms), fn };
      timers.push(timer);
      const cancel = (): void => {
        timers = timers.filter((one) => one !== timer);
      };
      return { cancel };
    },
    soon: (fn) => fn(),
    hold: () => () => {},
    busy(ms) {
      now += ms;
    },
    run(ms) {
      const end = now + ms;
      for (;;) {
        while (fire());
        const next = Math.min(...timers.map(({ at }) => at));
        if (next > end) break;
        now = Math.max(now, next);
      }
      now = end;
    },
    get pending() {
      return timers.length;
    },
  };
}

interface Frame {
  at: number;
  deadline: number;
  skippedMs: number;
}

function leg(clock: Clock): { frames: Frame[]; onFrame(deadline: number, skippedMs: number): void } {
  const frames: Frame[] = [];
  return { frames, onFrame: (deadline, skippedMs) => frames.push({ at: clock.now(), deadline, skippedMs }) };
}

const fail = (_: unknown, error: unknown): never => {
  throw error;
};

test('frames come at their deadlines, without drift, for every packet time', () => {
  const clock = handClock();
  const pacer = new Pacer(clock, fail);
  for (const ptime of [10, 20, 30, 40, 60]) {
    const one = leg(clock);
    const seat = pacer.join(one, ptime);
    clock.run(60_000);
    seat.leave();
    assert.ok(Math.abs(one.frames.length - 60_000 / ptime) <= 1, `${one.frames.length} frames of ${ptime} ms`);
    one.frames.forEach((frame, i) => {
      assert.equal(frame.at, frame.deadline);
      assert.equal(frame.deadline, one.frames[0]!.deadline + i * ptime);
      assert.equal(frame.skippedMs, 0);
    });
  }
  assert.equal(clock.pending, 0, 'nobody is left, no timer is');
});

test('legs are spread over the packet time', () => {
  const clock = handClock();
  const pacer = new Pacer(clock, fail);
  const legs = Array.from({ length: 400 }, () => leg(clock));
  for (const one of legs) pacer.join(one, 20);
  clock.run(100);
  const bySlot = new Map<number, number>();
  for (const { frames } of legs) bySlot.set(frames[0]!.at % 20, (bySlot.get(frames[0]!.at % 20) ?? 0) + 1);
  assert.deepEqual([...bySlot.values()], [100, 100, 100, 100]);
  pacer.close();
});

test('a short stall is caught up; after a long one time is skipped, never a burst', () => {
  const clock = handClock();
  const pacer = new Pacer(clock, fail);
  const one = leg(clock);
  pacer.join(one, 20);
  clock.run(200);
  const before = one.frames.length;
  clock.busy(35);
  clock.run(5);
  const caughtUp = one.frames.slice(before);
  assert.ok(caughtUp.length >= 1 && caughtUp.length <= catchUpPackets);
  assert.ok(
    caughtUp.every(({ skippedMs }) => skippedMs === 0),
    'nothing is lost in a stall of two frames',
  );
  clock.run(200);
  const atStall = one.frames.length;
  clock.busy(1000);
  clock.run(1);
  const after = one.frames.slice(atStall);
  assert.ok(after.length <= catchUpPackets, `${after.length} at once`);
  assert.ok(after[0]!.skippedMs >= 900, `${after[0]!.skippedMs} ms given up`);
  clock.run(1000);
  const last = one.frames.at(-1)!;
  assert.equal((last.deadline - one.frames[0]!.deadline) % 20, 0, 'the old grid goes on');
  const timeTold = one.frames.reduce((sum, { skippedMs }) => sum + skippedMs, 0) + (one.frames.length - 1) * 20;
  assert.equal(timeTold, last.deadline - one.frames[0]!.deadline, 'frames and skips account for all the time');
});

test('a leg may leave, or fail, while its slot runs; the others get their frames', () => {
  const clock = handClock();
  const failed: unknown[] = [];
  const pacer = new Pacer(clock, (paced) => failed.push(paced));
  const legs = Array.from({ length: 4 }, () => leg(clock));
  const bad = {
    onFrame() {
      seat.leave();
      throw new Error('bug');
    },
  };
  const seat = pacer.join(bad, 10);
  for (const one of legs) pacer.join(one, 10);
  clock.run(1000);
  assert.deepEqual(failed, [bad]);
  for (const one of legs) assert.ok(Math.abs(one.frames.length - 100) <= 1);
  pacer.close();
});

test('all who are due in a slot hear before any of them is sent, after a stall too; a bug in hearing is that leg alone', () => {
  const clock = handClock();
  const broken: unknown[] = [];
  const pacer = new Pacer(clock, (paced) => broken.push(paced));
  const order: string[] = [];
  const make = (name: string) => ({
    onHearing: (deadline: number, skippedMs: number) => void order.push(`${deadline} hears ${name} ${skippedMs}`),
    onFrame: (deadline: number, skippedMs: number) => void order.push(`${deadline} sends ${name} ${skippedMs}`),
  });
  const faulty = {
    onHearing(): void {
      throw new Error('bug');
    },
    onFrame: () => {},
  };
  // So many that slots are shared, of packet times that fall together now and then.
  for (const [name, ptimeMs] of [
    ['a', 10],
    ['b', 10],
    ['c', 20],
    ['d', 20],
    ['e', 10],
  ] as const) {
    pacer.join(make(name), ptimeMs);
  }
  pacer.join(faulty, 20);
  clock.run(200);
  clock.busy(95);
  clock.run(200);
  assert.ok(broken.length > 5 && broken.every((one) => one === faulty));
  const slots = Map.groupBy(order, (line) => line.split(' ')[0]!);
  let shared = 0;
  for (const lines of slots.values()) {
    const heard = lines.filter((line) => line.includes('hears'));
    const sent = lines.filter((line) => line.includes('sends'));
    assert.deepEqual(lines, [...heard, ...sent]);
    assert.deepEqual(
      heard.map((line) => line.replace('hears', 'sends')),
      sent,
    );
    if (heard.length > 1) shared++;
  }
  assert.ok(shared > 10, `${shared}`);
  assert.ok(
    order.some((line) => !line.endsWith(' 0')),
    'there was a stall',
  );
  pacer.close();
});
