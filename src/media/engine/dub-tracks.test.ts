// Dub tracks on the virtual clock: exact starts, own gain and loop, and prompts that do not notice them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MediaStage, mediaStage } from '../../../test/kit/media-stage.ts';
import { toneLevelDbov, worstClick, writeWav } from '../../audio/index.ts';
import type { AudioSource, Playback, PlaybackEvent, PlayOptions } from '../client.ts';

const rate = 8_000;
const url = (text: string): AudioSource => ({ kind: 'url', url: text });
const forEver = Number.POSITIVE_INFINITY;
const sineDbov = (peak: number): number => 20 * Math.log10(peak / 32_768 / Math.SQRT2);
const near = (got: number, wanted: number, within = 0.5): void =>
  assert.ok(Math.abs(got - wanted) <= within, `${got} instead of ${wanted}`);

/** A WAV of this tone from http://files.test/<hz>, 1 s. */
function files({ net }: MediaStage, peak = 8_000): (hz: number) => AudioSource {
  net.serveHttp('http://files.test', ({ url: asked }) => {
    const hz = Number(new URL(asked).pathname.slice(1));
    const pcm = Int16Array.from({ length: rate }, (_, i) =>
      hz === 0 ? 0 : Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate)),
    );
    return {
      status: 200,
      headers: { 'content-type': 'audio/wav', 'cache-control': 'max-age=60' },
      body: writeWav(pcm, rate),
    };
  });
  return (hz) => url(`http://files.test/${hz}`);
}

const dub = (stage: MediaStage, source: AudioSource, more: Partial<PlayOptions> = {}): Playback =>
  stage.port.play([source], { layer: 'track', track: 'music', loop: 1, ...more });

/** Prompts, whispers, a stop, a gain: everything a mouth does, with or without a silent track beside it. */
async function everything(withTrack: boolean): Promise<{ at: number; payload: string }[]> {
  const stage = await mediaStage({ seed: 'same' });
  const { clock, port } = stage;
  const file = files(stage);
  if (withTrack) dub(stage, file(0), { loop: forEver, gainDb: 6 });
  await clock.runFor(100);
  const from = clock.now();
  port.play([url('tone_stream://%(1700,0,430)')], { layer: 'prompt', loop: 2 });
  await clock.runFor(700);
  port.play([url('tone_stream://%(333,0,1000)')], { layer: 'whisper', loop: 1 });
  await clock.runFor(200);
  if (withTrack) dub(stage, file(0), { track: 'second', loop: 1 });
  await clock.settle(port.setGain(-3));
  await clock.runFor(1_300);
  const over = port.play([file(350)], { layer: 'prompt', loop: forEver });
  await clock.runFor(611);
  over.stop();
  await clock.runFor(300);
  const heard = stage.peer.heard
    .filter(({ at }) => at >= from)
    .map(({ at, payload }) => ({ at, payload: Buffer.from(payload).toString('hex') }));
  await stage.end();
  return heard;
}

test('prompts are the same to the bit with and without a silent track', async () => {
  const without = await everything(false);
  const beside = await everything(true);
  // Frames are the same; when they leave depends on when the port began to send.
  const start = (packets: { payload: string }[]): number =>
    packets.findIndex(({ payload }) => !/^(ff|7f)+$/.test(payload));
  const a = without.slice(start(without)).map(({ payload }) => payload);
  const b = beside.slice(start(beside)).map(({ payload }) => payload);
  const n = Math.min(a.length, b.length);
  assert.ok(n > 140, `${n} frames`);
  assert.deepEqual(b.slice(0, n), a.slice(0, n));
});

test('a track begins with its first sample in the first sample of a frame, unchanged', async () => {
  for (const more of [{}, { gainDb: -6 }]) {
    const stage = await mediaStage();
    const file = files(stage);
    const playback = dub(stage, file(250), more);
    const events: PlaybackEvent[] = [];
    playback.onEvent = (event) => events.push(event);
    await stage.clock.settle(playback.done);
    const started = events.find((event) => event.type === 'started');
    const packet = stage.peer.heard.findIndex(({ at }) => started && at >= started.at);
    const pcm = stage.peer.audio(packet);
    const peak = 8_000 * (more.gainDb ? 10 ** (more.gainDb / 20) : 1);
    // Within what mu-law rounds: sample 0 is 0, and the first 10 ms are as they were made.
    for (let i = 0; i < 80; i++)
      assert.ok(Math.abs(pcm[i]! - peak * Math.sin((2 * Math.PI * 250 * i) / rate)) < 300, `sample ${i}: ${pcm[i]}`);
    await stage.end();
  }
});

