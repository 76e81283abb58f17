// The custom speech protocol over HTTP: what is asked, what answers are taken, how failures are told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sine, writeWav } from '../../audio/index.ts';
import { Fault, type HttpRequest, type HttpResponse, isFault, realClock } from '../../base/index.ts';
import { SimNet, seededRandom, VirtualClock } from '../../base/sim/index.ts';
import { makeSpeech, type Spoken, type SynthesizerChoice } from '../../speech/index.ts';
import { vendors } from '../index.ts';

const tone = sine({ hz: 440, amplitude: 9000, samples: 1600, sampleRate: 16_000 });
const choice: SynthesizerChoice = {
  vendor: 'custom:acme',
  language: 'de-DE',
  voice: 'Klara',
  custom: { url: 'https://tts.test/speak', authToken: 'secret' },
};

/** Half a second of tone as MP3, 8000 Hz. */
const mp3 = Buffer.from(
  [
    '/+MYxAALkS7aWUEQAN9//4JvwBjGMYxjYAAABeYxjGPwAAD5jG/yB//P+cOAAAh2GP6Qx08uCHAb+7pVwGAoFARKAwGAAAkH/+MYxAwP6cMGWY',
    'VoAoBhH/DoCiQe/w8URDv+ZF4kjEuj1//pJLMSRBdNfxe/i9Rv////zEul1IGhKEga//Ep0Or//////////+MYxAcOCVYsAcD4AK4WAQTBSAys',
    'xIpP/N1gHUzHahNkwgQChMBIAVjA2wL4wE8AGBIAOYBUAPl6Vbi7U/jV+X//7//8I0v4/+MYxAkFgSoUAABujDPOr///////u//+7+v5f//v//',
    'wjS/gzzq///////7v//u/r+X//7//8I0v4M86v//////+7//7v6////+MYxC4FgSoUAABujP//////mwaBeYQoP5h1Ubn4UMSYpBEBjMBpGEMD',
    'gYCwG5gggQmAmAehOUg3B5YvmgABAKBgABgMBgN//+MYxFMFgSoUAABujKaf4owgHP8gcAgp/+TA5hOEMFyEQ/BkfwZFSCBwgBBAspIn///iAZ',
    'ARQY4y6OeRM1IuT////5qTZXPF/+MYxHgMaVY8AUDwAPNzxmbnjM3////88mHgfGg4Jwj//+DgnOARNRJZI0VKAODQcwaBoNQaBoGcGgaDUsDR',
    '7LA1xEDLoNA0/+MYxIEYGrrSWYWQADAafO/yoLHv4SBo9waVTEFNRTMuMTAwVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV/+',
    'MYxFsLUALqWcEQAlVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV',
  ].join(''),
  'base64',
);

interface Answer {
  status?: number;
  type?: string;
  body?: Uint8Array | string;
}

/** Speaks once against a server that answers this. */
async function speak(
  answer: Answer | Error,
  what: { text?: string; choice?: SynthesizerChoice } = {},
): Promise<{ spoken: Spoken; asked: HttpRequest }> {
  let asked: HttpRequest | undefined;
  const http = async (request: HttpRequest): Promise<HttpResponse> => {
    asked = request;
    if (answer instanceof Error) throw answer;
    const { status = 200, type = 'audio/wav', body = writeWav(tone, 16_000) } = answer;
    return { status, headers: { 'content-type': type }, body: Buffer.from(body), url: request.url };
  };
  const speech = makeSpeech({ clock: realClock(), http, vendors });
  try {
    const spoken = await speech.speak(what.choice ?? choice, what.text ?? 'Guten Tag');
    return { spoken, asked: asked! };
  } finally {
    await speech.close();
  }
}

async function failure(answer: Answer | Error, what?: Parameters<typeof speak>[1]): Promise<Fault> {
  try {
    await speak(answer, what);
  } catch (error) {
    assert.ok(isFault(error) && error.code === 'tts-failed', String(error));
    assert.ok(!error.message.includes('secret'), 'the token is in the message');
    return error;
  }
  return assert.fail('no failure');
}

test('the request is as documented', async () => {
  const { asked } = await speak({});
  assert.equal(asked.method, 'POST');
  assert.equal(asked.url, 'https://tts.test/speak');
  assert.equal(asked.headers!.authorization, 'Bearer secret');
  assert.equal(asked.headers!['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(asked.body as string), {
    language: 'de-DE',
    voice: 'Klara',
    type: 'text',
    text: 'Guten Tag',
  });
});

