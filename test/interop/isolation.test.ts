// Noise isolation and recording in a real media worker: over real sockets, judged by what is in the file, with what a leg costs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { levelDbov } from '../../src/audio/index.ts';
import { openLive, sidOf } from '../kit/live.ts';
import { channels } from '../kit/recorded.ts';
import { pause, until } from '../kit/until.ts';

const rate = 8_000;
const hiss = Int16Array.from({ length: 4 * rate }, () => Math.round(3_000 * (Math.random() - 0.5)));

/** Processor time of a process, ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** In the median of its pieces of 100 ms: a moment in which this process did not say its noise in time is no noise, nor is what mends it. */
function usualLevel(pcm: Int16Array): number {
  const piece = rate / 10;
  const levels = Array.from({ length: Math.floor(pcm.length / piece) }, (_, i) =>
    levelDbov(pcm.subarray(i * piece, (i + 1) * piece)),
  );
  return levels.sort((a, b) => a - b)[levels.length >> 1]!;
}

test('five callers in noise: recorded without it, from the update on', async (t) => {
  const live = await openLive({ replies: { '/': [{ verb: 'play', url: 'tone_stream://%(60000,0,440)' }] } });
  t.after(() => live.end());
  const { account_sid } = live.server.seed.keys;
  await live.api(`/Accounts/${account_sid}`, { method: 'PUT', body: JSON.stringify({ record_format: 'wav' }) });
  const worker = live.server.pids.workers[0]!;
  const calls = [];
  for (let i = 0; i < 5; i++) calls.push(await live.dial());
  for (const { audio } of calls) {
    audio.voice = (n) => hiss.subarray((n * 160) % hiss.length, ((n * 160) % hiss.length) + 160);
  }
  for (const call of calls) {
    const start = { record: { action: 'startCallRecording', type: 'cloud' } };
    assert.equal((await live.update(call, start, true)).status, 200);
  }
  const costOf = async (ms: number): Promise<number> => {
    const before = cpuOf(worker);
    await pause(ms);
    return (cpuOf(worker) - before) / ms / calls.length;
  };
  const plain = await costOf(2_000);
  for (const call of calls)
    assert.equal((await live.update(call, { noise_isolation_status: 'enable' }, true)).status, 200);
  const isolated = await costOf(3_000);
  t.diagnostic(
    `a recorded leg: ${(100 * plain).toFixed(1)} % of a core; isolated too: ${(100 * isolated).toFixed(1)} %`,
  );
  for (const call of calls) {
    await call.hangup();
    const stored = await until(() => live.eventsOf(sidOf(call), 'recording').find(({ what }) => what === 'stored'), {
      what: 'the recording',
    });
    const answer = await live.api(String(stored.url));
    const { left } = channels(new Uint8Array(await answer.arrayBuffer()));
    const before = usualLevel(left.subarray(rate / 2, 1.5 * rate));
    const after = usualLevel(left.subarray(-rate));
    assert.ok(Math.abs(before - levelDbov(hiss)) < 1.5, `${before} dBov before`);
    assert.ok(after < before - 10, `${after} dBov after ${before}`);
  }
});
