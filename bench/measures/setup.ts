// (d) From INVITE to 200 with a local webhook, and to the first audio, on a server that is not loaded.
import type { Row, Stage } from '../subject/bench.ts';

const aimSetupMs = 5;
const aimAudioMs = 40;

export async function setupTimes(stage: Stage): Promise<Row[]> {
  const generator = await stage.generator({ send: false });
  const calls = stage.options.quick ? 100 : 600;
  await generator.ask('place', { calls: 300, perSecond: 30, holdMs: 300 });
  const { setup, firstAudio } = await generator.ask('place', { calls, perSecond: 20, holdMs: 300 });
  const row = { id: 'd', note: `${calls} calls at 20/s, heard at the caller` };
  return [
    {
      ...row,
      what: 'INVITE to 200 with a local webhook, p50',
      found: `${setup.p50.toFixed(1)} ms`,
      aim: `<= ${aimSetupMs} ms`,
      met: setup.p50 <= aimSetupMs,
      note: `${row.note}; p95 ${setup.p95.toFixed(1)}, p99 ${setup.p99.toFixed(1)} ms`,
    },
    {
      ...row,
      what: 'INVITE to first audio, p95',
      found: `${firstAudio.p95.toFixed(1)} ms`,
      aim: `<= ${aimAudioMs} ms`,
      met: firstAudio.n > 0 && firstAudio.p95 <= aimAudioMs,
      note: `${row.note}; p50 ${firstAudio.p50.toFixed(1)}, p99 ${firstAudio.p99.toFixed(1)} ms; the first packet that is no silence`,
    },
  ];
}
