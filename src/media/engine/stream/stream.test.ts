// Streams through a port on the virtual clock: what the server hears, what the far end hears of it, and what happens when things break.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MediaStage, mediaStage } from '../../../../test/kit/media-stage.ts';
import { gaps, levelDbov, toneLevelDbov, worstClick, writeWav } from '../../../audio/index.ts';
import type { SimWsPeer, SimWsServer } from '../../../base/sim/index.ts';
import type { MediaStream, StreamEnd, StreamEvent, StreamOptions } from '../../client.ts';

const url = 'ws://listener.test/audio';

function sine(hz: number, samples: number, options: { rate?: number; peak?: number } = {}): Int16Array {
  const { rate = 8000, peak = 8000 } = options;
  return Int16Array.from({ length: samples }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate)));
}

/** RMS of a sine of this peak, dBov. */
const sineDbov = (peak: number): number => 20 * Math.log10(peak / 32_768 / Math.SQRT2);

interface Server {
  ws: SimWsServer;
  /** The newest connection. */
  peer: SimWsPeer;
  texts: Record<string, unknown>[];
  /** Everything heard on the newest connection. */
  pcm(channel?: number, channels?: number): Int16Array;
  bytes: Uint8Array[];
  closed: number[];
}

function serve({ net }: MediaStage): Server {
  const server = { texts: [], bytes: [], closed: [] } as unknown as Server;
  server.ws = net.serveWs(url, (peer) => {
    server.peer = peer;
    server.bytes = [];
    peer.onMessage = (data) => {
      if (typeof data === 'string') server.texts.push(JSON.parse(data) as Record<string, unknown>);
      else server.bytes.push(data);
    };
    peer.onClose = (code) => server.closed.push(code);
  });
  server.pcm = (channel = 0, channels = 1) => {
    const all = Buffer.concat(server.bytes);
    const pcm = new Int16Array(Math.floor(all.length / 2 / channels));
    for (let i = 0; i < pcm.length; i++) pcm[i] = all.readInt16LE(2 * (i * channels + channel));
    return pcm;
  };
  return server;
}

const options = (more: Partial<StreamOptions> = {}): StreamOptions => ({
  url,
  mix: 'mono',
  sampleRate: 8000,
  hello: { callSid: 'c', sampleRate: 8000, mixType: 'mono' },
  back: 'framed',
  ...more,
});

function watched(stream: MediaStream): { events: StreamEvent[]; end: () => StreamEnd | undefined } {
  const events: StreamEvent[] = [];
  let ended: StreamEnd | undefined;
  stream.onEvent = (event) => events.push(event);
  void stream.done.then((end) => {
    ended = end;
  });
  return { events, end: () => ended };
}

/** The peer says a tone from now on. */
function talk({ peer, port }: MediaStage, hz: number, peak = 8000): void {
  const { sampleRate } = peer.codec;
  const frame = sampleRate / 50;
  const step = (2 * Math.PI * hz) / sampleRate;
  peer.stream(port.local, (n) =>
    Int16Array.from({ length: frame }, (_, i) => Math.round(peak * Math.sin(step * (n * frame + i)))),
  );
}

const raw = (pcm: Int16Array): string => Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');

