// call_hook and child_call_hook: what these hooks answer replaces the application, or is run by the dialled leg on its own.
// The socket may also bring the verbs with it (`redirect`). live-call-control.md 2.2.
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { HookInput } from '../calls/index.ts';
import { defineCommand, type Target } from './define.ts';
import { hookSchema, readHook } from './hook.ts';
import { type Course, fetchAndTurn, turnTo } from './redirecting.ts';
import { badValue, needsAnswer, within } from './refusals.ts';
import { strangePath } from './strange.ts';

/** Hooks to ask, or verbs to run; for the caller's call, the leg it dialled, or both. */
export type Redirect =
  | { hook?: HookInput; statusHook?: HookInput; childHook?: HookInput }
  | { verbs?: unknown[]; childVerbs?: unknown[]; queue: boolean };

export const redirect = defineCommand<Redirect>({
  rest: 'call_hook',
  ws: 'redirect',
  companions: ['call_status_hook'],
  alongside: ['child_call_hook'],
  summary:
    'Asks this hook for verbs that replace the running application. With call_status_hook, statuses go there from now on. With child_call_hook both are asked together, and nothing changes when one fails.',
  schema: hookSchema,
  companionSchemas: { call_status_hook: hookSchema },
  examples: [
    { call_hook: 'https://example.com/next' },
    { call_hook: { url: '/next', method: 'POST' }, call_status_hook: '/status' },
  ],
  socketExamples: [
    [{ verb: 'say', text: 'We close now. Good night.' }, { verb: 'hangup' }],
    { parent_call: [{ verb: 'say', text: 'You are with us alone now.' }] },
  ],
  refuses: ['422 while an outbound call rings: its application begins with the answer'],
  read(value, body) {
    const hook = readHook(value);
    if (isRefusal(hook)) return hook;
    const statusHook = body.call_status_hook === undefined ? undefined : readHook(body.call_status_hook);
    if (isRefusal(statusHook)) return within('call_status_hook', statusHook);
    // What is wrong with it child_call_hook itself says.
    const childHook = body.child_call_hook === undefined ? undefined : readHook(body.child_call_hook);
    return {
      hook,
      ...(statusHook !== undefined && { statusHook }),
      ...(childHook !== undefined && !isRefusal(childHook) && { childHook }),
    };
  },
  readSocket: readSocketRedirect,
  allowed: redirectAllowed,
  apply: applyRedirect,
});

export const childRedirect = defineCommand<Redirect>({
  rest: 'child_call_hook',
  ws: 'child:redirect',
  alongside: ['call_hook'],
  summary:
    'Asks this hook for verbs that the dialled leg runs as a call of its own; it survives. Without call_hook the dial ends, and its action hook decides what the caller hears next.',
  schema: hookSchema,
  needs: 'a bridge',
  examples: [{ child_call_hook: '/child' }],
  refuses: ['422 when the bridge was not made by a dial of this call: of a queue nobody is a child'],
  read(value, body) {
    const childHook = readHook(value);
    if (isRefusal(childHook)) return childHook;
    // call_hook asks both.
    return body.call_hook === undefined ? { childHook } : {};
  },
  allowed: redirectAllowed,
  apply: applyRedirect,
});

const hookFields = { call_hook: 'hook', call_status_hook: 'statusHook', child_call_hook: 'childHook' } as const;
const verbFields = { parent_call: 'verbs', child_call: 'childVerbs' } as const;

/** An array of verbs for this call, or an object: hooks as over REST, or the verbs themselves. */
function readSocketRedirect(data: unknown, { queue }: { queue: boolean }): Redirect | Refusal {
  if (Array.isArray(data)) return { verbs: data, queue };
  if (!isObject(data)) return badValue('must be an array of verbs, or an object');
  const named = Object.keys(data);
  const stranger = named.find((name) => !(name in hookFields || name in verbFields));
  if (stranger !== undefined) return badValue('redirect has no such field', stranger);
  const [lists, hooks] = [named.filter((name) => name in verbFields), named.filter((name) => name in hookFields)];
  if (lists[0] !== undefined && hooks[0] !== undefined) return badValue(`must not stand beside ${lists[0]}`, hooks[0]);
  if (lists.length > 0) return readVerbs(data);
  if (data.call_status_hook !== undefined && data.call_hook === undefined)
    return badValue('belongs to call_hook', 'call_status_hook');
  return hooks.length > 0
    ? readHooks(data)
    : badValue('must be an array of verbs, or an object with call_hook, child_call_hook, parent_call or child_call');
}

function readVerbs(data: Record<string, unknown>): Redirect | Refusal {
  const read: Redirect = { queue: false };
  for (const [name, key] of Object.entries(verbFields)) {
    const verbs = data[name];
    if (verbs === undefined) continue;
    if (!Array.isArray(verbs)) return badValue('must be an array of verbs', name);
    read[key] = verbs;
  }
  return read;
}

function readHooks(data: Record<string, unknown>): Redirect | Refusal {
  const read: Redirect = {};
  for (const [name, key] of Object.entries(hookFields)) {
    if (data[name] === undefined) continue;
    const strange = strangePath(hookSchema, data[name]);
    const hook = strange === undefined ? readHook(data[name]) : badValue('no such field', strange);
    if (isRefusal(hook)) return within(name, hook);
    read[key] = hook;
  }
  return read;
}

function redirectAllowed({ session }: Target, value: Redirect): Refusal | undefined {
  // Verbs need somebody to hear them: the application of an outgoing call starts with its answer.
  const early = session.facts.direction === 'outbound' ? needsAnswer(session) : undefined;
  if (early) return early;
  const forChild = 'queue' in value ? value.childVerbs : value.childHook;
  if (forChild !== undefined && !session.parts.get('dial')?.selected())
    return refuse('no-child', 'no dialled leg is connected with this call');
  if (!('queue' in value)) return undefined;
  for (const verbs of [value.verbs, value.childVerbs]) {
    const steps = verbs && session.world.parse(verbs);
    if (isRefusal(steps)) return steps;
    if (value.queue && steps && steps.length > session.program.room)
      return refuse('queue-full', 'too many verbs wait in this call already');
  }
  return undefined;
}

function applyRedirect({ session }: Target, value: Redirect): { effect?: Promise<{ at: number }> } {
  if (!('queue' in value)) {
    if (value.hook === undefined && value.childHook === undefined) return {};
    return { effect: fetchAndTurn(session, value, ++session.redirects.asked) };
  }
  const [steps, childSteps] = [value.verbs, value.childVerbs].map((verbs) => verbs && session.world.parse(verbs));
  if (isRefusal(steps) || isRefusal(childSteps)) return {};
  if (value.queue && steps && session.program.running) {
    session.program.append(steps);
    return {};
  }
  const course: Course = {
    order: ++session.redirects.asked,
    queue: value.queue,
    ...(steps && { answer: { kind: 'verbs', steps } }),
    ...(childSteps && { child: childSteps }),
  };
  return { effect: turnTo(session, course) };
}
