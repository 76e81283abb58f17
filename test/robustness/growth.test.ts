// Thousands of short calls leave nothing: no heap, timer, scope, socket, port or record beyond the ended calls that are kept on purpose.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { openScopes } from '../../src/base/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { bytesPerCall } from '../kit/growth.ts';
import { openLive } from '../kit/live.ts';
import { scene, toneUrl } from '../kit/scene.ts';
import { pause, until } from '../kit/until.ts';

/** More than the ended calls that the API still shows (calls/limits.ts), so that their table is full. */
const fullTable = 2_100;
/** A call that is not let go of holds 20 KB and more, its event log alone several; collecting is exact to some hundred bytes a call. */
const mostBytes = 1_000;

const prompt = { verb: 'play', url: toneUrl(440, 100), actionHook: '/played' };

test('3,100 short calls on the virtual clock leave no bytes, timers, scopes or sockets', async (t) => {
  const s = await scene({ '/': [prompt, { verb: 'tag', data: { a: 1 } }, { verb: 'hangup' }], '/played': undefined });
  const { stage } = s;
  const phone = await stage.phone('short');
  const uri = stage.uriOf(s.app);
  const run = async (calls: number): Promise<void> => {
    for (let done = 0; done < calls; done += 20) {
      const batch: PhoneCall[] = [];
      for (let i = 0; i < 20; i++) batch.push(await phone.call(i % 4 ? uri : `${uri};transport=tcp`));
      await stage.clock.runFor(500);
      for (const call of batch) assert.equal(call.ended?.by, 'remote');
      s.hooks.length = 0;
      stage.events.length = 0;
    }
  };
  const counts = () => ({
    ...stage.net.open(),
    timers: stage.clock.pendingTimers,
    scopes: openScopes(),
    ports: stage.media.stats().ports,
    live: stage.house.directory.size,
    listed: stage.house.directory.list(stage.account.account_sid).length,
    transactions: stage.house.sip.stats().transactions,
    dialogs: stage.house.sip.stats().dialogs,
  });
  const looks: ReturnType<typeof counts>[] = [];
  const settle = async (): Promise<void> => {
    await stage.clock.runFor(70_000);
    s.hooks.length = 0;
    stage.events.length = 0;
    looks.push(counts());
  };
  const bytes = await bytesPerCall({ warm: fullTable, calls: 1_000, run, settle });
  t.diagnostic(`${bytes.toFixed(0)} bytes a call; ${JSON.stringify(looks[1])}`);
  assert.deepEqual(looks[1], looks[0]);
  assert.ok(bytes < mostBytes, `${bytes} bytes a call`);
  await s.end();
});

type Counts = { scopes: number; here: number; worker: number };

/** What is counted once nothing closes any more: a phone's sockets go a moment after its call. */
async function steady(counts: () => Counts): Promise<Counts> {
  for (let last = counts(); ; ) {
    await pause(500);
    const now = counts();
    if (JSON.stringify(now) === JSON.stringify(last)) return now;
    last = now;
  }
}

const openFiles = (pid: number | 'self'): number => readdirSync(`/proc/${pid}/fd`).length;

test('400 short calls on real sockets leave no descriptor, port or scope in server and worker', async (t) => {
  const live = await openLive({ replies: { '/': [prompt, { verb: 'hangup' }] } });
  t.after(() => live.end());
  const [worker] = live.server.pids.workers;
  const run = async (calls: number): Promise<void> => {
    for (let done = 0; done < calls; done += 20) {
      const batch = await Promise.all(Array.from({ length: 20 }, (_, i) => live.dial('/', i % 4 ? 'udp' : 'tcp')));
      await Promise.all(batch.map((call) => call.over));
    }
    await until(() => live.server.house.directory.size === 0, { what: 'the calls to be gone' });
  };
  const counts = () => ({ scopes: openScopes(), here: openFiles('self'), worker: openFiles(worker!) });
  await run(100);
  const before = await steady(counts);
  await run(400);
  const noMore = (now: Counts): boolean =>
    (Object.keys(now) as (keyof Counts)[]).every((key) => now[key] <= before[key]);
  await until(() => noMore(counts()), {
    what: () => `nothing to be left: ${JSON.stringify(before)} before, ${JSON.stringify(counts())} after`,
  });
  assert.match(
    await (await fetch(`http://127.0.0.1:${live.server.http.port}/metrics`)).text(),
    /^\S*media_ports\S* 0$/m,
  );
  t.diagnostic(JSON.stringify(before));
});
