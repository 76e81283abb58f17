// Answering-machine detection on the real program: a phone that plays a spoken greeting and a beep over RTP, and a recognition server.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { resample } from '../../src/audio/index.ts';
import { realClock } from '../../src/base/index.ts';
import { makeSpeech } from '../../src/speech/index.ts';
import { embeddedVoice, vendors } from '../../src/vendors/index.ts';
import type { Json } from '../kit/hooks.ts';
import { Parties, song } from '../kit/parties.ts';
import { Program } from '../kit/program.ts';
import { openSttSocket, type SttSocket, sttSays } from '../kit/stt-socket.ts';
import { encodeSample } from '../kit/ua/g711.ts';
import { firstWith, hears } from '../kit/ua/judge.ts';
import { sinePcm } from '../kit/ua/sine.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { until } from '../kit/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'crosspoint-phrases-'));
const phrases = join(folder, 'phrases.json');
let parties: Parties;
let stt: SttSocket;

before(async () => {
  writeFileSync(phrases, JSON.stringify({ 'en-US': ['speak after the chime'] }));
  stt = await openSttSocket();
  parties = await Parties.open({ CROSSPOINT_VOICEMAIL_PHRASES: phrases });
  const { program } = parties;
  const { status } = await program.api('POST', `/Accounts/${program.ready.account_sid}/SpeechCredentials`, {
    vendor: 'custom:real',
    use_for_stt: true,
    use_for_tts: false,
    custom_stt_url: stt.url,
    auth_token: 'token',
  });
  assert.equal(status, 201);
});

after(async () => {
  await parties.close();
  stt.close();
  rmSync(folder, { recursive: true });
});

const greeting = 'You have called Anna. I am on a journey. Please speak after the chime.';

async function greetingPcm(): Promise<Int16Array> {
  const speech = makeSpeech({ clock: realClock(), http: () => Promise.reject(new Error('no network')), vendors });
  const { pcm, sampleRate } = await speech.speak(embeddedVoice, greeting);
  await speech.close();
  return resample(pcm, sampleRate, 8000);
}

function play(call: UaCall, pcm: Int16Array): void {
  for (let at = 0; at + 160 <= pcm.length; at += 160)
    call.rtp.speech.push(Uint8Array.from(pcm.subarray(at, at + 160), encodeSample));
}

const amd = { actionHook: '/amd', recognizer: { vendor: 'custom:real', language: 'en-US' } };
const told = (): Json[] => parties.hooks.sentTo('/amd');
const types = (): unknown[] => told().map(({ type }) => type);

function fresh(): void {
  stt.sessions.length = 0;
  parties.hooks.sent.length = 0;
  for (const path of Object.keys(parties.hooks.replies)) delete parties.hooks.replies[path];
}

test('dial: a machine greets and beeps, and the caller hears all of it; what the hook answers then is heard in place of the leg', async () => {
  fresh();
  const pcm = await greetingPcm();
  const beep = sinePcm({ hz: 950, db: -12, seconds: 0.5 });
  parties.hooks.replies['/amd'] = ({ type }) =>
    type === 'amd_machine_stopped_speaking'
      ? [{ verb: 'play', url: `tone_stream://v=-13;%(60000,0,${song.dave})` }]
      : undefined;
  const { alice, bob } = await parties.bridged({ amd });
  bob.rtp.sing(0);
  const session = await stt.session();
  play(bob, pcm);
  play(bob, Int16Array.from(beep));
  const greetingMs = pcm.length / 8;
  await until(() => session.audio.length * 20 > greetingMs - 1_000, { what: 'most of the greeting', withinMs: 20_000 });
  sttSays(session, 'you have called anna i am', false);
  sttSays(session, 'please speak after the chime', false);
  await parties.hooks.wait('/amd', 2);
  const [machine, tone] = told();
  assert.deepEqual(
    [machine?.type, machine?.reason, machine?.hint, machine?.language],
    ['amd_machine_detected', 'hint', 'speak after the chime', 'en-US'],
  );
  assert.equal(tone?.type, 'amd_tone_detected');
  assert.ok(Math.abs(Number(tone?.frequency) - 950) <= 1 && Number(tone?.variance) < 1, JSON.stringify(tone));
  firstWith(alice, 950, 0, true);
  await hears(alice, song.dave, [song.bob]);
  await until(() => bob.byed, { what: 'the end of the leg' });
  await parties.hooks.wait('/amd', 4);
  assert.deepEqual(types(), [
    'amd_machine_detected',
    'amd_tone_detected',
    'amd_machine_stopped_speaking',
    'amd_stopped',
  ]);
  await alice.bye();
});

test('createCall: a human is told within a moment of the result; the answer replaces the application', async () => {
  fresh();
  const bob = await parties.phone('bob');
  const from = bob.calls.length;
  parties.hooks.replies['/'] = [{ verb: 'pause', length: 30 }];
  parties.hooks.replies['/amd'] = ({ type }) =>
    type === 'amd_human_detected' ? [{ verb: 'play', url: `tone_stream://v=-13;%(60000,0,${song.carol})` }] : undefined;
  const sid = await parties.program.place({
    to: { type: 'sip', sipUri: bob.contact },
    application_sid: await parties.program.application(parties.hooks),
    amd,
  });
  const call = await until(() => bob.calls[from], { what: 'a call to Bob' });
  const session = await stt.session();
  sttSays(session, 'hello');
  await hears(call, song.carol);
  const [human] = told();
  assert.deepEqual(
    [human?.type, human?.greeting, human?.call_sid, human?.direction],
    ['amd_human_detected', 'hello', sid, 'outbound'],
  );
  await parties.hooks.wait('/amd', 2);
  assert.deepEqual(types(), ['amd_human_detected', 'amd_stopped']);
  await until(() => session.stopped, { what: 'the end of recognition' });
  await call.bye();
});

test('config: a phone that beeps and says nothing', async () => {
  fresh();
  const alice = await parties.call('alice', {
    '/': [
      { verb: 'config', amd: { ...amd, timers: { noSpeechTimeoutMs: 3_000 } } },
      { verb: 'pause', length: 30 },
    ],
  });
  alice.rtp.sing(0);
  await stt.session();
  play(alice, Int16Array.from([...new Int16Array(8_000), ...sinePcm({ hz: 1_400, db: -20, seconds: 0.3 })]));
  await parties.hooks.wait('/amd', 3);
  const tones = told().filter(({ type }) => type === 'amd_tone_detected');
  assert.equal(tones.length, 1);
  assert.ok(Math.abs(Number(tones[0]?.frequency) - 1_400) <= 1, JSON.stringify(tones));
  assert.deepEqual(types().slice(1), ['amd_no_speech_detected', 'amd_stopped']);
  await alice.bye();
});

test('a file of phrases that cannot be used ends the start, with the reason', async () => {
  writeFileSync(join(folder, 'bad.json'), '["leave a message"]');
  for (const [file, why] of [
    ['bad.json', /bad\.json cannot be used: it must be an object/],
    ['absent.json', /absent\.json cannot be used: .*no such file/],
  ] as const) {
    const program = new Program({ env: { VMD_HINTS_FILE: join(folder, file) } });
    const { code } = await program.exit();
    program.removeData();
    assert.equal(code, 1);
    assert.match(program.stderr, why);
  }
});