test('each track has its gain and its loop; they are mixed with prompts, and boost leaves them alone', async () => {
  const stage = await mediaStage();
  const { clock, port, peer } = stage;
  const file = files(stage, 4_000);
  dub(stage, file(300), { loop: forEver, gainDb: -6 });
  const twice = dub(stage, file(700), { track: 'voice', loop: 2, gainDb: 3 });
  await clock.settle(port.setGain(6));
  port.play([file(1_100)], { layer: 'prompt', loop: forEver });
  await clock.runFor(1_500);
  const both = peer.audio().subarray(-rate);
  near(toneLevelDbov(both, 300, rate), sineDbov(4_000) - 6);
  near(toneLevelDbov(both, 700, rate), sineDbov(4_000) + 3);
  near(toneLevelDbov(both, 1_100, rate), sineDbov(4_000) + 6);
  assert.equal((await clock.settle(twice.done)).playedMs, 2_000);
  await clock.runFor(1_100);
  const one = peer.audio().subarray(-rate);
  near(toneLevelDbov(one, 300, rate), sineDbov(4_000) - 6);
  // What is left there is the rounding of mu-law.
  assert.ok(toneLevelDbov(one, 700, rate) < -45, `${toneLevelDbov(one, 700, rate)}`);
  assert.ok(worstClick(peer.audio(), rate).ratio < 4, JSON.stringify(worstClick(peer.audio(), rate)));
  await stage.end();
});

test('a track that is replaced or stopped fades, others go on; eleven are too many', async () => {
  const stage = await mediaStage();
  const { clock, peer } = stage;
  const file = files(stage);
  const first = dub(stage, file(300), { loop: forEver });
  await clock.runFor(500);
  const second = dub(stage, file(800), { loop: forEver });
  assert.equal((await clock.settle(first.done)).reason, 'stopped');
  await clock.runFor(500);
  second.stop();
  await clock.settle(second.done);
  await clock.runFor(200);
  const pcm = peer.audio();
  assert.ok(worstClick(pcm, rate).ratio < 4, JSON.stringify(worstClick(pcm, rate)));
  assert.ok(pcm.subarray(-800).every((x) => Math.abs(x) <= 8));
  const many = Array.from({ length: 11 }, (_, i) => dub(stage, file(300), { track: `t${i}`, loop: forEver }));
  const refused = await clock.settle(many[10]!.done);
  assert.equal(refused.fault?.code, 'play-too-many');
  await clock.runFor(100);
  await stage.end();
});

for (const codec of ['PCMU', 'G722']) {
  test(`${codec}: a track goes on where it was when a worker dies, beside the prompt`, async () => {
    const stage = await mediaStage({ codec });
    const { clock, peer } = stage;
    peer.stream(stage.port.local);
    const file = files(stage);
    stage.port.play([file(600)], { layer: 'prompt', loop: forEver });
    const music = dub(stage, file(300), { loop: 5, gainDb: -6 });
    await clock.runFor(1_700);
    stage.links[0]!.kill();
    await clock.runFor(100);
    const at = peer.heard.length;
    await clock.runFor(1_000);
    const pcm = peer.audio(at);
    near(toneLevelDbov(pcm, 300, peer.codec.sampleRate), sineDbov(8_000) - 6);
    near(toneLevelDbov(pcm, 600, peer.codec.sampleRate), sineDbov(8_000));
    const from = clock.now();
    assert.equal((await clock.settle(music.done, 10_000)).reason, 'completed');
    // Five seconds in all, whoever played them.
    assert.ok(Math.abs(clock.now() - from - 2_200) < 150, `${clock.now() - from}`);
    await stage.end();
  });
}
