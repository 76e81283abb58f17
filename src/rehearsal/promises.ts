// What must hold after a rehearsal, whatever happened in it.
import type { CallEvent } from '../calls/index.ts';
import type { HeardPacket } from './phone-audio.ts';
import type { Cast } from './random-call.ts';
import type { Stage } from './stage.ts';

const finals = new Set(['completed', 'busy', 'no-answer', 'failed']);

/** What ends a call with its verb by contract: a redirect that leads nowhere, and an application that goes round in circles. */
const deserved = ({ what, reason }: CallEvent): boolean =>
  what === 'redirect failed' || /goes round in circles/.test(String(reason));

/** Every promise that was broken, in words. `left`: what the stage found open when all was over. */
export function brokenPromises(cast: Cast, left: Record<string, number>): string[] {
  const { stage } = cast;
  const broken = Object.entries(left)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${count} ${what} left open`);
  for (const sid of new Set(stage.events.map((e) => e.callSid))) {
    broken.push(...brokenByCall(stage, sid).map((text) => `call ${sid} ${text}`));
  }
  broken.push(...brokenByStatuses(cast), ...brokenByAudio(cast), ...brokenByAnswers(cast), ...brokenBySip(cast));
  broken.push(...(cast.watch?.lost ?? []));
  for (const { type, message, callSid } of stage.alerts)
    if (message.trim() === '') broken.push(`call ${callSid}: an alert ${type} that says nothing`);
  const alive = cast.calls.filter((call) => call.dialog !== undefined && call.ended === undefined).length;
  if (alive > 0) broken.push(`${alive} phones are still in a call`);
  const sessions = cast.recorders.reduce((sum, recorder) => sum + recorder.sessions, 0);
  if (sessions > 0) broken.push(`${sessions} sessions with recording servers are left`);
  return broken;
}

/** `?wait=true` is answered when the effect is there, or when it is late; without it nothing is waited for but a far end's answer. */
const longestWaitMs = 15_000;
const longestAnswerMs = 40_000;

function brokenByAnswers({ asked }: Cast): string[] {
  return asked.flatMap(({ body, wait, at, outcome, answeredAt }) => {
    if (outcome === undefined || answeredAt === undefined) return [`no answer to ${JSON.stringify(body)}`];
    const longest = wait && body.sip_request === undefined ? longestWaitMs : longestAnswerMs;
    const broken =
      answeredAt - at > longest ? [`${JSON.stringify(body)} was answered after ${answeredAt - at} ms`] : [];
    return /^refused: *$/.test(outcome) ? [...broken, `${JSON.stringify(body)} was refused without a reason`] : broken;
  });
}

/** What a request may need to arrive in spite of loss. */
const stoppingMs = 2_000;
/** Final responses of a phone that we may miss. */
const mostRepeats = 5;

function brokenBySip({ wires, stoppedAt = Number.POSITIVE_INFINITY, calls }: Cast): string[] {
  const broken: string[] = [];
  for (const { what, at, answered } of wires.theirs.values())
    if (!answered && at < stoppedAt - stoppingMs) broken.push(`a phone's ${what} was not answered`);
  for (const { what, repeats } of wires.ours.values())
    if (repeats > mostRepeats) broken.push(`our ${what} came again ${repeats} times after its answer`);
  for (const { ended, sid } of calls)
    if (ended?.by === 'fault' && stoppedAt === Number.POSITIVE_INFINITY)
      broken.push(`the phone of call ${sid} gave up: ${ended.fault.message}`);
  return broken;
}

function brokenByCall(stage: Stage, sid: string): string[] {
  const broken: string[] = [];
  const last = stage.eventsOf(sid, 'status').filter((e) => finals.has(String(e.status)));
  if (last.length !== 1) broken.push(`has ${last.length} final statuses`);
  if (stage.eventsOf(sid, 'ended').length !== 1) broken.push('did not end once');
  for (const error of stage.eventsOf(sid, 'error')) {
    const { what, reason } = error;
    const bug = String(what).startsWith('internal error');
    if (bug || (/ failed$/.test(String(what)) && !deserved(error))) broken.push(`${what}: ${reason}`);
  }
  if (stage.eventsOf(sid, 'command-refused').some((e) => !e.reason)) broken.push('refused an update without a reason');
  const started = stage.eventsOf(sid, 'verb-started').length;
  const over = stage.eventsOf(sid, 'verb-finished').length + stage.eventsOf(sid, 'verb-killed').length;
  const crashed = stage.eventsOf(sid, 'error').filter((e) => / failed$/.test(String(e.what))).length;
  if (started > over + crashed) broken.push(`started ${started} verbs, and ${over + crashed} came to an end`);
  broken.push(...openHooks(stage, sid), ...openRecordings(stage, sid), ...openDetection(stage, sid));
  return broken;
}

