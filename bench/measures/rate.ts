// (b) Calls per second: answered with a webhook, a second of prompt, hung up; main, media, application and generator on two cores.
import type { Tally } from '../load/calls.ts';
import type { Row, Stage } from '../subject/bench.ts';
import { cpuMeter } from '../subject/processes.ts';
import { sleep } from '../subject/server.ts';

const aimRate = 200;
/** A rate is not sustained when set-up takes longer than a caller would retransmit. */
const worstSetupP95Ms = 500;

export async function callRate(stage: Stage): Promise<Row[]> {
  const { options, server, application } = stage;
  const generator = await stage.generator({ send: false });
  const rates = options.quick ? [50, 150] : [100, 200, 300, 350, 400, 450, 500];
  const seconds = options.quick ? 6 : 15;
  await generator.ask('place', { calls: 500, perSecond: 50, holdMs: 1000 });
  const told: string[] = [];
  let best = 0;
  options.say(
    'calls/s | failed | setup p50 p95 max ms | BYE p50 max ms | retransmitted | CPU % main worker app generator | CPU ms a call in main',
  );
  for (const rate of rates) {
    const cpu = cpuMeter([server.main, server.workers[0]!, application.pid, generator.pid]);
    const placing = generator.ask('place', { calls: rate * seconds, perSecond: rate, holdMs: 1000 });
    await sleep(seconds * 1000);
    const used = cpu();
    const tally = await placing;
    const failed = failures(tally);
    const sustained = failed === 0 && tally.setup.p95 < worstSetupP95Ms;
    const line = [
      rate,
      failed,
      `${tally.setup.p50.toFixed(1)} ${tally.setup.p95.toFixed(1)} ${tally.setup.max.toFixed(0)}`,
      `${tally.bye.p50.toFixed(1)} ${tally.bye.max.toFixed(0)}`,
      tally.retransmitted,
      used.map((one) => one.toFixed(0)).join(' '),
      (used[0]! / rate / 0.1).toFixed(2),
    ].join(' | ');
    options.say(line);
    told.push(
      `${rate}/s: ${sustained ? 'sustained' : `${failed} failed`}, set-up p50 ${tally.setup.p50.toFixed(1)} ms, main ${used[0]!.toFixed(0)} %, media ${used[1]!.toFixed(0)} %, application ${used[2]!.toFixed(0)} %, generator ${used[3]!.toFixed(0)} % of a core`,
    );
    if (!sustained) break;
    best = rate;
    await sleep(2000);
  }
  return [
    {
      id: 'b',
      what: 'calls per second answered with a webhook, 1 s of prompt, hung up, two cores in all',
      found: best === 0 ? `below ${rates[0]}/s` : `${best}/s`,
      aim: `>= ${aimRate}/s`,
      met: best >= aimRate,
      note: `each call asks its webhook once and sends its statuses to another; ${told.join('; ')}`,
    },
  ];
}

export const failures = (tally: Tally): number =>
  tally.placed - tally.answered + tally.byesUnanswered + tally.endedByServer + tally.silent;
