// The custom recognition protocol over WebSocket: what is sent, what is taken, what is ignored, how it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../../base/index.ts';
import { SimNet, type SimWsPeer, seededRandom, VirtualClock } from '../../base/sim/index.ts';
import { makeRecognizers, type RecognitionEvent, type RecognizerChoice } from '../../speech/index.ts';
import { recognizerVendors } from '../index.ts';

const choice: RecognizerChoice = {
  vendor: 'custom:acme',
  language: 'de-DE',
  interim: true,
  singleUtterance: false,
  hints: [],
  callSid: 'c-1',
  options: {},
  custom: { url: 'wss://stt.test/hear', authToken: 'secret' },
};

async function session(more: Partial<RecognizerChoice> = {}) {
  const clock = new VirtualClock();
  const net = new SimNet({ clock, random: seededRandom(1) });
  const texts: Record<string, unknown>[] = [];
  const audio: Uint8Array[] = [];
  let peer: SimWsPeer | undefined;
  const server = net.serveWs('wss://stt.test/hear', (connection) => {
    peer = connection;
    connection.onMessage = (data) =>
      void (typeof data === 'string' ? texts.push(JSON.parse(data)) : audio.push(data.slice()));
  });
  const recognizers = makeRecognizers({ clock, network: net.host('10.0.0.1'), vendors: recognizerVendors });
  const opening = recognizers.open({ ...choice, ...more }, new AbortController().signal);
  const open = await clock.settle(opening);
  const events: RecognitionEvent[] = [];
  open.session.onEvent = (event) => events.push(event);
  await clock.runFor(10);
  return {
    ...open,
    clock,
    server,
    texts,
    audio,
    events,
    peer: peer!,
    async say(message: unknown): Promise<void> {
      peer!.send(typeof message === 'string' ? message : JSON.stringify(message));
      await clock.runFor(10);
    },
  };
}

const final = (transcript: string, more: object = {}): object => ({
  type: 'transcription',
  is_final: true,
  alternatives: [{ transcript, confidence: 0.8 }],
  ...more,
});

test('it begins with the token and the start message', async () => {
  const s = await session();
  assert.equal(s.peer.headers.authorization, 'Bearer secret');
  assert.equal(s.peer.headers['sec-websocket-protocol'], undefined);
  assert.deepEqual(s.texts, [
    {
      type: 'start',
      language: 'de-DE',
      format: 'raw',
      encoding: 'LINEAR16',
      interimResults: true,
      sampleRateHz: 8000,
      options: { callSid: 'c-1' },
    },
  ]);
  assert.equal(s.sampleRate, 8000);
});

test('options of the verb and hints go along; a token is left out when there is none', async () => {
  const s = await session({
    interim: false,
    hints: [{ phrase: 'yes' }, { phrase: 'no' }],
    hintsBoost: 20,
    options: { customOptions: { sampleRate: 16_000, options: { model: 'big', hints: 'mine' } } },
    custom: { url: 'wss://stt.test/hear' },
  });
  assert.equal(s.sampleRate, 16_000);
  assert.equal('authorization' in s.peer.headers, false);
  const { options, sampleRateHz, interimResults } = s.texts[0]!;
  assert.deepEqual([sampleRateHz, interimResults], [16_000, false]);
  assert.deepEqual(options, { model: 'big', hints: ['yes', 'no'], hintsBoost: 20, callSid: 'c-1' });
  const boosted = await session({ hints: [{ phrase: 'yes', boost: 5 }] });
  assert.equal((boosted.texts[0]!.options as { hints: string }).hints, '[{"phrase":"yes","boost":5}]');
});

test('audio goes as little-endian samples, copied', async () => {
  const s = await session();
  const frame = Int16Array.of(1, -2, 300, -32_768);
  s.session.write(frame);
  frame.fill(0);
  await s.clock.runFor(10);
  assert.deepEqual([...s.audio[0]!], [1, 0, 254, 255, 44, 1, 0, 128]);
});

test('transcripts are normalised: the first alternative, the language said or asked for, the message as the event', async () => {
  const s = await session();
  const message = final('guten tag', { language: 'de-AT', channel: 1 });
  await s.say({
    ...message,
    alternatives: [{ transcript: 'guten tag', confidence: 0.8 }, { transcript: 'guter tag' }],
  });
  await s.say({ ...final('ja'), is_final: false });
  const [first, second] = s.events.map((e) => (e.type === 'transcript' ? e.transcript : undefined));
  assert.deepEqual(first?.alternatives, [{ transcript: 'guten tag', confidence: 0.8 }]);
  assert.deepEqual([first?.language, first?.isFinal, first?.vendor.name], ['de-AT', true, 'custom:acme']);
  assert.equal((first!.vendor.evt as { channel: number }).channel, 1);
  assert.deepEqual([second?.language, second?.isFinal], ['de-DE', false]);
});

test('a translation is told as such', async () => {
  const s = await session();
  await s.say({ type: 'translation', language: 'fr', translation: 'bonjour' });
  assert.deepEqual(s.events, [{ type: 'translation', language: 'fr', translation: 'bonjour' }]);
});

test('what is no message of the protocol is ignored', async () => {
  const s = await session();
  s.peer.send(new Uint8Array([1, 2, 3]));
  const others = ['no json', '[]', 'null', { type: 'hello' }, { type: 'transcription' }];
  const broken = [
    { type: 'transcription', alternatives: [{ text: 'x' }] },
    { type: 'transcription', alternatives: 'x' },
  ];
  for (const message of [...others, ...broken]) await s.say(message);
  assert.deepEqual(s.events, []);
  await s.say(final('still there'));
  assert.equal(s.events.length, 1);
});

test('end says stop; what the server still says is told; then it closes', async () => {
  const s = await session();
  s.session.end();
  s.session.write(new Int16Array(160));
  await s.clock.runFor(10);
  assert.deepEqual(s.texts[1], { type: 'stop' });
  assert.equal(s.audio.length, 0);
  await s.say(final('last'));
  s.peer.close(1000);
  await s.clock.settle(s.session.done);
  assert.equal(s.events.length, 1);
});

test('an error message is a failure with its text; nothing is told afterwards', async () => {
  const s = await session();
  await s.say({ type: 'error', error: `out of\n${'x'.repeat(1000)}` });
  const [event] = s.events;
  assert.ok(event?.type === 'failed' && isFault(event.fault));
  assert.equal(event.fault.code, 'stt-failed');
  assert.match(event.fault.message, /^custom:acme: its server reports: out of x{100,200}$/);
  await s.say(final('ghost'));
  assert.equal(s.events.length, 1);
  await s.clock.settle(s.session.done);
});

test('a message beyond the limit breaks the connection, and that is a failure', async () => {
  const s = await session();
  await s.say(final('x'.repeat(700_000)));
  assert.equal(s.events[0]?.type, 'failed');
});

test('a server that reads slowly costs at most five seconds of audio, and is given up when it takes nothing at all', async () => {
  const s = await session();
  const frame = new Int16Array(160);
  s.server.stalled = true;
  for (let i = 0; i < 400; i++) s.session.write(frame);
  s.server.stalled = false;
  await s.clock.runFor(10);
  assert.equal(s.audio.length, 251, '5 s of audio had waited');
  for (let i = 0; i < 50; i++) s.session.write(frame);
  await s.clock.runFor(10);
  assert.equal(s.audio.length, 301, 'it goes on');
  s.server.stalled = true;
  for (let i = 0; i < 800; i++) s.session.write(frame);
  const [event] = s.events;
  assert.match(event?.type === 'failed' ? event.fault.message : '', /has taken no audio for 10 s/);
});