/** Every hook that was asked was answered, or failed; what is told and not asked may be cut off by the call's end. */
function openHooks(stage: Stage, sid: string): string[] {
  const open = new Map<string, number>();
  for (const { type, hook, url, msgid } of stage.eventsOf(sid)) {
    if (typeof hook !== 'string' || oneWay.has(hook) || told.test(String(url))) continue;
    const key = `${hook} ${url} ${msgid ?? ''}`;
    open.set(key, (open.get(key) ?? 0) + (type === 'hook-sent' ? 1 : -1));
  }
  return [...open].filter(([, count]) => count > 0).map(([key]) => `asked ${key} and noted no outcome`);
}

const oneWay = new Set(['call:status', 'recording:status', 'verb:status', 'jambonz:error']);
/** Paths of hooks that a socket is told of and never answers. */
const told = /^ws.*\/(room|heard|partial|captured|refer-event)$/;

/** Every recording that began ended and was stored, or failed and said why. */
function openRecordings(stage: Stage, sid: string): string[] {
  const count = (what: string): number =>
    stage.eventsOf(sid, 'recording').filter((e) => e.what === what && e.of === undefined).length;
  const [started, over] = [count('started'), count('stored') + count('failed')];
  return started > over ? [`started ${started} recordings and ${over} were stored or failed`] : [];
}

/** What was to be found out about who answered came to an end, once. */
function openDetection(stage: Stage, sid: string): string[] {
  const count = (what: string): number => stage.eventsOf(sid, 'amd').filter((e) => e.what === what).length;
  const [started, stopped] = [count('started'), count('stopped')];
  return started === stopped ? [] : [`started amd ${started} times and stopped it ${stopped} times`];
}

/** An application hears of at most one final status of a call, and nothing after it; of exactly one when it never fails. */
function brokenByStatuses({ programs, stage, calm }: Cast): string[] {
  const broken = [...programs.statuses].flatMap(([sid, statuses]) => {
    const at = statuses.findIndex((status) => finals.has(status));
    return at < 0 || at === statuses.length - 1 ? [] : [`call ${sid} told ${statuses.join(', ')}`];
  });
  const untold = new Set(calm ? stage.events.map(({ callSid }) => callSid) : []);
  for (const [sid, statuses] of programs.statuses) if (statuses.some((one) => finals.has(one))) untold.delete(sid);
  return [...broken, ...[...untold].map((sid) => `no application was told of the end of call ${sid}`)];
}

/** One call, one stream of ours: its SSRC stays whatever happens, no packet is sent twice with different times, no time goes back. */
function brokenByAudio({ calls }: Cast): string[] {
  // Phones whose media goes directly hear each other's own.
  const phones = new Set(calls.map(({ audio }) => audio.ssrc));
  return calls.flatMap(({ audio }) => {
    const ours = audio.heard.filter(({ ssrc }) => !phones.has(ssrc));
    const streams = new Set(ours.map((p) => p.ssrc));
    if (streams.size > 1) return [`a phone heard ${streams.size} streams in one call`];
    const times = new Map<number, number>();
    for (const { sequence, timestamp } of ours) {
      if ((times.get(sequence) ?? timestamp) !== timestamp) return [`packet ${sequence} was sent with two times`];
      times.set(sequence, timestamp);
    }
    return backwards(ours);
  });
}

/** In the order of their numbers, which a call is too short to run through twice. */
function backwards(packets: readonly HeardPacket[]): string[] {
  const first = packets[0];
  if (!first) return [];
  const behind = (n: number): number => ((n - first.sequence + 0x8000) & 0xffff) - 0x8000;
  const sorted = [...packets].sort((a, b) => behind(a.sequence) - behind(b.sequence));
  for (const [i, { sequence, timestamp }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before && sequence !== before.sequence && ((timestamp - before.timestamp) | 0) <= 0)
      return [`packet ${sequence} is earlier than the one before it`];
  }
  return [];
}
