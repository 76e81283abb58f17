// Recordings of a port on the virtual clock: both sides aligned, states exact, a worker's death as silence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaStage } from '../../../../test/kit/media-stage.ts';
import { channels, decodeMp3 } from '../../../../test/kit/recorded.ts';
import {
  bestDelay,
  codecByName,
  gaps,
  joinSamples,
  levelDbov,
  sine,
  snrDb,
  toneLevelDbov,
} from '../../../audio/index.ts';
import type { MediaRecording, RecordOptions } from '../../tap-types.ts';

const rate = 8000;
const path = '2026/03/01/c.wav';
const wav: RecordOptions = { path, format: 'wav', mix: 'stereo', sampleRate: rate };

const voice = sine({ hz: 700, amplitude: 8000, samples: 10 * rate, sampleRate: rate });
const spoken = (n: number): Int16Array => voice.subarray((n * 160) % voice.length, ((n * 160) % voice.length) + 160);

type Stage = Awaited<ReturnType<typeof mediaStage>>;

/** Half a second into a talk: the far end says 700 Hz, and hears 440 Hz, 200 ms on and 300 ms off. */
async function talking(options: Parameters<typeof mediaStage>[0] = {}): Promise<Stage> {
  const stage = await mediaStage(options);
  stage.port.play([{ kind: 'url', url: 'tone_stream://L=1000;%(200,300,440)' }], { layer: 'prompt', loop: 1 });
  stage.peer.stream(stage.port.local, spoken);
  await stage.clock.runFor(500);
  return stage;
}

async function ended({ clock }: Stage, recording: MediaRecording) {
  recording.stop();
  const end = await clock.settle(recording.done);
  assert.equal(end.fault, undefined);
  return end;
}

async function close(stage: Stage): Promise<void> {
  stage.peer.stop();
  await stage.end();
  assert.equal(stage.recordings.opened, 0, 'files left open');
}

/** What the peer heard from then on. */
function heard({ peer }: Stage, from: number): Int16Array {
  const decoder = codecByName('PCMU')!.makeDecoder();
  return joinSamples(
    peer.heard
      .filter((packet) => packet.at >= from)
      .map(({ payload }) => {
        const pcm = new Int16Array(payload.length);
        decoder.decode(payload, pcm);
        return pcm;
      }),
  );
}

test('left is what the far end says, right what it hears, sample by sample', async () => {
  const stage = await talking();
  const { clock, port, recordings } = stage;
  const recording = port.record(wav);
  const { at } = await clock.settle(recording.started);
  await clock.runFor(3000);
  const end = await ended(stage, recording);
  assert.ok(end.durationMs >= 3000 && end.durationMs <= 3040, `${end.durationMs} ms`);
  const { left, right } = channels(recordings.get(path)!);
  assert.equal(end.bytes, 44 + 4 * left.length);
  assert.equal(left.length, (end.durationMs * rate) / 1000);
  // The peer hears it a millisecond later, from the same packet on, and through mu-law.
  assert.ok(snrDb(right, heard(stage, at)) > 30, 'right is what was sent, from its first packet on');
  // 700 Hz repeats after 80 samples; the first packets wait in the jitter buffer.
  const said = left.subarray(800);
  const delay = bestDelay(voice, said.subarray(0, 2000), 80);
  assert.ok(snrDb(voice.subarray(0, 20_000), said, { delay }) > 30, 'left is what was said');
  assert.ok(Math.abs(toneLevelDbov(left, 700, rate) - levelDbov(voice)) < 0.5);
  assert.ok(toneLevelDbov(left, 440, rate) < -80, 'nothing of the right side');
  assert.ok(toneLevelDbov(right, 700, rate) < -60, 'nothing of the left side');
  await close(stage);
});

test('a pause leaves its time out, silence keeps it', async () => {
  const stage = await talking();
  const { clock, port, recordings } = stage;
  const recording = port.record(wav);
  const begun = (await clock.settle(recording.started)).at;
  await clock.runFor(1000);
  const paused = (await clock.settle(recording.setState('pause'))).at;
  await clock.runFor(700);
  const resumed = (await clock.settle(recording.setState('run'))).at;
  await clock.runFor(1000);
  const silenced = (await clock.settle(recording.setState('silence'))).at;
  await clock.runFor(700);
  const spokenAgain = (await clock.settle(recording.setState('run'))).at;
  await clock.runFor(500);
  const end = await ended(stage, recording);
  const { left } = channels(recordings.get(path)!);
  const quiet = gaps(left, rate, 100);
  const beforeMs = paused - begun + silenced - resumed;
  assert.equal(quiet.length, 1, 'one stretch of silence');
  // To the frame; the wave may cross zero at its edges.
  assert.ok(Math.abs(quiet[0]![0] - (beforeMs * rate) / 1000) <= 4);
  assert.ok(Math.abs(quiet[0]![1] - ((beforeMs + spokenAgain - silenced) * rate) / 1000) <= 4);
  assert.equal(left.length, (end.durationMs * rate) / 1000);
  await close(stage);
});

