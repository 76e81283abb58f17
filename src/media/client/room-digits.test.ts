// Digits that are tones in a room: who hears the tone is not sent it once more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bridgeStage } from '../../../test/kit/bridge-stage.ts';
import { DtmfDetector, dtmfSteps, TonePlayer } from '../../audio/index.ts';

test('a digit found in the audio is heard once by a far end without telephone events', async () => {
  const deaf = { dtmf: false };
  const stage = await bridgeStage({ port: { inbandDtmf: true }, sdp: deaf, other: { sdp: deaf } });
  const { clock, pool, a, b, bridge } = stage;
  await clock.settle(bridge.close());
  const room = pool.room({ group: 'c' });
  const flags = { muted: false, deaf: false, tag: '', speakOnlyTo: '', distributeDtmf: true };
  for (const { port } of [a, b]) await clock.settle(room.join(port, flags));
  const player = new TonePlayer({ steps: dtmfSteps('5', 160, 60), loops: 1 }, 8000);
  const found: string[] = [];
  a.port.onDigit = ({ digit }) => found.push(digit);
  a.peer.stream(a.port.local, (n) => {
    const pcm = new Int16Array(160);
    if (n >= 20) player.read(pcm);
    return pcm;
  });
  await clock.runFor(2000);
  assert.deepEqual(found, ['5']);
  const heard: string[] = [];
  const detector = new DtmfDetector(8000);
  detector.onDigit = ({ digit, durationMs }) => heard.push(`${digit} ${durationMs < 200}`);
  const pcm = b.peer.audio();
  for (let at = 0; at + 160 <= pcm.length; at += 160) detector.process(pcm.subarray(at, at + 160));
  assert.deepEqual(heard, ['5 true']);
  await stage.end();
});
