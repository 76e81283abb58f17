// The virtual clock: order, promises between timers, holds, and ends.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { every, held, sleep } from '../index.ts';
import { seededRandom, VirtualClock } from './index.ts';

it('runs timers by time, and those of one time in the order they were set', async () => {
  const clock = new VirtualClock({ startAt: 1000 });
  const seen: string[] = [];
  clock.after(20, () => seen.push(`c${clock.now()}`));
  clock.after(10, () => seen.push(`a${clock.now()}`));
  clock.after(10, () => seen.push(`b${clock.now()}`));
  clock.after(-5, () => seen.push(`now${clock.now()}`));
  clock.after(30, () => seen.push('late'));
  await clock.runUntil(1020);
  assert.deepEqual(seen, ['now1000', 'a1010', 'b1010', 'c1020']);
  assert.equal(clock.now(), 1020);
  assert.equal(clock.pendingTimers, 1);
  await clock.runFor(5);
  assert.equal(clock.now(), 1025);
});

it('keeps thousands of timers in order while others are cancelled', async () => {
  const clock = new VirtualClock();
  const random = seededRandom('heap');
  const start = clock.now();
  const fired: number[] = [];
  const expected: number[] = [];
  const timers = Array.from({ length: 5000 }, () => {
    const at = Math.floor(random.next() * 500);
    return { at, timer: clock.after(at, () => fired.push(clock.now() - start)) };
  });
  for (const { at, timer } of timers) {
    if (random.next() < 0.4) timer.cancel();
    else expected.push(at);
  }
  timers[0]!.timer.cancel();
  timers[0]!.timer.cancel();
  if (expected[0] === timers[0]!.at) expected.shift();
  assert.equal(await clock.runUntilIdle(), true);
  assert.deepEqual(
    fired,
    expected.sort((a, b) => a - b),
  );
  assert.equal(clock.pendingTimers, 0);
});

it('lets promises and immediates finish before time moves', async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  const seen: string[] = [];
  const note = (what: string): number => seen.push(`${what} ${clock.now() - start}`);
  clock.after(10, async () => {
    for (let i = 0; i < 100; i++) await null;
    note('promises');
    await new Promise((done) => setImmediate(done));
    note('immediate');
    await new Promise((done) => process.nextTick(done));
    await new Promise((done) => setImmediate(done));
    note('second immediate');
  });
  clock.after(11, () => note('next timer'));
  await clock.runUntilIdle();
  assert.deepEqual(seen, ['promises 10', 'immediate 10', 'second immediate 10', 'next timer 11']);
});

it('runs soon() after what is queued and before time moves, with promises in between', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.soon(() => {
    seen.push('first');
    void Promise.resolve().then(() => seen.push('its promise'));
    clock.soon(() => seen.push('third'));
  });
  clock.soon(() => seen.push('second'));
  clock.after(0, () => seen.push('timer'));
  await clock.runUntilIdle();
  assert.deepEqual(seen, ['first', 'its promise', 'second', 'third', 'timer']);
});

it('stands still while real work is held', async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  let at = -1;
  clock.after(5, () => {
    void held(clock, () => new Promise((done) => setTimeout(done, 30))).then(() => {
      at = clock.now() - start;
    });
  });
  clock.after(6, () => assert.equal(at, 5));
  await clock.runUntilIdle();
  assert.equal(at, 5);
  assert.equal(clock.holds, 0);
  const release = clock.hold();
  release();
  release();
  assert.equal(clock.holds, 0);
});

it('settles a promise, and says why it cannot', async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  const ticking = every(clock, 20, () => {});
  assert.equal(await clock.settle(sleep(clock, 100).then(() => 'done')), 'done');
  assert.equal(clock.now() - start, 100);
  await assert.rejects(clock.settle(Promise.reject(new Error('no'))), /no/);
  await assert.rejects(clock.settle(new Promise(() => {}), 1000), /limit was reached/);
  ticking.cancel();
  await assert.rejects(clock.settle(new Promise(() => {})), /nothing is left that could wake it/);
});

it('stops at the limit when timers never end, and when a timer throws', async () => {
  const clock = new VirtualClock();
  const ticking = every(clock, 20, () => {});
  assert.equal(await clock.runUntilIdle(1000), false);
  ticking.cancel();
  clock.after(1, () => {
    throw new Error('a bug');
  });
  await assert.rejects(clock.runFor(10), /a bug/);
  await clock.runFor(10);
});

it('is run by one at a time', async () => {
  const clock = new VirtualClock();
  const first = clock.runFor(10);
  await assert.rejects(clock.runFor(10), /running already/);
  await first;
});

it('is fast: twenty minutes of 20 ms ticks within the time of a coffee spoon', async () => {
  const clock = new VirtualClock();
  let ticks = 0;
  const ticking = every(clock, 20, () => ticks++);
  const started = performance.now();
  await clock.runFor(1_200_000);
  ticking.cancel();
  assert.equal(ticks, 60_000);
  // Some 0.3 s alone on a slow core; the limit only catches a clock that has become another kind of slow.
  assert.ok(performance.now() - started < 10_000);
});