test('another worker goes on in the same file; the time between is silence', async () => {
  const stage = await talking();
  const { clock, port, links, recordings } = stage;
  const recording = port.record(wav);
  const { at } = await clock.settle(recording.started);
  await clock.runFor(2500);
  links[0]!.kill();
  await clock.runFor(2500);
  assert.equal(links.length, 2);
  const stopped = clock.now();
  const end = await ended(stage, recording);
  const { left, right } = channels(recordings.get(path)!);
  assert.ok(Math.abs(end.durationMs - (stopped - at)) <= 45, `${end.durationMs} ms of ${stopped - at}`);
  const lost = gaps(left, rate, 60);
  assert.equal(lost.length, 1);
  // At most the second that was not in the file yet.
  const [from, to] = lost[0]!;
  assert.ok(from >= 1.4 * rate && from <= 2.5 * rate && to <= 2.8 * rate, `silent from ${from} to ${to}`);
  // Afterwards it runs on time: the right side is what the peer hears now.
  const tail = right.subarray(right.length - rate);
  const sent = heard(stage, 0).slice(-tail.length - 320);
  const late = bestDelay(tail.subarray(0, -320), sent, 320);
  assert.ok(snrDb(tail.subarray(0, -320), sent, { delay: late }) > 30, 'right is what is heard');
  await close(stage);
});

test('a disk that hangs costs the call nothing; what does not fit becomes silence', async () => {
  const stage = await talking();
  const { clock, port, recordings, peer } = stage;
  const hang = Promise.withResolvers<void>();
  const recording = port.record(wav);
  await clock.settle(recording.started);
  await clock.runFor(1000);
  recordings.beforeWrite = () => hang.promise;
  const from = clock.now();
  await clock.runFor(20_000);
  const packets = peer.heard.filter((packet) => packet.at > from);
  assert.ok(Math.abs(packets.length - 1000) <= 2, 'no packet is missing');
  recordings.beforeWrite = async () => {};
  hang.resolve();
  await clock.runFor(3000);
  const end = await ended(stage, recording);
  const { left } = channels(recordings.get(path)!);
  assert.ok(Math.abs(end.durationMs - 24_020) <= 60, `${end.durationMs} ms`);
  const lost = gaps(left, rate, 1000);
  assert.equal(lost.length, 1);
  assert.ok(lost[0]![0] > 10 * rate, 'ten seconds may wait');
  assert.ok(levelDbov(left.subarray(-rate)) > -20, 'it goes on');
  await close(stage);
});

test('a disk that is full ends the recording with the reason, and not the call', async () => {
  const stage = await talking();
  const { clock, port, recordings } = stage;
  const recording = port.record(wav);
  await clock.settle(recording.started);
  recordings.beforeWrite = () => Promise.reject(new Error('no space left'));
  const end = await clock.settle(recording.done);
  assert.equal(end.fault?.code, 'file-failed');
  assert.equal(port.negotiated?.codec, 'PCMU');
  recordings.beforeWrite = async () => {};
  await close(stage);
});

test('MP3: two channels apart, at their levels', async () => {
  const stage = await talking();
  const { clock, port, recordings } = stage;
  const recording = port.record({ ...wav, path: 'c.mp3', format: 'mp3' });
  await clock.settle(recording.started, 10_000);
  await clock.runFor(4000);
  const end = await ended(stage, recording);
  const { left, right } = await decodeMp3(recordings.get('c.mp3')!);
  assert.ok(Math.abs(left.length - (end.durationMs * rate) / 1000) < 2500, `${left.length} samples`);
  const middle = left.subarray(rate, 3 * rate);
  assert.ok(Math.abs(toneLevelDbov(middle, 700, rate) - levelDbov(voice)) < 0.5, `${toneLevelDbov(middle, 700, rate)}`);
  assert.ok(toneLevelDbov(right.subarray(rate, 3 * rate), 700, rate) < -50);
  assert.ok(toneLevelDbov(middle, 440, rate) < -50);
  await close(stage);
});

test('MP3 goes on in another worker too', async () => {
  const stage = await talking();
  const { clock, port, links, recordings } = stage;
  const recording = port.record({ ...wav, path: 'c.mp3', format: 'mp3' });
  await clock.settle(recording.started, 10_000);
  await clock.runFor(4000);
  links[0]!.kill();
  await clock.runFor(4000);
  await ended(stage, recording);
  const { left } = await decodeMp3(recordings.get('c.mp3')!);
  assert.ok(Math.abs(left.length - 8 * rate) < 3000, `${left.length} samples`);
  assert.ok(levelDbov(left.subarray(rate, 2 * rate)) > -16);
  assert.ok(levelDbov(left.subarray(6 * rate, 7 * rate)) > -16);
  await close(stage);
});

test('wideband calls are recorded at 16 kHz, both sides together', async () => {
  const stage = await mediaStage({ codec: 'G722' });
  const { clock, port, recordings, peer } = stage;
  const wide = sine({ hz: 5000, amplitude: 8000, samples: 320, sampleRate: 16_000 });
  peer.stream(port.local, () => wide);
  port.start();
  await clock.runFor(500);
  const recording = port.record({ ...wav, sampleRate: 16_000 });
  await clock.settle(recording.started);
  await clock.runFor(2000);
  await ended(stage, recording);
  const { left } = channels(recordings.get(path)!);
  assert.ok(toneLevelDbov(left, 5000, 16_000) > -18, `${toneLevelDbov(left, 5000, 16_000)}`);
  await close(stage);
});
