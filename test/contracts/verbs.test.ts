// The contract of every verb: iterates the list, so that a new one cannot dodge it. Its public surface is golden text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isRefusal } from '../../src/base/index.ts';
import { finalStatuses } from '../../src/calls/index.ts';
import { parseApplication, verbSurface, verbs } from '../../src/verbs/index.ts';
import { scene, toneUrl } from '../kit/scene.ts';

for (const { name, example } of verbs) {
  const sample: object = example;

  test(`${name}: both spellings are read, an unknown option is refused with its path`, () => {
    for (const spelling of [{ verb: name, ...sample }, { [name]: sample }]) {
      const steps = parseApplication([spelling]);
      assert.ok(!isRefusal(steps), JSON.stringify(steps));
      assert.equal(steps[0]?.name, name);
    }
    const refused = parseApplication([{ verb: 'answer' }, { verb: name, ...sample, nonsense: 1 }]);
    assert.ok(isRefusal(refused) && refused.path === `[1].${name}.nonsense` && refused.http === 400);
    const mistyped = parseApplication([{ verb: name, ...sample, id: 7 }]);
    assert.ok(isRefusal(mistyped) && mistyped.path === `[0].${name}.id`);
  });

  test(`${name}: runs, can be killed by a redirect at any moment, and leaves nothing open`, async () => {
    for (const killAt of [0, 40, 700]) {
      const s = await scene({
        '/': [
          { verb: name, ...sample },
          { verb: 'play', url: toneUrl(440, 5_000) },
        ],
        '/done': [],
        '/next': [{ verb: 'hangup' }],
      });
      const call = await s.dial();
      await s.run(killAt);
      if (call.finalResponse?.status === 200 && !call.ended) await s.update(call, { call_hook: '/next' });
      await s.run(3_000);
      const sid = s.stage.events[0]!.callSid;
      assert.equal(s.stage.eventsOf(sid, 'ended').length, 1);
      assert.equal(s.stage.eventsOf(sid, 'error').length, 0, JSON.stringify(s.stage.eventsOf(sid, 'error')));
      const finals = s.sentTo('/status').filter((body) => finalStatuses.has(String(body.call_status)));
      const calls = new Set(s.stage.events.map((e) => e.callSid));
      assert.equal(finals.length, calls.size);
      assert.deepEqual(new Set(finals.map((body) => body.call_sid)), calls);
      await s.end();
    }
  });
}

test('the surface of the verbs is the golden text', () => {
  const golden = readFileSync(new URL('../golden/verbs.json', import.meta.url), 'utf8');
  assert.equal(`${JSON.stringify(verbSurface(), null, 2)}\n`, golden, 'run npm run golden');
});
