// Isolation of a port: what the far end says comes to listeners without its noise, what it hears without others'; on and off while it flows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaStage } from '../../../test/kit/media-stage.ts';
import { channels } from '../../../test/kit/recorded.ts';
import { codecByName, gaps, joinSamples, levelDbov, toneLevelDbov, worstClick } from '../../audio/index.ts';
import { seededRandom } from '../../base/sim/index.ts';

const rate = 8000;
const random = seededRandom('hiss');
const hiss = Int16Array.from({ length: 4 * rate }, () => Math.round(3000 * (random.next() - 0.5)));
const noise = (n: number): Int16Array => hiss.subarray((n * 160) % hiss.length, ((n * 160) % hiss.length) + 160);

test('what the far end says reaches a recording without its noise, from the update on and until it ends', async () => {
  const stage = await mediaStage();
  const { clock, port, peer, recordings } = stage;
  peer.stream(port.local, noise);
  port.start();
  await clock.runFor(300);
  const recording = port.record({ path: 'a.wav', format: 'wav', mix: 'stereo', sampleRate: rate });
  const from = (await clock.settle(recording.started)).at;
  await clock.runFor(1000);
  const on = (await clock.settle(port.setIsolation({ model: 'rnnoise', level: 100, direction: 'read' }))).at;
  await clock.runFor(2000);
  const off = (await clock.settle(port.setIsolation(undefined))).at;
  await clock.runFor(1000);
  recording.stop();
  await clock.settle(recording.done);
  const { left } = channels(recordings.get('a.wav')!);
  const at = (time: number): number => Math.round(((time - from) * rate) / 1000);
  const level = (a: number, b: number): number => levelDbov(left.subarray(a, b));
  const before = level(at(from) + 800, at(on));
  assert.ok(Math.abs(before - levelDbov(hiss)) < 0.5);
  assert.ok(level(at(on) + 4000, at(off)) < before - 12, `${level(at(on) + 4000, at(off))}`);
  assert.ok(Math.abs(level(at(off) + 480, left.length - 160) - before) < 0.5, 'as before');
  peer.stop();
  await stage.end();
});

test('a worker that dies takes it along to the next', async () => {
  const stage = await mediaStage();
  const { clock, port, peer, links, recordings } = stage;
  peer.stream(port.local, noise);
  port.start();
  await clock.settle(port.setIsolation({ model: 'rnnoise', level: 100, direction: 'read' }));
  await clock.runFor(500);
  links[0]!.kill();
  await clock.runFor(2000);
  const recording = port.record({ path: 'a.wav', format: 'wav', mix: 'stereo', sampleRate: rate });
  await clock.runFor(3000);
  recording.stop();
  await clock.settle(recording.done);
  const { left } = channels(recordings.get('a.wav')!);
  assert.ok(levelDbov(left.subarray(-rate)) < levelDbov(hiss) - 12);
  peer.stop();
  await stage.end();
});

test('what the far end hears: a tone in noise keeps neither gap nor click when it begins and ends; digits are not touched', async () => {
  const stage = await mediaStage();
  const { clock, port, peer } = stage;
  port.play([{ kind: 'url', url: 'tone_stream://%(20000,0,300)' }], { layer: 'prompt', loop: 1 });
  await clock.runFor(500);
  const from = clock.now();
  await clock.settle(port.setIsolation({ model: 'rnnoise', level: 30, direction: 'write' }));
  await clock.runFor(1000);
  await clock.settle(port.setIsolation(undefined));
  await clock.runFor(500);
  const decoder = codecByName('PCMU')!.makeDecoder();
  const heard = joinSamples(
    peer.heard
      .filter((packet) => packet.at > from - 200)
      .map(({ payload }) => {
        const pcm = new Int16Array(payload.length);
        decoder.decode(payload, pcm);
        return pcm;
      }),
  );
  assert.deepEqual(gaps(heard, rate, 20), []);
  assert.ok(worstClick(heard, rate).ratio < 4, JSON.stringify(worstClick(heard, rate)));
  assert.ok(toneLevelDbov(heard, 300, rate) > -40);
  await stage.end();
});
