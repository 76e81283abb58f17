// The thread's caller: order, death, hanging, idling, closing. With a thread that does as the text says.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Clock, realClock, silentLog, type Timer } from '../../base/index.ts';
import { FliteThread } from './flite-thread.ts';
import { IDLE_MS, MAX_WAITING, STUCK_MS } from './limits.ts';

const entry = new URL('./testing.ts', import.meta.url);
const never = new AbortController().signal;
const say = (text: string) => ({ voice: 'slt', parts: [{ text }] });

/** Real time, but timers fire only when the test says so; counts who holds virtual time still. */
function stoppedClock(): Clock & { holds: number; fire(ms: number): void; timers: number } {
  const waiting = new Map<Timer, { ms: number; fn: () => void }>();
  const clock = {
    ...realClock(),
    holds: 0,
    after(ms: number, fn: () => void): Timer {
      const timer = { cancel: () => void waiting.delete(timer) };
      waiting.set(timer, { ms, fn });
      return timer;
    },
    hold(): () => void {
      clock.holds++;
      return () => void clock.holds--;
    },
    fire(ms: number): void {
      for (const [timer, one] of [...waiting]) {
        if (one.ms !== ms) continue;
        waiting.delete(timer);
        one.fn();
      }
    },
    get timers(): number {
      return waiting.size;
    },
  };
  return clock;
}

function start(t: TestContext): { clock: ReturnType<typeof stoppedClock>; thread: FliteThread } {
  const clock = stoppedClock();
  const thread = new FliteThread(clock, silentLog, entry);
  t.after(async () => {
    await thread.close();
    assert.equal(clock.holds, 0, 'virtual time is held for ever');
    assert.equal(clock.timers, 0, 'timers left');
  });
  return { clock, thread };
}

test('texts are rendered one after the other, in order', async (t) => {
  const { clock, thread } = start(t);
  const order: number[] = [];
  const waits = [1, 2, 3].map(async (n) => {
    const { pcm } = await thread.render(say('x'), never);
    order.push(n);
    assert.equal(pcm.length, n);
  });
  assert.equal(clock.holds, 3);
  await Promise.all(waits);
  assert.deepEqual(order, [1, 2, 3]);
});

test('the text that kills the thread fails; those behind it are spoken by a new one', async (t) => {
  const { thread } = start(t);
  for (const killer of ['throw', 'exit']) {
    const bad = assert.rejects(thread.render(say(killer), never), /thrown in the thread|ended with 3/);
    const good = thread.render(say('x'), never);
    await bad;
    assert.equal((await good).sampleRate, 8000);
  }
});

test('a thread that hangs is ended after its time and replaced', async (t) => {
  const { clock, thread } = start(t);
  const bad = assert.rejects(thread.render(say('hang'), never), /did not answer for 30 s/);
  const good = thread.render(say('x'), never);
  clock.fire(STUCK_MS);
  await bad;
  assert.equal((await good).sampleRate, 8000);
});

test("an error of the engine is that text's error; a stale answer is nobody's", async (t) => {
  const { thread } = start(t);
  await assert.rejects(thread.render(say('refuse'), never), /no such phone/);
  assert.equal((await thread.render(say('stale'), never)).sampleRate, 8000);
});

test('who waits and goes is passed over', async (t) => {
  const { thread } = start(t);
  const gone = new AbortController();
  const first = thread.render(say('x'), never);
  const second = assert.rejects(thread.render(say('hang'), gone.signal), /hung up/);
  gone.abort(new Error('hung up'));
  await first;
  await second;
  assert.equal((await thread.render(say('x'), never)).pcm.length, 3);
});

test('idle, the thread ends; the next text starts another', async (t) => {
  const { clock, thread } = start(t);
  await thread.render(say('x'), never);
  clock.fire(IDLE_MS);
  assert.equal((await thread.render(say('x'), never)).pcm.length, 2);
});

test('closing fails what waits, and what comes after', async (t) => {
  const { thread } = start(t);
  const waits = ['hang', 'x'].map((text) => assert.rejects(thread.render(say(text), never), /closed/));
  await thread.close();
  await Promise.all(waits);
  await assert.rejects(thread.render(say('x'), never), /closed/);
});

test('the queue is bounded', async (t) => {
  const { thread } = start(t);
  const waits = Array.from({ length: MAX_WAITING + 1 }, () => thread.render(say('x'), never));
  await assert.rejects(thread.render(say('x'), never), /wait for the embedded voice already/);
  await Promise.all(waits);
});
