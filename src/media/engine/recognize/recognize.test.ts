// Recognition in the engine: what the far end says and what it hears, at any codec, while the vendor comes late, fails or dies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MediaStage, mediaStage } from '../../../../test/kit/media-stage.ts';
import { Speaker, spokenUrl } from '../../../../test/kit/speaking.ts';
import type { SimWsPeer } from '../../../base/sim/index.ts';
import type { RecognizerChoice } from '../../../speech/index.ts';
import type { MediaRecognition, RecognizeOptions } from '../../client.ts';

const choice: RecognizerChoice = {
  vendor: 'test',
  language: 'en-US',
  interim: false,
  singleUtterance: false,
  hints: [],
  options: {},
};
const custom: RecognizerChoice = {
  ...choice,
  vendor: 'custom:mine',
  custom: { url: 'ws://stt.test/', authToken: 't' },
};

/** Starts a recognition and keeps what it finds. */
function recognize(s: MediaStage, options: Partial<RecognizeOptions> = {}) {
  const recognition: MediaRecognition = s.port.recognize({ choice, side: 'ear', ...options });
  const texts: string[] = [];
  const at: number[] = [];
  recognition.onEvent = (event) => {
    if (event.type !== 'transcript') return;
    texts.push(event.transcript.alternatives[0]!.transcript);
    at.push(s.clock.now());
  };
  return { recognition, texts, at };
}

const silence = (s: MediaStage): Int16Array => new Int16Array(s.peer.codec.sampleRate / 50);

function speaker(s: MediaStage): Speaker {
  const voice = new Speaker({ rate: s.peer.codec.sampleRate });
  s.peer.stream(s.port.local, () => voice.next() ?? silence(s));
  return voice;
}

for (const codec of ['PCMU', 'PCMA', 'G722']) {
  test(`what the far end says and what it hears are recognized apart, ${codec}`, async () => {
    const s = await mediaStage({ codec });
    const voice = speaker(s);
    const ear = recognize(s);
    const mouth = recognize(s, { side: 'mouth' });
    voice.say('yes agent');
    s.port.play([{ kind: 'url', url: spokenUrl('no help stop') }], { layer: 'prompt', loop: 1 });
    await s.clock.runFor(2500);
    assert.deepEqual(ear.texts, ['yes agent']);
    assert.deepEqual(mouth.texts, ['no help stop']);
    void ear.recognition.stop();
    void mouth.recognition.stop();
    assert.deepEqual(await s.clock.settle(ear.recognition.done), {});
    s.peer.stop();
    await s.end();
  });
}

test('what was said before the end still comes, at once; afterwards nothing is decoded any more', async () => {
  const s = await mediaStage();
  const voice = speaker(s);
  const ear = recognize(s);
  voice.say('yes');
  await s.clock.runFor(400);
  assert.deepEqual(ear.texts, []);
  const before = s.clock.now();
  const effect = await s.clock.settle(ear.recognition.stop());
  await s.clock.settle(ear.recognition.done);
  assert.deepEqual(ear.texts, ['yes']);
  assert.ok(effect.at - before < 20 && s.clock.now() - before < 20, 'no wait');
  s.peer.stop();
  await s.end();
});

test('the last words of a call are recognized though its port is closed', async () => {
  const s = await mediaStage();
  s.net.serveWs('ws://stt.test/', (peer) => answer(peer, 300));
  const voice = speaker(s);
  const ear = recognize(s, { choice: custom });
  voice.say('yes');
  await s.clock.runFor(400);
  const stats = await s.clock.settle(s.port.close());
  assert.ok(stats);
  assert.deepEqual(await s.clock.settle(ear.recognition.done), {});
  assert.deepEqual(ear.texts, ['flushed']);
  s.peer.stop();
  await s.end();
});

/** A server that says `flushed` and closes some time after `stop`. */
function answer(peer: SimWsPeer, flushMs: number, clock = { after: (_: number, fn: () => void) => fn() }): void {
  peer.onMessage = (data) => {
    if (typeof data !== 'string' || JSON.parse(data).type !== 'stop') return;
    clock.after(flushMs, () => {
      peer.send(
        JSON.stringify({
          type: 'transcription',
          is_final: true,
          alternatives: [{ transcript: 'flushed', confidence: 1 }],
        }),
      );
      peer.close(1000);
    });
  };
}

test('a vendor that does not answer the end is given 1.5 s', async () => {
  const s = await mediaStage();
  s.net.serveWs('ws://stt.test/', () => {});
  const ear = recognize(s, { choice: custom });
  await s.clock.runFor(100);
  const from = s.clock.now();
  void ear.recognition.stop();
  assert.deepEqual(await s.clock.settle(ear.recognition.done), {});
  assert.ok(Math.abs(s.clock.now() - from - 1500) < 20, `${s.clock.now() - from} ms`);
  await s.end();
});

