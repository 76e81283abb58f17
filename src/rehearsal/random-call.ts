// A rehearsal from one seed: random verbs, presses, updates and faults on a few calls, then the promises that must hold.

import { type Random, randomInt } from '../base/index.ts';
import type { SimHttpServer } from '../base/sim/index.ts';
import type { PhoneCall } from './phone.ts';
import { appOrigin, Stage } from './stage.ts';

export interface Rehearsed {
  /** Every event of every call, one JSON line each: the same seed gives the same text. */
  log: string;
  /** Promises that were broken; none when all is well. */
  broken: string[];
  virtualMs: number;
}

const calls = 3;
/** What happens in one rehearsal, at the most. */
const acts = 14;

type Json = Record<string, unknown>;

export async function rehearse(seed: number): Promise<Rehearsed> {
  const stage = await Stage.open({ seed });
  const startedAt = stage.clock.now();
  const random = stage.random;
  const statuses = new Map<string, string[]>();
  const server = stage.net.serveHttp(appOrigin, (request) => {
    const body = request.method === 'POST' ? (request.json() as Json) : {};
    if (request.path !== '/status')
      return { body: JSON.stringify(randomApplication(random)), headers: { 'content-type': 'application/json' } };
    const list = statuses.get(String(body.call_sid)) ?? [];
    list.push(String(body.call_status));
    statuses.set(String(body.call_sid), list);
    return {};
  });
  stage.net.link(
    {},
    { delayMs: 5, jitterMs: 15, lossRate: random.next() * 0.15, duplicateRate: 0.03, reorderRate: 0.03 },
  );
  const hook = (path: string) => ({ url: appOrigin + path, method: 'POST', username: null, password: null });
  const app = await stage.application({ call_hook: hook('/'), call_status_hook: hook('/status') });
  const phone = await stage.phone();
  const live: PhoneCall[] = [];
  for (let i = 0; i < calls; i++) live.push(await phone.call(stage.uriOf(app)));
  for (let i = 0; i < acts; i++) {
    await stage.clock.runFor(randomInt(random, 3_000));
    await act(stage, live[randomInt(random, calls)]!, server);
  }
  server.state = 'up';
  for (const call of live) void call.hangup();
  await stage.clock.runFor(90_000);
  const left = await stage.close();
  return {
    log: stage.events.map((e) => JSON.stringify(e)).join('\n'),
    broken: brokenPromises(stage, left),
    virtualMs: stage.clock.now() - startedAt,
  };
}

/** One thing that a caller, an operator or bad luck does. */
async function act(stage: Stage, call: PhoneCall, server: SimHttpServer): Promise<void> {
  const { random } = stage;
  const sid = call.finalResponse?.header('X-Call-Sid');
  const dice = randomInt(random, 10);
  if (dice === 0) server.state = (['refusing', 'hanging', 'garbage', 'resetting'] as const)[randomInt(random, 4)]!;
  else if (dice === 1) server.state = 'up';
  else if (dice === 2) void call.hangup();
  else if (dice <= 4) call.press('0123456789*#'[randomInt(random, 12)]!);
  else if (sid !== undefined)
    void stage.house.calls.update(stage.account.account_sid, sid, randomUpdate(random), { wait: random.next() < 0.3 });
}

const tone = (random: Random): string =>
  `tone_stream://%(${200 + randomInt(random, 3_000)},0,${300 + randomInt(random, 900)})`;

function randomApplication(random: Random): Json[] {
  const verbs: (() => Json)[] = [
    () => ({
      verb: 'play',
      url: tone(random),
      loop: 1 + randomInt(random, 2),
      ...(random.next() < 0.5 && { actionHook: '/played' }),
    }),
    () => ({
      verb: 'gather',
      actionHook: '/digits',
      numDigits: 1 + randomInt(random, 3),
      timeout: 1 + randomInt(random, 5),
      play: { url: tone(random) },
    }),
    () => ({ verb: 'pause', length: randomInt(random, 3) }),
    () => ({ verb: 'tag', data: { n: randomInt(random, 100) } }),
    () => ({ verb: 'dtmf', dtmf: String(randomInt(random, 1_000)), duration: 100 }),
    () => ({ verb: 'redirect', actionHook: '/next' }),
    () => ({ verb: 'config', boostAudioSignal: randomInt(random, 20) - 10 }),
    () => ({ verb: 'sip:request', method: 'INFO', body: 'x', actionHook: '/requested' }),
    () => ({ verb: 'hangup' }),
    () => ({ verb: 'sip:decline', status: 486 }),
    () => ({ verb: 'play', url: 'nonsense' }),
  ];
  return Array.from({ length: 1 + randomInt(random, 4) }, () => verbs[randomInt(random, verbs.length)]!());
}

function randomUpdate(random: Random): Json {
  const updates: (() => Json)[] = [
    () => ({ call_hook: '/next' }),
    () => ({ mute_status: random.next() < 0.5 ? 'mute' : 'unmute' }),
    () => ({ boostAudioSignal: randomInt(random, 30) - 15 }),
    () => ({ dtmf: { digit: '1' } }),
    () => ({ tag: { t: randomInt(random, 10) } }),
    () => ({ whisper: { verb: 'play', url: tone(random) } }),
    () => ({ sip_request: { method: 'INFO', content_type: 'text/plain', content: 'x' } }),
    () => ({ call_status: random.next() < 0.5 ? 'completed' : 'no-answer' }),
    () => ({ nonsense: true }),
  ];
  return updates[randomInt(random, updates.length)]!();
}

const finals = new Set(['completed', 'busy', 'no-answer', 'failed']);

function brokenPromises(stage: Stage, left: Record<string, number>): string[] {
  const broken = Object.entries(left)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${count} ${what} left open`);
  const sids = new Set(stage.events.map((e) => e.callSid));
  for (const sid of sids) {
    const last = stage.eventsOf(sid, 'status').filter((e) => finals.has(String(e.status)));
    if (last.length !== 1) broken.push(`call ${sid} has ${last.length} final statuses`);
    if (stage.eventsOf(sid, 'ended').length !== 1) broken.push(`call ${sid} did not end once`);
    const bugs = stage.eventsOf(sid, 'error').filter((e) => String(e.what).startsWith('internal error'));
    for (const bug of bugs) broken.push(`call ${sid}: ${bug.what}: ${bug.reason}`);
    if (stage.eventsOf(sid, 'command-refused').some((e) => !e.reason))
      broken.push(`call ${sid} refused an update without a reason`);
  }
  return broken;
}
