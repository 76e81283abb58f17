// (c) From PUT to the first packet that it changed, as the caller hears it, at 100 live calls.

import { spread } from '../load/figures.ts';
import type { Row, Stage } from '../subject/bench.ts';
import type { Generator } from '../subject/child.ts';
import { type Server, sleep } from '../subject/server.ts';

const liveCalls = 100;
const aimP50Ms = 25;
const aimP99Ms = 45;
/** Until the packets are alike again after a change. */
const settleMs = 60;
const longestEffectMs = 3000;

interface Update {
  name: string;
  /** On which leg it acts: the caller's, or the one that is bridged to it. */
  leg?: 'child';
  body(turn: number, origin: string): Record<string, unknown>;
  /** Until the effect is over by itself. */
  lastsMs: number;
}

const updates: readonly Update[] = [
  { name: 'boostAudioSignal', body: (turn) => ({ boostAudioSignal: turn % 2 === 0 ? '-6 dB' : '0 dB' }), lastsMs: 0 },
  {
    name: 'call_hook',
    body: (turn, origin) => ({
      call_hook: { url: `${origin}${turn % 2 === 0 ? '/other' : '/prompt'}`, method: 'POST' },
    }),
    lastsMs: 0,
  },
  {
    name: 'whisper',
    body: () => ({ whisper: { verb: 'play', url: 'tone_stream://%(200,0,1000)' } }),
    lastsMs: 260,
  },
];

/** On fifty pairs, whose packets are forwarded until something changes them. */
const bridgedUpdates: readonly Update[] = [
  {
    name: 'mute_status of the other party',
    leg: 'child',
    body: (turn) => ({ mute_status: turn % 2 === 0 ? 'mute' : 'unmute' }),
    lastsMs: 0,
  },
  {
    name: 'whisper on a bridge',
    body: () => ({ whisper: { verb: 'play', url: 'tone_stream://%(200,0,1000)' } }),
    // The next update is another call's; this one's turn comes again after seconds.
    lastsMs: 0,
  },
];

/** Monotonic ms, the same in every process of the machine. */
const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

export async function updateTimes(stage: Stage): Promise<Row[]> {
  const generator = await stage.generator();
  await generator.ask('place', { calls: liveCalls, perSecond: 40, holdMs: 0 });
  await sleep(2000);
  const sids = await callSids(stage.server);
  const ids = await generator.ask('up', null);
  const rows: Row[] = [];
  for (const update of updates) rows.push(await measureOne(stage, update, { generator, sids, ids }));
  await generator.ask('hangup', { perSecond: 100 });
  return [...rows, ...(await onBridges(stage))];
}

/** The same on bridged calls: fifty pairs are a hundred live calls. */
async function onBridges(stage: Stage): Promise<Row[]> {
  const { server, application } = stage;
  const generator = await stage.generator();
  await generator.ask('place', { calls: liveCalls / 2, perSecond: 40, holdMs: 0 });
  await sleep(1000);
  const ids = await generator.ask('up', null);
  const callers = await callSids(server);
  const call_hook = { url: `${application.origin}/dial/${await generator.ask('sipPort', null)}`, method: 'POST' };
  for (const id of ids) await server.api('PUT', callPath(server, callers.get(id)), { call_hook });
  await sleep(2000);
  const sids = await callSids(server);
  const children = await childSids(server);
  if (children.size < ids.length) throw new Error(`only ${children.size} of ${ids.length} calls were bridged`);
  const rows: Row[] = [];
  for (const update of bridgedUpdates)
    rows.push(await measureOne(stage, update, { generator, sids: update.leg === 'child' ? children : sids, ids }));
  await generator.ask('hangup', { perSecond: 100 });
  return rows;
}

interface Calls {
  generator: Generator;
  /** Of the leg to be changed, by the caller's SIP Call-ID. */
  sids: Map<string, string>;
  ids: string[];
}

interface CallRecord {
  call_sid: string;
  call_id: string;
  parent_call_sid?: string;
  call_status: string;
}

const callPath = (server: Server, sid = ''): string => `/Accounts/${server.ready.account_sid}/Calls/${sid}`;

const callRecords = async (server: Server): Promise<CallRecord[]> =>
  (await server.api('GET', `/Accounts/${server.ready.account_sid}/Calls`)) as CallRecord[];

const callSids = async (server: Server): Promise<Map<string, string>> =>
  new Map((await callRecords(server)).map((call) => [call.call_id, call.call_sid]));

/** The dialled legs' names, by their parents' SIP Call-ID. */
async function childSids(server: Server): Promise<Map<string, string>> {
  const records = await callRecords(server);
  const callIds = new Map(records.map((call) => [call.call_sid, call.call_id]));
  const children = records.filter((call) => call.parent_call_sid && call.call_status === 'in-progress');
  return new Map(children.map((call) => [callIds.get(call.parent_call_sid ?? '') ?? '', call.call_sid]));
}

async function measureOne({ server, application, options }: Stage, update: Update, calls: Calls): Promise<Row> {
  const { generator, sids, ids } = calls;
  const samples = options.quick ? 60 : 300;
  const warm = 20;
  const times: number[] = [];
  for (let i = 0; i < samples + warm; i++) {
    const id = ids[i % ids.length]!;
    const watching = generator.ask('change', { id });
    // Two packets for what is heard now, and a moment of any length in the frame.
    await sleep(settleMs + Math.random() * 20);
    const body = update.body(Math.floor(i / ids.length), application.origin);
    const from = monotonic();
    const answered = server.api('PUT', callPath(server, sids.get(id)), body);
    const changed = await Promise.race([watching, sleep(longestEffectMs)]);
    await answered;
    if (changed === undefined) throw new Error(`${update.name}: no packet changed within ${longestEffectMs} ms`);
    if (i >= warm) times.push(changed - from);
    await sleep(update.lastsMs);
  }
  const { p50, p95, p99, max } = spread(times);
  options.say(
    `${update.name}: p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`,
  );
  return {
    id: 'c',
    what: `PUT ${update.name} to the first changed packet at the caller, ${liveCalls} live calls`,
    found: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    aim: `p50 <= ${aimP50Ms} ms, p99 <= ${aimP99Ms} ms`,
    met: p50 <= aimP50Ms && p99 <= aimP99Ms,
    note: `${samples} updates; p95 ${p95.toFixed(1)}, longest ${max.toFixed(1)} ms`,
  };
}
