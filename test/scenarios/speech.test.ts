// Speech on the virtual clock: a customer's own speech server, its failures, and records that cannot be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { wavFile } from '../kit/wav.ts';

const say = (more: Json = {}): Json => ({
  verb: 'say',
  text: 'Hello.',
  synthesizer: { vendor: 'custom:mine', ...more },
});
const then: Json[] = [{ verb: 'play', url: toneUrl(660, 500) }, { verb: 'hangup' }];

/** A second of a tone. */
const sine = (hz: number, rate: number): Int16Array =>
  Int16Array.from({ length: rate }, (_, i) => 8_000 * Math.sin((2 * Math.PI * hz * i) / rate));

async function credential(s: Scene, label: string | null, url: string): Promise<void> {
  await s.stage.records.speechCredentials.insert({
    speech_credential_sid: '11111111-1111-4111-8111-111111111111',
    service_provider_sid: s.stage.account.service_provider_sid,
    account_sid: s.stage.account.account_sid,
    vendor: 'custom:mine',
    label,
    use_for_tts: true,
    use_for_stt: false,
    credential: { custom_tts_url: url, auth_token: 'secret' },
    created_at: '2026-03-01T08:00:00.000Z',
    last_used: null,
  });
}

test('a custom vendor is asked over HTTP with its token, and the caller hears what it answers', async () => {
  const s = await scene({ '/': [say({ language: 'fr-FR', voice: 'amelie' }), ...then] });
  const asked: Json[] = [];
  const tokens: (string | undefined)[] = [];
  s.stage.net.serveHttp('http://tts.example', (request) => {
    asked.push(request.json() as Json);
    tokens.push(request.headers.authorization as string | undefined);
    return { body: wavFile(sine(440, 8_000), 8_000), headers: { 'content-type': 'audio/wav' } };
  });
  await credential(s, null, 'http://tts.example/speak');
  const call = await s.dial();
  await s.run(4_000);
  assert.deepEqual(asked, [{ language: 'fr-FR', voice: 'amelie', type: 'text', text: 'Hello.' }]);
  assert.deepEqual(tokens, ['Bearer secret']);
  assert.ok(toneLevelDbov(call.audio.between(call.answeredAt + 200, call.answeredAt + 900), 440, 8_000) > -30);
  assert.deepEqual(s.stage.alerts, []);
  await s.end();
});

test('without a credential, or with one of another label, say is an alert and the next verb runs', async () => {
  for (const label of [undefined, 'other']) {
    const s = await scene({ '/': [say(label === undefined ? {} : { label }), ...then] });
    if (label !== undefined) await credential(s, 'this', 'http://tts.example/speak');
    const call = await s.dial();
    await s.run(3_000);
    assert.deepEqual(
      s.stage.alerts.map((a) => a.type),
      ['no-tts'],
    );
    assert.match(s.stage.alerts[0]!.message, /custom:mine.*speech credential/);
    assert.ok(toneLevelDbov(call.audio.between(call.answeredAt, call.answeredAt + 500), 660, 8_000) > -25);
    assert.equal(call.ended?.by, 'remote');
    await s.end();
  }
});

test('a custom vendor that fails is an alert and the next verb runs, alone and in a gather', async () => {
  const s = await scene({
    '/': [
      say(),
      {
        verb: 'gather',
        numDigits: 1,
        timeout: 5,
        actionHook: '/digit',
        say: { text: 'Hello.', synthesizer: { vendor: 'custom:mine' } },
      },
      ...then,
    ],
    '/digit': then,
  });
  s.stage.net.serveHttp('http://tts.example', () => ({ status: 503, body: 'no voice today' }));
  await credential(s, null, 'http://tts.example/speak');
  const call = await s.dial();
  await s.run(500);
  call.press('1');
  await s.run(3_000);
  assert.deepEqual(
    s.stage.alerts.map((a) => a.type),
    ['tts-failure', 'tts-failure'],
  );
  assert.equal(s.sentTo('/digit')[0]?.digits, '1');
  assert.equal(call.ended?.by, 'remote');
  await s.end();
});

test('records that cannot be read for a voice: the caller is not left in silence, by say or by gather', async () => {
  const s = await scene({
    '/': [
      say(),
      {
        verb: 'gather',
        timeout: 2,
        actionHook: '/digit',
        say: { text: 'Hello.', synthesizer: { vendor: 'custom:mine' } },
      },
      ...then,
    ],
    '/digit': then,
  });
  s.stage.records.speechCredentials.find = async () => {
    throw new Error('the database is away');
  };
  const call = await s.dial();
  await s.run(6_000);
  assert.equal(call.ended?.by, 'remote');
  assert.equal(s.sentTo('/digit')[0]?.reason, 'timeout');
  assert.equal(s.stage.alerts.length, 2);
  await s.end();
});