test('what is said while the vendor is being reached is kept for it', async () => {
  const s = await mediaStage();
  const heard: Uint8Array[] = [];
  const server = s.net.serveWs('ws://stt.test/', (peer) => {
    peer.onMessage = (data) => {
      if (typeof data !== 'string') heard.push(data);
    };
  });
  server.latencyMs = 900;
  const voice = speaker(s);
  const ear = recognize(s, { choice: custom });
  voice.say('yes no agent help');
  await s.clock.runFor(4000);
  const pcm = new Int16Array(Buffer.concat(heard).buffer.slice(0)).length;
  assert.ok(pcm > 8000 * 2, `${pcm} samples`);
  const loud = heard.findIndex((frame) => new Int16Array(new Uint8Array(frame).buffer).some((v) => Math.abs(v) > 4000));
  assert.ok(loud >= 0 && loud < 12, `the first word is in frame ${loud}`);
  void ear.recognition.stop();
  await s.clock.settle(ear.recognition.done);
  s.peer.stop();
  await s.end();
});

function serverIs(s: MediaStage, state: 'refusing' | number): void {
  s.net.serveWs('ws://stt.test/', () => {}).state = state;
}

test('each failure of a vendor ends the recognition with its Fault, and nothing else', async () => {
  const cases: [string, RegExp, (s: MediaStage) => void, RecognizerChoice?][] = [
    ['stt-connect', /cannot be reached/, (s) => serverIs(s, 'refusing')],
    ['stt-connect', /503/, (s) => serverIs(s, 503)],
    [
      'stt-failed',
      /closed the connection \(1011 no\)/,
      (s) => void s.net.serveWs('ws://stt.test/', (p) => p.close(1011, 'no')),
    ],
    ['stt-failed', /1006/, (s) => void s.net.serveWs('ws://stt.test/', (p) => p.kill())],
    [
      'stt-failed',
      /reports: out of tea/,
      (s) =>
        void s.net.serveWs('ws://stt.test/', (p) => p.send(JSON.stringify({ type: 'error', error: 'out of\ntea' }))),
    ],
    [
      'stt-unknown-vendor',
      /no recognizer "siri" here; known are: test, custom:<name>/,
      () => {},
      { ...choice, vendor: 'siri' },
    ],
    ['stt-unknown-language', /not fr/, () => {}, { ...choice, language: 'fr' }],
    ['stt-failed', /custom_stt_url/, () => {}, { ...choice, vendor: 'custom:x' }],
  ];
  for (const [code, text, arrange, made = custom] of cases) {
    const s = await mediaStage();
    arrange(s);
    const ear = recognize(s, { choice: made });
    const { fault } = await s.clock.settle(ear.recognition.done, 10_000);
    assert.equal(fault?.code, code);
    assert.match(fault.message, text);
    await s.end();
  }
});

test('a server that takes nothing is given up after 15 s of audio', async () => {
  const s = await mediaStage();
  const server = s.net.serveWs('ws://stt.test/', () => {});
  const ear = recognize(s, { choice: custom });
  await s.clock.runFor(500);
  server.stalled = true;
  const from = s.clock.now();
  const { fault } = await s.clock.settle(ear.recognition.done, 40_000);
  assert.equal(fault?.code, 'stt-failed');
  assert.ok(s.clock.now() - from < 32_000, 'pings or the full buffer end it');
  await s.end();
});

test('recognition goes on in the next worker when one dies', async () => {
  const s = await mediaStage();
  const voice = speaker(s);
  const ear = recognize(s);
  const dying = recognize(s, { side: 'mouth' });
  voice.say('yes');
  await s.clock.runFor(1500);
  void dying.recognition.stop();
  s.links[0]!.kill();
  await s.clock.runFor(1000);
  voice.say('no');
  await s.clock.runFor(1500);
  assert.deepEqual(ear.texts, ['yes', 'no']);
  await s.clock.settle(dying.recognition.done);
  void ear.recognition.stop();
  await s.clock.settle(ear.recognition.done);
  s.peer.stop();
  await s.end();
});

test('closing the server ends what still listens', async () => {
  const s = await mediaStage();
  s.net.serveWs('ws://stt.test/', () => {});
  const ear = recognize(s, { choice: custom });
  await s.clock.runFor(100);
  await s.end();
  assert.deepEqual(await ear.recognition.done, {});
});

test('a ninth recognizer on one leg is refused', async () => {
  const s = await mediaStage();
  const all = Array.from({ length: 9 }, () => recognize(s).recognition);
  assert.equal((await s.clock.settle(all[8]!.done)).fault?.code, 'stt-too-many');
  await s.end();
});