for (const rate of [8000, 16_000, 24_000, 32_000, 48_000, 64_000]) {
  for (const codec of ['PCMU', 'G722']) {
    test(`${codec} at ${rate}: the far end's tone arrives at its level, without gap or click, behind the hello`, async () => {
      const stage = await mediaStage({ codec });
      const server = serve(stage);
      talk(stage, 700);
      await stage.clock.runFor(300);
      const stream = stage.port.stream(options({ sampleRate: rate, auth: { username: 'u', password: 'p' } }));
      await stage.clock.runFor(2100);
      assert.deepEqual(server.texts, [{ callSid: 'c', sampleRate: 8000, mixType: 'mono' }]);
      assert.equal(server.peer.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
      assert.equal(server.peer.protocol, 'audio.drachtio.org');
      const pcm = server.pcm();
      assert.ok(Math.abs(pcm.length / rate - 2.1) < 0.05, `${pcm.length} samples`);
      const middle = pcm.subarray(rate / 5);
      assert.ok(
        Math.abs(toneLevelDbov(middle, 700, rate) - sineDbov(8000)) < 0.3,
        `${toneLevelDbov(middle, 700, rate)}`,
      );
      assert.deepEqual(gaps(middle, rate, 2), []);
      assert.ok(worstClick(middle, rate).ratio < 3);
      stream.stop();
      const end = await stage.clock.settle(stream.done);
      assert.equal(end.reason, 'stopped');
      assert.ok(Math.abs(end.sentMs - pcm.length / (rate / 1000)) <= 40, `${end.sentMs}`);
      await stage.end();
    });
  }
}

test('framed: a piece is played at its level and told; the next takes its place or waits behind it', async () => {
  const stage = await mediaStage();
  const server = serve(stage);
  const stream = stage.port.stream(options());
  const { events } = watched(stream);
  await stage.clock.runFor(200);
  const say = (data: unknown): void => server.peer.send(JSON.stringify({ type: 'playAudio', data }));
  say({ audioContent: raw(sine(600, 16_000, { rate: 16_000 })), sampleRate: 16_000, id: 'a' });
  const wav = Buffer.from(writeWav(sine(900, 8000), 8000)).toString('base64');
  say({ audioContent: wav, audioContentType: 'wav', id: 'b', queuePlay: true });
  await stage.clock.runFor(2300);
  const done = server.texts.slice(1);
  assert.deepEqual(done, [
    {
      type: 'playDone',
      data: { id: 'a', playbackSeconds: 1, playbackMilliseconds: 1000, playbackLastOffsetPos: 8000 },
    },
    {
      type: 'playDone',
      data: { id: 'b', playbackSeconds: 1, playbackMilliseconds: 1000, playbackLastOffsetPos: 8000 },
    },
  ]);
  assert.deepEqual(
    events.filter(({ type }) => type === 'played'),
    [
      { type: 'played', id: 'a' },
      { type: 'played', id: 'b' },
    ],
  );
  const pcm = stage.peer.audio();
  const from = pcm.findIndex((x) => Math.abs(x) > 300);
  const first = pcm.subarray(from + 400, from + 7600);
  const second = pcm.subarray(from + 8400, from + 15_600);
  assert.ok(Math.abs(toneLevelDbov(first, 600, 8000) - sineDbov(8000)) < 0.3);
  assert.ok(Math.abs(toneLevelDbov(second, 900, 8000) - sineDbov(8000)) < 0.3);
  assert.deepEqual(gaps(pcm.subarray(from, from + 15_990), 8000, 2, 100), []);
  assert.ok(worstClick(pcm, 8000).ratio < 4, `${JSON.stringify(worstClick(pcm, 8000))}`);
  await stage.end();
});

test('streamed: raw audio of any rate and any length of message is played unbroken after 80 ms', async () => {
  const stage = await mediaStage();
  const server = serve(stage);
  stage.port.stream(options({ back: 'streaming', backSampleRate: 24_000 }));
  await stage.clock.runFor(200);
  const pcm = sine(500, 48_000, { rate: 24_000 });
  const bytes = Buffer.from(pcm.buffer);
  const from = stage.clock.now();
  // Messages of odd length, ten times as fast as they are played.
  for (let at = 0; at < bytes.length; at += 333) {
    server.peer.send(bytes.subarray(at, at + 333));
    if (at % 15 === 0) await stage.clock.runFor(10);
  }
  await stage.clock.runFor(2500);
  const heard = stage.peer.audio();
  const first = heard.findIndex((x) => Math.abs(x) > 300);
  const at = stage.peer.heard[0]!.at + first / 8;
  assert.ok(at - from < 140, `${at - from} ms`);
  const sound = heard.subarray(first, first + 15_990);
  assert.ok(Math.abs(toneLevelDbov(sound.subarray(400, 15_200), 500, 8000) - sineDbov(8000)) < 0.3);
  assert.deepEqual(gaps(sound, 8000, 2, 100), []);
  assert.ok(worstClick(heard, 8000).ratio < 4, `${JSON.stringify(worstClick(heard, 8000))}`);
  assert.ok(levelDbov(heard.subarray(first + 16_400)) < -60);
  await stage.end();
});
