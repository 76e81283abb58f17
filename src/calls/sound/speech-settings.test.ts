// Who speaks: application, then config, then the verb; `default` inherits; a custom vendor needs its credential.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal, silentLog } from '../../base/index.ts';
import type { SpeechCredential } from '../../store/index.ts';
import type { Call } from '../call.ts';
import { SpeechSettings, type SynthesizerInput } from './speech-settings.ts';

const embeddedVoice = { vendor: 'flite', language: 'en-US', voice: 'slt' };
const asked: [string, string, string | undefined][] = [];

function callWith(credential: (label: string | undefined) => Partial<SpeechCredential> | undefined): Call {
  const world = {
    settings: { embeddedVoice },
    credential: async (account: string, vendor: string, label: string | undefined) => {
      asked.push([account, vendor, label]);
      return credential(label);
    },
  };
  return { world, facts: { accountSid: 'account' }, log: silentLog } as unknown as Call;
}

const mine = { use_for_tts: true, credential: { custom_tts_url: 'http://tts/', auth_token: 't' } };
const call = callWith(() => mine);
const app = {
  speech_synthesis_vendor: 'custom:mine',
  speech_synthesis_label: 'home',
  speech_synthesis_language: 'fr-FR',
  speech_synthesis_voice: 'amelie',
};

async function chosen(settings: SpeechSettings, input?: SynthesizerInput): Promise<Record<string, unknown>> {
  const choice = await settings.choose(call, input);
  assert.ok(!isRefusal(choice), JSON.stringify(choice));
  const { custom: _, ...rest } = choice;
  return rest;
}

test('nothing said: the embedded voice', async () => {
  assert.deepEqual(await chosen(new SpeechSettings({})), embeddedVoice);
});

test("the application's defaults, with the credential of its label", async () => {
  asked.length = 0;
  const choice = await new SpeechSettings(app).choose(call, undefined);
  assert.deepEqual(choice, {
    vendor: 'custom:mine',
    label: 'home',
    language: 'fr-FR',
    voice: 'amelie',
    custom: { url: 'http://tts/', authToken: 't' },
  });
  assert.deepEqual(asked, [['account', 'custom:mine', 'home']]);
});

test('a verb overrides; default inherits; a synthesizer without label means the one without', async () => {
  const settings = new SpeechSettings(app);
  const mineAnd = (more: object) => ({ vendor: 'custom:mine', language: 'fr-FR', voice: 'amelie', ...more });
  assert.deepEqual(await chosen(settings, { voice: 'paul' }), mineAnd({ voice: 'paul' }));
  assert.deepEqual(await chosen(settings, { voice: 'default', label: 'default' }), mineAnd({ label: 'home' }));
  assert.deepEqual(await chosen(settings, { vendor: 'default', label: 'b' }), mineAnd({ label: 'b' }));
  assert.deepEqual(
    await chosen(settings, { engine: 'neural', options: { a: 1 } }),
    mineAnd({ options: { a: 1, engine: 'neural' } }),
  );
  assert.deepEqual(await chosen(settings, { voice: { name: 'x' } }), mineAnd({ voice: '{"name":"x"}' }));
});

test('another vendor keeps the language and takes neither voice nor options', async () => {
  const settings = new SpeechSettings(app);
  assert.deepEqual(await chosen(settings, { vendor: 'custom:other' }), {
    vendor: 'custom:other',
    language: 'fr-FR',
    voice: '',
  });
});

test('config lasts until it is changed or reset', async () => {
  const settings = new SpeechSettings(app);
  settings.configure({ voice: 'paul', language: 'fr-CA', label: 'home' });
  assert.deepEqual(await chosen(settings), { vendor: 'custom:mine', label: 'home', language: 'fr-CA', voice: 'paul' });
  settings.configure({ voice: 'anna' });
  assert.deepEqual(await chosen(settings), { vendor: 'custom:mine', language: 'fr-CA', voice: 'anna' });
  settings.reset();
  assert.equal((await chosen(settings)).voice, 'amelie');
});

for (const [why, vendor, credential] of [
  ['built in', 'google', () => mine],
  ['no speech credential', 'custom:x', () => undefined],
  ['no custom_tts_url', 'custom:x', () => ({ use_for_tts: true, credential: {} })],
  ['no custom_tts_url', 'custom:x', () => ({ ...mine, use_for_tts: false })],
  [
    'could not be read',
    'custom:x',
    () => {
      throw new Error('the database is away');
    },
  ],
] as [string, string, () => Partial<SpeechCredential> | undefined][]) {
  test(`${vendor} is refused: ${why}`, async () => {
    const refusal = await new SpeechSettings({}).choose(callWith(credential), { vendor, label: 'l' });
    assert.ok(isRefusal(refusal));
    assert.match(refusal.reason, new RegExp(`${vendor} \\(label l\\): .*${why}`));
  });
}
