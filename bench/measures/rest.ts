// What a server costs that does nothing: the time until it is ready, and its memory at rest.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../load/figures.ts';
import type { Options, Row } from '../subject/bench.ts';
import { sleep, startServer } from '../subject/server.ts';

const aimReadyMs = 3000;
const aimRestMb = 250;
const restMs = 5000;
const command = ['npm', 'run', '-s', 'up', '--', '--json'];

export async function rest({ quick, say }: Options): Promise<Row[]> {
  const first: number[] = [];
  const later: number[] = [];
  const pss: number[] = [];
  const stops: number[] = [];
  for (let i = 0; i < (quick ? 1 : 5); i++) {
    const folder = mkdtempSync(join(tmpdir(), 'crosspoint-bench-'));
    try {
      const server = await startServer({ dataDir: join(folder, 'data'), command });
      first.push(server.readyMs);
      stops.push(await server.stop());
      const again = await startServer({ dataDir: join(folder, 'data'), command });
      later.push(again.readyMs);
      await sleep(restMs);
      pss.push(again.memory({ database: true }).pssKb / 1024);
      stops.push(await again.stop());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  say(
    `ready ${first.map(Math.round)} / ${later.map(Math.round)} ms; rest ${pss.map(Math.round)} MB; stop ${stops.map(Math.round)} ms`,
  );
  const row = { id: '', note: '' };
  const ready = (what: string, times: number[]): Row => ({
    ...row,
    what: `npm run up to ready, ${what}`,
    found: `${(median(times) / 1000).toFixed(2)} s`,
    aim: `< ${aimReadyMs / 1000} s`,
    met: median(times) < aimReadyMs,
    note: `median of ${times.length}, longest ${(Math.max(...times) / 1000).toFixed(2)} s`,
  });
  return [
    ready('first start (makes the database)', first),
    ready('later start', later),
    {
      ...row,
      what: 'proportional set size at rest: server, one media worker, embedded database',
      found: `${median(pss).toFixed(0)} MB`,
      aim: `< ${aimRestMb} MB`,
      met: median(pss) < aimRestMb,
      note: `${restMs / 1000} s after a later start`,
    },
  ];
}
