// Clock: the real one, and what is built on any clock.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { every, held, realClock, sleep } from './index.ts';
import { VirtualClock } from './sim/index.ts';

it('is Unix time that never runs backwards', () => {
  const clock = realClock();
  assert.ok(Math.abs(clock.now() - Date.now()) < 1000);
  let last = clock.now();
  for (let i = 0; i < 10_000; i++) {
    const now = clock.now();
    assert.ok(now >= last);
    last = now;
  }
});

it('calls once, later, and not when cancelled', async () => {
  const clock = realClock();
  const seen: string[] = [];
  const cancelled = clock.after(1, () => seen.push('cancelled'));
  await new Promise<void>((done) => {
    const fired = clock.after(2, () => {
      seen.push('fired');
      fired.cancel();
      clock.soon(done);
      seen.push('before soon');
    });
    cancelled.cancel();
    cancelled.cancel();
    seen.push('now');
    // Timers of the clock keep no process alive; this one does.
    setTimeout(done, 5000).unref();
    setTimeout(() => {}, 50);
  });
  assert.deepEqual(seen, ['now', 'fired', 'before soon']);
  clock.hold()();
});

it('does not fire a timer of many weeks at once', async () => {
  const clock = realClock();
  let fired = false;
  const timer = clock.after(2 ** 31 + 10, () => {
    fired = true;
  });
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(fired, false);
  timer.cancel();
});

it('sleeps, and wakes when aborted, leaving no timer behind', async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  await clock.settle(sleep(clock, 250));
  assert.equal(clock.now() - start, 250);
  const abort = new AbortController();
  const sleeping = sleep(clock, 1000, abort.signal);
  abort.abort('enough');
  await assert.rejects(sleeping, (reason) => reason === 'enough');
  await assert.rejects(sleep(clock, 1000, abort.signal), (reason) => reason === 'enough');
  assert.equal(clock.pendingTimers, 0);
});

it('ticks by deadlines: a late turn does not shift the next', async () => {
  let now = 0;
  const due: { at: number; fn: () => void }[] = [];
  const clock = {
    ...new VirtualClock(),
    now: () => now,
    after: (ms: number, fn: () => void) => {
      const entry = { at: now + ms, fn };
      due.push(entry);
      return { cancel: () => void due.splice(due.indexOf(entry), 1) };
    },
    soon: () => {},
    hold: () => () => {},
  };
  const ticks: number[] = [];
  const ticking = every(clock, 20, () => ticks.push(now));
  // Each turn is late by 7 ms, one by 45 ms.
  for (const late of [7, 7, 45, 7, 7]) {
    const next = due.shift()!;
    now = next.at + late;
    next.fn();
  }
  assert.deepEqual(ticks, [27, 47, 105, 112, 132]);
  ticking.cancel();
  assert.equal(due.length, 0);
});

it('stops ticking from within a tick', async () => {
  const clock = new VirtualClock();
  let ticks = 0;
  const ticking = every(clock, 20, () => {
    if (++ticks === 3) ticking.cancel();
  });
  await clock.runFor(1000);
  assert.equal(ticks, 3);
  assert.equal(clock.pendingTimers, 0);
});

it('releases a hold also when the work fails', async () => {
  const clock = new VirtualClock();
  await assert.rejects(
    held(clock, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(clock.holds, 0);
});
