// A media worker dies while a key is passed on from one far end to the other: the stream goes on in time, and never back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialScene } from '../kit/dialled.ts';

test('no timestamp comes again or goes back, whenever in a key the worker dies', async () => {
  for (let afterMs = 300; afterMs < 1_000; afterMs += 140) {
    const s = await dialScene({});
    const bob = await s.callee();
    s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }] }];
    const caller = await s.dial();
    await s.run(1_000);
    caller.press('7', 800);
    await s.run(afterMs);
    s.stage.killWorker(0);
    await s.run(2_000);
    const { heard } = bob.call().audio;
    assert.ok(heard.at(-1)!.at > s.stage.clock.now() - 100, 'bob hears something again');
    for (const [i, { timestamp }] of heard.entries())
      if (i > 0) assert.ok(((timestamp - heard[i - 1]!.timestamp) | 0) > 0, `killed after ${afterMs} ms: packet ${i}`);
    await s.stage.clock.settle(caller.hangup());
    await s.end();
  }
});
