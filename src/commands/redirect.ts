// call_hook: what this hook answers replaces the application. The socket may also bring the verbs with it (`redirect`).
import { Fault, isObject, isRefusal, refusalText, refuse } from '../base/index.ts';
import { type Answer, type Call, type CallEvent, finalStatuses, type HookInput } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { hookSchema, readHook } from './hook.ts';
import { badValue, needsAnswer } from './refusals.ts';

type Redirect = { hook: HookInput; statusHook?: HookInput } | { verbs: unknown[]; queue: boolean };

export const redirect = defineCommand<Redirect>({
  rest: 'call_hook',
  ws: 'redirect',
  needs: 'an answered call',
  companions: ['call_status_hook'],
  summary:
    'Asks this hook for verbs that replace the running application. With call_status_hook, statuses go there from now on.',
  schema: hookSchema,
  companionSchemas: { call_status_hook: hookSchema },
  examples: [
    { call_hook: 'https://example.com/next' },
    { call_hook: { url: '/next', method: 'POST' }, call_status_hook: '/status' },
  ],
  read(value, body) {
    const hook = readHook(value);
    if (isRefusal(hook)) return hook;
    if (body.call_status_hook === undefined) return { hook };
    const statusHook = readHook(body.call_status_hook);
    return isRefusal(statusHook) ? { ...statusHook, path: 'call_status_hook' } : { hook, statusHook };
  },
  readSocket(data, { queue }) {
    if (Array.isArray(data)) return { verbs: data, queue };
    if (isObject(data) && Array.isArray(data.parent_call)) return { verbs: data.parent_call, queue: false };
    if (!isObject(data) || data.call_hook === undefined)
      return badValue('must be an array of verbs, or an object with call_hook');
    const hook = readHook(data.call_hook);
    return isRefusal(hook) ? hook : { hook };
  },
  allowed(target, value) {
    const { call } = target;
    // Verbs need somebody to hear them: the application of an outgoing call starts with its answer.
    const early = call.facts.direction === 'outbound' ? needsAnswer(target) : undefined;
    if (early || !('verbs' in value)) return early;
    const steps = call.world.parse(value.verbs);
    if (isRefusal(steps)) return steps;
    return value.queue && steps.length > call.program.room
      ? refuse('queue-full', 'too many verbs wait in this call already')
      : undefined;
  },
  apply({ call }, value) {
    const order = ++call.redirects.asked;
    if (!('verbs' in value)) return { effect: fetchAndReplace(call, value, order) };
    const steps = call.world.parse(value.verbs);
    if (isRefusal(steps)) return {};
    if (value.queue && call.program.running) {
      call.program.append(steps);
      return {};
    }
    const effect = nextAudible(call);
    if (value.queue) call.program.append(steps);
    else replace(call, { kind: 'verbs', steps }, order);
    return { effect };
  },
});

/** While the hook thinks, running out of verbs does not end the call: its answer decides. */
async function fetchAndReplace(
  call: Call,
  { hook, statusHook }: { hook: HookInput; statusHook?: HookInput },
  order: number,
): Promise<{ at: number }> {
  call.redirects.waiting++;
  const answer = await call.askRedirect(hook).catch((error: unknown) => ({ error }));
  return new Promise((resolve, reject) => {
    const over = !call.turn('redirected', () => {
      call.redirects.waiting--;
      const failure = 'error' in answer ? answer.error : refusalOf(call, answer, order);
      if (failure !== undefined) {
        reject(failure);
        return call.endIfIdle();
      }
      if (statusHook !== undefined) call.conversation.setStatusHook(statusHook);
      resolve(nextAudible(call));
      replace(call, answer as Answer, order);
    });
    if (over) reject(new Fault('call-gone', 'the call has ended'));
  });
}

/** Why this answer is not applied; the application stays as it was (live-call-control.md 2.2). */
function refusalOf(call: Call, answer: Answer, order: number): Fault | undefined {
  if (call.ended) return new Fault('call-gone', 'the call has ended');
  if (order < call.redirects.applied) return new Fault('redirect-overtaken', 'a later redirect was applied before it');
  if (answer.kind !== 'other' && answer.kind !== 'invalid') return undefined;
  const refusal = answer.kind === 'invalid' ? answer.refusal : badValue('the hook must answer with an array of verbs');
  call.conversation.refused(refusal);
  return new Fault('redirect-invalid', refusalText(refusal));
}

function replace(call: Call, answer: Answer, order: number): void {
  call.redirects.applied = order;
  if (answer.kind === 'nothing') call.program.skip('redirected to nothing');
  else call.run(answer.kind === 'verbs' ? answer.steps : []);
}

/** When the far end hears the change: the next packet of a new prompt, or when a verb without sound begins in its place. */
async function nextAudible(call: Call): Promise<{ at: number }> {
  const { packet_at: packetAt, at } = await call.events.next(isHeard);
  return { at: typeof packetAt === 'number' ? packetAt : at };
}

function isHeard({ type, layer, audible, status }: CallEvent): boolean {
  if (type === 'play-started') return layer === 'prompt';
  if (type === 'verb-started') return audible === false;
  return type === 'verb-finished' || type === 'ended' || (type === 'status' && finalStatuses.has(String(status)));
}
