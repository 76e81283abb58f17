// The judge judged: it blames a sender for what it left out, and nobody for its own stalls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeSample } from './g711.ts';
import { levelBetween, longestHole } from './judge.ts';
import { type Packet, RtpPeer } from './rtp.ts';
import { sinePcm } from './sine.ts';
import type { UaCall } from './ua.ts';

const tone = Uint8Array.from(sinePcm({ hz: 440, db: -16, seconds: 2 }), encodeSample);
const silence = new Uint8Array(160).fill(encodeSample(0));

/**
 * Packets that came every 20 ms; in the places of `skips` the sender left time out (and waited for it, when `honest`), and in those of
 * `holes` it was silent. From packet `busyFrom` to the first skip all came 15 ms late.
 */
async function heard({
  skips = [] as number[],
  holes = [] as number[],
  honest = false,
  busyFrom = 99,
}): Promise<UaCall> {
  const rtp = await RtpPeer.open();
  rtp.close();
  let timestamp = 0;
  let at = 1_000;
  for (let seq = 0; seq < 50; seq++, at += 20) {
    if (skips.includes(seq)) timestamp += 3 * 160;
    if (skips.includes(seq) && honest) at += 60;
    const lateMs = seq >= busyFrom && seq < skips[0]! ? 15 : 0;
    const said = tone.subarray(timestamp, timestamp + 160);
    const bytes = Buffer.from(holes.includes(seq) ? silence : said);
    const packet: Packet = { seq, timestamp, ssrc: 1, payload: 0, marker: false, bytes, at: at + lateMs };
    rtp.received.push(packet);
    timestamp += 160;
  }
  return { rtp } as UaCall;
}

test('a tone has its level also where time was left out', async () => {
  for (const skips of [[], [10], [3, 25, 26, 40]]) {
    const level = levelBetween(await heard({ skips }), 440, 0);
    assert.ok(Math.abs(level + 16) < 0.2, `${level} dB with ${skips.length} skips`);
  }
  const quieter = levelBetween(await heard({ holes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }), 440, 0, 20);
  assert.ok(quieter < -18.5, `${quieter} dB when half of it is missing`);
});

test('a hole is as long as it is, but for what this process was kept waiting just before', async () => {
  const call = await heard({ holes: [20, 21, 22, 23] });
  assert.equal(longestHole(call, 440, 0), 80);
  call.rtp.stalls.push({ at: 1_000, ms: 70 });
  assert.equal(longestHole(call, 440, 0), 80, 'that was long ago');
  call.rtp.stalls.push({ at: 1_000 + 20 * 19, ms: 70 });
  assert.equal(longestHole(call, 440, 0), 10);
});

test('time left out by a sender that was held up is no break, also on a machine that was busy before; a jump is one', async () => {
  const breaksOf = async (given: Parameters<typeof heard>[0], from: number) => (await heard(given)).rtp.breaks(from);
  assert.deepEqual(await breaksOf({ skips: [30], honest: true }, 0), []);
  assert.deepEqual(await breaksOf({ skips: [30], honest: true, busyFrom: 12 }, 15), []);
  assert.deepEqual(await breaksOf({ skips: [30] }, 15), ['packet 30: sequence +1, timestamp +640']);
  assert.deepEqual(await breaksOf({ skips: [30], busyFrom: 12 }, 15), ['packet 30: sequence +1, timestamp +640']);
});
