// The channel: order, faults, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, isFault } from '../base/index.ts';
import { VirtualClock } from '../base/sim/index.ts';
import { type AskHandlers, Caller, Responder, workerLost } from './channel.ts';
import { maxMessageBytes } from './limits.ts';
import { channelPair } from './link.ts';

function pair(handlers: Partial<AskHandlers>) {
  const clock = new VirtualClock();
  const [near, far] = channelPair(clock);
  const caller = new Caller(near, clock);
  const responder = new Responder(far, handlers as AskHandlers);
  return { clock, caller, responder, near };
}

test('a notice never overtakes an answer, not even the code that awaits it', async () => {
  const { clock, caller, responder } = pair({
    stop: () => {
      queueMicrotask(() =>
        responder.notify('digit', { port: 'p', event: { digit: '1', durationMs: 1, source: 'inband' } }),
      );
      return { at: 1 };
    },
  });
  const seen: string[] = [];
  caller.onNotice = (notice) => seen.push(notice.name);
  const asking = (async () => {
    await (async () => await caller.ask('stop', { port: 'p', playback: 1 }))();
    await Promise.resolve();
    seen.push('answer');
  })();
  await clock.settle(asking);
  await clock.runFor(10);
  assert.deepEqual(seen, ['answer', 'digit']);
});

test('frames that arrive in one piece are told in order', async () => {
  const { clock, caller, near } = pair({});
  const seen: string[] = [];
  caller.onNotice = (notice) => seen.push(`notice ${(notice.body as { port: string }).port}`);
  const asked = [1, 2].map((n) => caller.ask('stop', { port: 'p', playback: n }).then(() => seen.push(`answer ${n}`)));
  const notice = (port: string) => ({
    kind: 'notice' as const,
    name: 'inactive' as const,
    body: { port, silentMs: 1 },
  });
  near.onFrame(notice('a'));
  near.onFrame({ kind: 'answer', id: 1, body: { at: 1 } });
  near.onFrame(notice('b'));
  near.onFrame({ kind: 'answer', id: 2, body: { at: 2 } });
  near.onFrame(notice('c'));
  await clock.settle(Promise.all(asked));
  await clock.runFor(10);
  assert.deepEqual(seen, ['notice a', 'answer 1', 'notice b', 'answer 2', 'notice c']);
});

test('a fault crosses with its verdict; a bug crosses as one that says nothing to the public', async () => {
  const { clock, caller } = pair({
    stop: () => {
      throw new Fault('play-notfound', 'not there', { sip: 480, retryable: true, detail: { status: 404 } });
    },
    gain: () => Promise.reject(new TypeError('secret')),
  });
  await assert.rejects(clock.settle(caller.ask('stop', { port: 'p', playback: 1 })), (error) => {
    assert.ok(isFault(error));
    assert.deepEqual(
      [error.code, error.message, error.sip, error.retryable, error.detail],
      ['play-notfound', 'not there', 480, true, { status: 404 }],
    );
    return true;
  });
  await assert.rejects(clock.settle(caller.ask('gain', { port: 'p', db: 1 })), (error) => {
    assert.ok(isFault(error) && error.code === 'media-failed' && !error.message.includes('secret'));
    return true;
  });
});

test('too much is refused before it is sent; what is pending when the worker dies is rejected', async () => {
  const { caller } = pair({ stop: () => new Promise(() => {}) });
  const sources = [{ kind: 'url' as const, url: 'x'.repeat(maxMessageBytes) }];
  const order = { playback: 1, sources, options: { layer: 'prompt' as const, loop: 1 } };
  await assert.rejects(caller.ask('play', { port: 'p', order }), { code: 'media-message-too-large' });
  const pending = caller.ask('stop', { port: 'p', playback: 1 });
  caller.close(workerLost());
  await assert.rejects(pending, { code: 'media-worker-lost' });
  await assert.rejects(caller.ask('stop', { port: 'p', playback: 1 }), { code: 'media-worker-lost' });
});
