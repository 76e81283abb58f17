// The contract of every command: iterates the list, so that a new one cannot dodge it. Its public surface is golden text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isRefusal } from '../../src/base/index.ts';
import { commandSurface, commands, readSocketCommand, readUpdate } from '../../src/commands/index.ts';
import { scene, toneUrl } from '../kit/scene.ts';

const ajv = new Ajv2020({ strict: false });

test('REST fields and socket names are each used once', () => {
  const fields = commands.flatMap((c) => [c.rest, ...(c.companions ?? [])]);
  assert.equal(new Set(fields).size, fields.length);
  assert.equal(new Set(commands.map((c) => c.ws)).size, commands.length);
});

for (const command of commands) {
  test(`${command.rest}: its examples fit its schema, and are read over REST`, () => {
    assert.ok(command.examples.length > 0 && command.summary.endsWith('.'));
    for (const example of command.examples) {
      assert.ok(ajv.validate(command.schema, example[command.rest]), JSON.stringify(ajv.errors));
      const read = readUpdate(example);
      assert.ok(!isRefusal(read), JSON.stringify(read));
      assert.deepEqual(
        read.map((c) => c.definition.rest),
        [command.rest],
      );
    }
  });

  test(`${command.rest}: the socket's ${command.ws} means the same`, () => {
    for (const example of command.examples) {
      const value = example[command.rest];
      const overSocket = readSocketCommand(command.ws, command.rest === 'call_hook' ? example : value, false);
      assert.ok(!isRefusal(overSocket), JSON.stringify(overSocket));
      const overRest = readUpdate({ [command.rest]: value });
      assert.ok(!isRefusal(overRest));
      assert.deepEqual(overSocket.value, overRest[0]?.value);
    }
  });

  test(`${command.rest}: nonsense is refused with 400 and the field's path, over both doors`, () => {
    for (const nonsense of [null, [], {}, '', 'nonsense', Number.NaN, { a: { b: 1 } }]) {
      if (command.rest === 'tag' && typeof nonsense === 'object' && nonsense !== null && !Array.isArray(nonsense))
        continue;
      const read = readUpdate({ [command.rest]: nonsense });
      assert.ok(isRefusal(read) && read.http === 400, `${JSON.stringify(nonsense)}: ${JSON.stringify(read)}`);
      assert.ok(read.path === command.rest || read.path?.startsWith(`${command.rest}.`), read.path);
      assert.ok(isRefusal(readSocketCommand(command.ws, nonsense, false)) || command.ws === 'redirect');
    }
  });

  test(`${command.rest}: may stand beside tag, and beside no other but whisper`, () => {
    const [example] = command.examples;
    if (command.rest !== 'tag') assert.ok(!isRefusal(readUpdate({ ...example, tag: { a: 1 } })));
    for (const other of commands) {
      if (
        other.rest === command.rest ||
        [other.rest, command.rest].some((name) => name === 'tag' || name === 'whisper')
      )
        continue;
      const both = readUpdate({ ...example, ...other.examples[0] });
      assert.ok(
        isRefusal(both) && both.http === 400 && both.reason.includes(command.rest) && both.reason.includes(other.rest),
      );
    }
  });

  test(`${command.rest}: is 422 with a reason before the audio or the answer it needs, and acts on a live call`, async () => {
    const s = await scene({
      '/': [{ verb: 'play', url: toneUrl(440) }],
      '/next': [{ verb: 'play', url: toneUrl(550) }],
    });
    const call = await s.dial();
    await s.run(500);
    const live =
      command.examples.find(
        (example) => example.call_status !== 'no-answer' && example.call_hook !== 'https://example.com/next',
      ) ?? command.examples[0]!;
    const body = 'call_hook' in live ? { call_hook: '/next' } : live;
    const outcome = await s.update(call, body);
    if (command.waitsFor !== undefined) {
      assert.ok(
        outcome.status === 422 && JSON.stringify(outcome.body).includes(command.waitsFor),
        JSON.stringify(outcome),
      );
      await s.stage.clock.settle(call.hangup());
      return s.end();
    }
    assert.ok(outcome.status === 202 || outcome.status === 200, JSON.stringify(outcome));
    await s.run(12_000);
    const sid = s.stage.events[0]!.callSid;
    if (outcome.status === 202) assert.equal(s.stage.eventsOf(sid, 'effect').length, 1, 'its effect is noted');
    await s.stage.clock.settle(call.hangup());
    await s.end();
  });
}

test('the surface of the commands is the golden text', () => {
  const golden = readFileSync(new URL('../golden/commands.json', import.meta.url), 'utf8');
  assert.equal(`${JSON.stringify(commandSurface(), null, 2)}\n`, golden, 'run npm run golden');
});
