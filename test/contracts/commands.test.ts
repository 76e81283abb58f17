// The contract of every command: iterates the list, so that a new one cannot dodge it. Its public surface is golden text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isRefusal } from '../../src/base/index.ts';
import {
  type AnyCommand,
  type CommandNeed,
  commandSurface,
  commands,
  readSocketCommand,
  readUpdate,
} from '../../src/commands/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type DialScene, dialScene, sidOf } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

const ajv = new Ajv2020({ strict: false });

test('REST fields and socket names are each used once; no field is a companion too', () => {
  const fields = commands.map((c) => c.rest);
  assert.equal(new Set(fields).size, fields.length);
  assert.ok(!commands.some((c) => c.companions?.some((name) => fields.includes(name))));
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
      // tool_call_id stands in the envelope.
      const inData = command.companions?.filter((name) => name !== 'tool_call_id');
      const whole = inData?.some((name) => example[name] !== undefined) ?? false;
      const data = whole || command.rest === 'call_hook' ? example : value;
      const overSocket = readSocketCommand(command.ws, data, false);
      assert.ok(!isRefusal(overSocket), JSON.stringify(overSocket));
      const overRest = readUpdate(whole ? example : { [command.rest]: value });
      assert.ok(!isRefusal(overRest), JSON.stringify(overRest));
      assert.deepEqual(overSocket.value, overRest[0]?.value);
    }
  });

  test(`${command.rest}: nonsense is refused with 400 and the field's path, over both doors`, () => {
    for (const nonsense of [null, [], {}, '', 'nonsense', Number.NaN, { a: { b: 1 } }]) {
      // Some take any object, or any that is not empty.
      if (isPlain(nonsense) && ajv.validate(command.schema, nonsense)) continue;
      const read = readUpdate({ [command.rest]: nonsense });
      assert.ok(isRefusal(read) && read.http === 400, `${JSON.stringify(nonsense)}: ${JSON.stringify(read)}`);
      assert.ok(read.path === command.rest || read.path?.startsWith(`${command.rest}.`), read.path);
      assert.ok(isRefusal(readSocketCommand(command.ws, nonsense, false)) || command.ws === 'redirect');
    }
  });

  test(`${command.rest}: may stand beside tag and whisper, and beside no other but those it names`, () => {
    const [example] = command.examples;
    if (command.rest !== 'tag') assert.ok(!isRefusal(readUpdate({ ...example, tag: { a: 1 } })));
    for (const other of commands) {
      if (other.rest === command.rest || [other.rest, command.rest].some((name) => ['tag', 'whisper'].includes(name)))
        continue;
      const both = readUpdate({ ...example, ...other.examples[0] });
      if (command.alongside?.includes(other.rest)) assert.ok(!isRefusal(both), JSON.stringify(both));
      else
        assert.ok(
          isRefusal(both) &&
            both.http === 400 &&
            both.reason.includes(command.rest) &&
            both.reason.includes(other.rest),
        );
    }
  });

  const { needs = 'nothing', waitsFor } = command;
  const body = liveExample(command);

  test(`${command.rest}: acts on a call that has ${needs}`, { skip: waitsFor !== undefined }, async () => {
    // A recording asked for before the answer begins with it.
    const { s, sid, call } = await (command.rest === 'record' ? situations.audio() : situations[needs]());
    const outcome = await s.updateSid(sid, body);
    assert.ok(outcome.status === 202 || outcome.status === 200, JSON.stringify(outcome));
    await s.run(12_000);
    if (outcome.status === 202) {
      const errors = JSON.stringify(s.stage.eventsOf(sid, 'error'));
      assert.equal(s.stage.eventsOf(sid, 'effect').length, 1, `its effect is noted: ${errors}`);
    }
    await hangUp(s, call);
  });

  test(`${command.rest}: is 422 with a reason on a call without ${needs}`, { skip: needs === 'nothing' }, async () => {
    const unanswered = await situations.nothing();
    const early = await unanswered.s.updateSid(unanswered.sid, body);
    assert.ok(early.status === 422 && early.reason, JSON.stringify(early));
    await hangUp(unanswered.s, unanswered.call);
    if (['audio', 'an answered call'].includes(needs)) return;
    const plain = await situations.audio();
    const refused = await plain.s.updateSid(plain.sid, body);
    assert.ok(refused.status === 422 && refused.reason, JSON.stringify(refused));
    if (waitsFor !== undefined) assert.ok(refused.reason.includes(waitsFor), refused.reason);
    await hangUp(plain.s, plain.call);
  });
}

const isPlain = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An example that can act on a call of ours. */
function liveExample({ examples }: AnyCommand): Json {
  const [body = {}] = examples;
  if ('call_status' in body) return { call_status: 'no-answer' };
  return 'call_hook' in body ? { call_hook: '/next' } : body;
}

interface Situation {
  s: DialScene;
  call: PhoneCall;
  sid: string;
}

const play = { verb: 'play', url: toneUrl(440) };

/** A call of an application that answers with these verbs, a second after it began. */
async function answering(...verbs: Json[]): Promise<Situation> {
  const s = await dialScene({ '/': verbs, '/next': [{ ...play, url: toneUrl(550) }] });
  s.stage.net.serveWs('ws://audio.example/', () => {}, { protocols: ['audio.drachtio.org'] });
  const call = await s.dial();
  await s.run(1_000);
  return { s, call, sid: sidOf(call) };
}

async function bridged(): Promise<Situation> {
  const s = await dialScene({ '/child': [play] });
  const bob = await s.callee();
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }] }, play];
  const call = await s.dial();
  await s.run(2_000);
  return { s, call, sid: sidOf(call) };
}

/** One that still rings at us: its application thinks. */
async function unanswered(): Promise<Situation> {
  const s = await dialScene({ '/': () => new Promise(() => {}) });
  const phone = await s.stage.phone('caller');
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(500);
  return { s, call, sid: s.stage.events[0]?.callSid ?? '' };
}

const situations: Record<CommandNeed, () => Promise<Situation>> = {
  nothing: unanswered,
  'an answered call': () => answering(play),
  audio: () => answering(play),
  'a bridge': bridged,
  'a conference': () => answering({ verb: 'conference', name: 'standup' }),
  'a stream': () => answering({ verb: 'listen', url: 'ws://audio.example/' }),
  'a transcription': () =>
    answering({ verb: 'transcribe', transcriptionHook: '/heard', recognizer: { vendor: 'test' } }),
  'a model': () => answering(play),
};

async function hangUp(s: DialScene, call: PhoneCall): Promise<void> {
  if (!call.ended && call.dialog) await s.stage.clock.settle(call.hangup());
  else if (!call.dialog) call.outgoing?.cancel();
  await s.run(2_000);
  await s.end();
}

test('the surface of the commands is the golden text', () => {
  const golden = readFileSync(new URL('../golden/commands.json', import.meta.url), 'utf8');
  assert.equal(`${JSON.stringify(commandSurface(), null, 2)}\n`, golden, 'run npm run golden');
});
