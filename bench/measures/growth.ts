// (f) What twenty thousand short calls leave behind.

import type { Row, Stage } from '../subject/bench.ts';
import type { Generator } from '../subject/child.ts';
import { type Server, sleep } from '../subject/server.ts';

/** More than are alive at once: at 120 a second SIP's timers keep about 4,000 finished calls for 32 s. */
const warmUp = 6000;
const perSecond = 120;
const holdMs = 100;
/** SIP transactions linger for 32 s (RFC 3261 timers H, J), RTP ports rest; only then is nothing left. */
const lingerMs = 36_000;
/** Less than this for one call is not a leak but the collector's and the tables' slack. */
const slackBytes = 100;
/** Resident memory also holds what the allocator keeps for later. */
const slackResident = 1.1;

export async function growth(stage: Stage): Promise<Row[]> {
  const { server, options } = stage;
  const calls = options.quick ? 1000 : 20_000;
  const generator = await stage.generator({ send: false });
  const before = await after(server, generator, options.quick ? 300 : warmUp);
  const then = await after(server, generator, calls);
  const each = (then.heap - before.heap) / calls;
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return [
    {
      id: 'f',
      what: `growth over ${calls} short calls: heap of main process and worker, all garbage collected`,
      found: `heap ${each.toFixed(0)} bytes a call (${mb(before.heap)} to ${mb(then.heap)} MB); resident ${(before.rssKb / 1024).toFixed(0)} to ${(then.rssKb / 1024).toFixed(0)} MB`,
      aim: 'none',
      met: then.failed === 0 && each < slackBytes && then.rssKb < before.rssKb * slackResident,
      note: `${then.failed} calls failed`,
    },
  ];
}

async function after(server: Server, generator: Generator, calls: number) {
  const tally = await generator.ask('place', { calls, perSecond, holdMs });
  await sleep(lingerMs);
  return {
    heap: await server.heap(),
    failed: tally.placed - tally.answered + tally.byesUnanswered,
    ...server.memory(),
  };
}
