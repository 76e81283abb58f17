// Speech recognition on the real program: a recognition server over a real WebSocket, a phone that speaks with a real voice or in tones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { resample } from '../../src/audio/index.ts';
import { realClock } from '../../src/base/index.ts';
import { makeSpeech } from '../../src/speech/index.ts';
import { embeddedVoice, vendors } from '../../src/vendors/index.ts';
import { type Hooks, type Json, openHooks } from '../kit/hooks.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { spoken } from '../kit/speaking.ts';
import { openSttSocket, type SttSession, type SttSocket, sttSays } from '../kit/stt-socket.ts';
import { decode, encodeSample } from '../kit/ua/g711.ts';
import { Ua, type UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

let program: Program;
let hooks: Hooks;
let ua: Ua;
let stt: SttSocket;

before(async () => {
  stt = await openSttSocket();
  program = await startProgram();
  hooks = await openHooks({});
  ua = await Ua.open('udp', program.sipPort);
  const { status } = await program.api('POST', `/Accounts/${program.ready.account_sid}/SpeechCredentials`, {
    vendor: 'custom:real',
    use_for_stt: true,
    use_for_tts: false,
    custom_stt_url: stt.url,
    auth_token: 'real token',
  });
  assert.equal(status, 201);
});

after(async () => {
  ua.close();
  await hooks.close();
  await program.end();
  stt.close();
});

async function call(replies: Hooks['replies']): Promise<UaCall> {
  hooks.sent.length = 0;
  stt.sessions.length = 0;
  for (const path of Object.keys(hooks.replies)) delete hooks.replies[path];
  Object.assign(hooks.replies, replies);
  const answered = await ua.call(`app-${await program.application(hooks)}`);
  assert.equal(answered.finalStatus, 200);
  return answered;
}

/** Lets the phone say these samples. */
function speak(one: UaCall, pcm: Int16Array): void {
  for (let at = 0; at < pcm.length; at += 160) {
    const frame = new Int16Array(160);
    frame.set(pcm.subarray(at, at + 160));
    one.rtp.speech.push(Uint8Array.from(frame, encodeSample));
  }
}

const samplesOf = ({ audio }: SttSession): Int16Array => {
  const bytes = Buffer.concat(audio);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const said = (body: Json): unknown => ((body.speech as Json).alternatives as Json[])[0]?.transcript;
const gather = (recognizer: Json, more: Json = {}): Json => ({
  verb: 'gather',
  input: ['speech'],
  actionHook: '/said',
  timeout: 30,
  recognizer,
  ...more,
});
const custom = { vendor: 'custom:real', language: 'en-US' };
const session = (n?: number): Promise<SttSession> => stt.session(n);

/** How much a piece is like what is found in `whole` at one place or another near `around`: 1 is exactly. */
function likeness(piece: Int16Array, whole: Int16Array, around: number): number {
  const power = (pcm: Int16Array): number => pcm.reduce((sum, s) => sum + s * s, 0);
  const own = power(piece);
  const reach = 2_000;
  let best = 0;
  for (let at = Math.max(0, around - reach); at + piece.length <= Math.min(whole.length, around + reach); at++) {
    let sum = 0;
    for (let i = 0; i < piece.length; i++) sum += piece[i]! * whole[at + i]!;
    if (sum > best * own * 0.5)
      best = Math.max(best, sum / Math.sqrt(own * power(whole.subarray(at, at + piece.length)) || 1));
  }
  return best;
}

/** Of the pieces of 50 ms in which something is said, the share that arrived as it was. The jitter buffer may leave out silence. */
function shareHeard(sent: Int16Array, heard: Int16Array): number {
  const first = heard.findIndex((sample) => Math.abs(sample) > 300);
  const start = first - sent.findIndex((sample) => Math.abs(sample) > 300);
  const alike: number[] = [];
  for (let at = 0; at + 400 <= sent.length; at += 1_200) {
    const piece = sent.subarray(at, at + 400);
    if (piece.some((sample) => Math.abs(sample) > 2_000)) alike.push(likeness(piece, heard, start + at));
  }
  assert.ok(alike.length >= 8, `${alike.length} pieces`);
  return alike.filter((one) => one > 0.95).length / alike.length;
}

test('a real voice arrives at the server as it was spoken, and its answer is the result', async () => {
  const voice = makeSpeech({ clock: realClock(), http: () => Promise.reject(new Error('no network')), vendors });
  const { pcm, sampleRate } = await voice.speak({ ...embeddedVoice }, 'I would like to speak to an agent, please.');
  await voice.close();
  const sentence = resample(pcm, sampleRate, 8000);
  const one = await call({ '/': [gather(custom)], '/said': [{ verb: 'hangup' }] });
  const heard = await session();
  assert.equal(heard.authorization, 'Bearer real token');
  assert.equal(heard.start?.sampleRateHz, 8000);
  speak(one, sentence);
  await until(() => samplesOf(heard).length > sentence.length + 12_000, { what: 'the whole sentence' });
  const spokenAs = decode(Uint8Array.from(sentence, encodeSample));
  const share = shareHeard(spokenAs, samplesOf(heard));
  assert.ok(share >= 0.8, `${share} of the sentence`);
  sttSays(heard, 'I would like to speak to an agent please');
  const body = await hooks.wait('/said');
  assert.equal(body.reason, 'speechDetected');
  assert.equal(said(body), 'I would like to speak to an agent please');
  await until(() => heard.stopped, { what: 'stop' });
  await until(() => one.byed, { what: 'a BYE' });
});

test('the test recognizer understands a phone in tones, with 3 % of its packets lost', async () => {
  const one = await call({ '/': [gather({ vendor: 'test' })], '/said': [{ verb: 'hangup' }] });
  let n = 0;
  one.rtp.fate = () => (++n % 33 === 0 ? 'dropped' : 'sent');
  speak(one, spoken('zero one two yes agent stop', { wordMs: 240, gapMs: 120 }));
  assert.equal(said(await hooks.wait('/said')), 'zero one two yes agent stop');
  await until(() => one.byed, { what: 'a BYE' });
});

test('barge-in by voice cuts the prompt of a real call', async () => {
  const prompt = { play: { url: 'tone_stream://%(60000,0,440)' } };
  const one = await call({
    '/': [gather({ vendor: 'test' }, { bargein: true, ...prompt })],
    '/said': [{ verb: 'play', url: 'silence_stream://3000' }, { verb: 'hangup' }],
  });
  await until(() => one.rtp.voice().length > 40, { what: 'the prompt' });
  speak(one, spoken('stop', { wordMs: 300 }));
  assert.equal(said(await hooks.wait('/said')), 'stop');
  assert.deepEqual(one.rtp.breaks(), []);
  await one.bye();
});

test('a server that is slow to answer hears what was said meanwhile; one that dies is replaced by the fallback', async () => {
  stt.slowMs = 700;
  const recognizer = { ...custom, fallbackVendor: 'test' };
  const one = await call({ '/': [gather(recognizer)], '/said': [{ verb: 'hangup' }] });
  speak(one, spoken('yes', { wordMs: 300 }));
  const heard = await session();
  stt.slowMs = 0;
  await until(() => samplesOf(heard).some((sample) => Math.abs(sample) > 5_000), { what: 'the word' });
  heard.socket.terminate();
  await pause(300);
  speak(one, spoken('no help'));
  assert.equal(said(await hooks.wait('/said')), 'no help');
  await until(() => one.byed, { what: 'a BYE' });
});

test('a transcription is paused and resumed over REST, and outlives its media worker', async () => {
  const verb = { verb: 'transcribe', transcriptionHook: '/t', recognizer: custom };
  const one = await call({ '/': [verb], '/t': undefined });
  const first = await session();
  sttSays(first, 'one');
  assert.equal(said(await hooks.wait('/t')), 'one');
  const paused = await program.update(one.callSid, { transcribe_status: 'pause' }, true);
  assert.equal(paused.status, 200);
  assert.ok(Number((paused.body as Json).applied_ms) < 1_000);
  await until(() => first.stopped, { what: 'stop' });
  assert.equal((await program.update(one.callSid, { transcribe_status: 'resume' }, true)).status, 200);
  const second = await session(2);
  sttSays(second, 'two');
  assert.equal(said(await hooks.wait('/t', 2)), 'two');
  const workers = program.processes().filter(({ command }) => command.includes('src/worker.ts'));
  assert.ok(workers.length > 0);
  for (const { pid } of workers) process.kill(pid, 'SIGKILL');
  const third = await session(3);
  sttSays(third, 'three');
  assert.equal(said(await hooks.wait('/t', 3)), 'three');
  await one.bye();
  await until(() => third.stopped, { what: 'stop' });
  await hooks.final(one.callSid);
});