test('SSML is named so; without a token no authorization is sent', async () => {
  const { asked } = await speak(
    {},
    { text: '<speak>Hallo</speak>', choice: { ...choice, custom: { url: 'http://a.test' } } },
  );
  assert.equal(JSON.parse(asked.body as string).type, 'ssml');
  assert.equal('authorization' in asked.headers!, false);
});

test('WAV, raw samples and MP3 are taken, also under a wrong or unknown type', async () => {
  const raw = new Uint8Array(tone.buffer);
  for (const type of ['audio/wav', 'audio/x-wav', 'application/octet-stream', 'audio/mpeg', '']) {
    const { spoken } = await speak({ type });
    assert.deepEqual(spoken.pcm, tone, type);
    assert.equal(spoken.sampleRate, 16_000);
  }
  for (const rate of [8000, 16_000, 24_000, 32_000, 48_000]) {
    const { spoken } = await speak({ type: `audio/l16;rate=${rate}`, body: raw });
    assert.deepEqual(spoken.pcm, tone);
    assert.equal(spoken.sampleRate, rate);
  }
  for (const type of ['audio/mpeg', 'audio/mp3', 'audio/wav']) {
    const { spoken } = await speak({ type, body: mp3 });
    assert.equal(spoken.sampleRate, 8000, type);
    assert.ok(spoken.pcm.length >= 4000);
  }
});

test('another status is a failure with what the server said', async () => {
  const busy = await failure({ status: 503, type: 'text/plain', body: 'no free\nvoice' });
  assert.equal(busy.message, 'custom:acme: its server answered 503: no free voice');
  assert.equal(busy.retryable, true);
  const denied = await failure({ status: 401, type: 'application/json', body: '{"error":"bad token"}' });
  assert.match(denied.message, /401: \{"error":"bad token"\}/);
  assert.equal(denied.retryable, false);
  assert.equal((await failure({ status: 500, type: 'text/html', body: 'x'.repeat(5000) })).message.length < 300, true);
  assert.match((await failure({ status: 204, body: '' })).message, /204/);
  assert.equal(
    (await failure({ status: 404, type: 'image/png', body: 'PNG' })).message,
    'custom:acme: its server answered 404',
  );
});

test('what is no audio is told as such', async () => {
  assert.match((await failure({ type: 'text/html', body: '<html>' })).message, /cannot be played: not a WAV file/);
  assert.match((await failure({ body: '' })).message, /cannot be played/);
  assert.match((await failure({ type: 'audio/mpeg', body: 'nothing' })).message, /cannot be played: not an MP3/);
  assert.match((await failure({ type: 'audio/l16;rate=999999', body: 'abcd' })).message, /cannot be played/);
});

test('a server that cannot be reached may be tried again', async () => {
  const fault = await failure(new Fault('http-timeout', 'no answer within 10 s', { retryable: true }));
  assert.match(fault.message, /gave no answer \(no answer within 10 s\)/);
  assert.equal(fault.retryable, true);
});

test('without an address it says what to add', async () => {
  const { custom: _, ...without } = choice;
  assert.match((await failure({}, { choice: without })).message, /add one to the account/);
});

test('on the virtual clock: the network takes its time, the MP3 decoder takes none, a dead server is given up', async () => {
  const clock = new VirtualClock();
  const net = new SimNet({ clock, random: seededRandom(1) });
  const server = net.serveHttp('http://tts.test', () => ({
    status: 200,
    headers: { 'content-type': 'audio/mpeg' },
    body: mp3,
  }));
  server.latencyMs = 80;
  const speech = makeSpeech({ clock, http: net.host('10.0.0.1').http, vendors });
  const spoken = speech.speak({ ...choice, custom: { url: 'http://tts.test/speak' } }, 'Hallo');
  await clock.runFor(1000);
  const { pcm, elapsedMs } = await spoken;
  assert.ok(pcm.length >= 4000);
  assert.ok(elapsedMs >= 80 && elapsedMs < 500, `${elapsedMs} ms`);
  net.serveHttp('http://dead.test', () => new Promise(() => {}));
  const dead = assert.rejects(
    speech.speak({ ...choice, custom: { url: 'http://dead.test/' } }, 'Hallo'),
    (error) => isFault(error) && error.code === 'tts-failed' && error.retryable,
  );
  await clock.runFor(30_000);
  await dead;
  await speech.close();
  assert.equal(clock.pendingTimers, 0);
});
