// What must hold after a rehearsal, whatever happened in it.
import type { CallEvent } from '../calls/index.ts';
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
  broken.push(...brokenByStatuses(cast), ...brokenByAudio(cast));
  for (const { body, outcome } of cast.asked) if (outcome === undefined) broken.push(`no answer to ${body}`);
  const alive = cast.calls.filter((call) => call.dialog !== undefined && call.ended === undefined).length;
  if (alive > 0) broken.push(`${alive} phones are still in a call`);
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
  return broken;
}

/** An application hears at most one final status of a call, and nothing after it. */
function brokenByStatuses({ programs }: Cast): string[] {
  return [...programs.statuses].flatMap(([sid, statuses]) => {
    const at = statuses.findIndex((status) => finals.has(status));
    return at < 0 || at === statuses.length - 1 ? [] : [`call ${sid} told ${statuses.join(', ')}`];
  });
}

/** One call, one stream of ours: its SSRC stays whatever happens, and no packet is sent twice with different times. */
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
    return [];
  });
}
