// How an ear hears depends on what is said, and not on what becomes of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecByName, sine } from '../../audio/index.ts';
import { seededRandom, VirtualClock } from '../../base/sim/index.ts';
import { StreamStatistics, writeRtpHeader } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { Ear } from './ear.ts';

const remote = { host: '10.0.0.2', port: 20_000 };
const media = {
  remote,
  remoteRtcp: { host: '10.0.0.2', port: 20_001 },
  clockRate: 8000,
  receive: [{ payloadType: 0, codec: 'PCMU', clockRate: 8000 }],
} as unknown as AgreedMedia;

/** Where in a loud voice the ear stands with each frame, while the network's delay comes and goes. */
async function positions(muted: boolean): Promise<(number | undefined)[]> {
  const clock = new VirtualClock();
  const random = seededRandom('delays');
  const statistics = new StreamStatistics({ ssrc: 1, clockRate: 8000 });
  const ear = new Ear({
    clock,
    random: seededRandom('ear'),
    statistics,
    latched: undefined,
    muted,
    inbandDtmf: false,
    onDigit: () => {},
    onHeard: () => {},
  });
  ear.configure(media, { sampleRate: 8000, ptimeMs: 20 });
  ear.listen(() => {});
  const payload = new Uint8Array(160);
  codecByName('PCMU')!
    .makeEncoder()
    .encode(sine({ hz: 500, amplitude: 8000, samples: 160, sampleRate: 8000 }), payload);
  const stood: (number | undefined)[] = [];
  for (let sequence = 0; sequence < 1000; sequence++) {
    const packet = new Uint8Array(172);
    packet.set(payload, 12);
    writeRtpHeader(packet, { marker: false, payloadType: 0, sequence, timestamp: sequence * 160, ssrc: 7 });
    const late = sequence % 100 < 20 ? 40 + 60 * random.next() : 5;
    clock.after(late, () => ear.push(packet, remote));
    await clock.runFor(20);
    ear.tick(clock.now());
    stood.push(ear.position);
  }
  ear.close();
  return stood;
}

test('who is muted is heard with the same delay: a frame is left out in silence, not because nobody hears it', async () => {
  const open = await positions(false);
  assert.ok(new Set(open).size > 500);
  assert.deepEqual(await positions(true), open);
});
