// call_hook: what this hook answers replaces the application. The socket may also bring the verbs with it (`redirect`).
import { errorText, isRefusal, type Refusal, refusalText } from '../base/index.ts';
import type { Call, HookInput } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { hookSchema, readHook } from './hook.ts';
import { badValue, isObject } from './refusals.ts';

type Redirect = { hook: HookInput; statusHook?: HookInput } | { verbs: unknown[]; queue: boolean };

export const redirect = defineCommand<Redirect>({
  rest: 'call_hook',
  ws: 'redirect',
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
  allowed({ call }, value) {
    if (!('verbs' in value)) return undefined;
    const steps = call.world.parse(value.verbs);
    return isRefusal(steps) ? steps : undefined;
  },
  apply({ call }, value) {
    if (!('verbs' in value)) return { effect: fetchAndReplace(call, value) };
    const steps = call.world.parse(value.verbs);
    if (isRefusal(steps)) return {};
    const effect = nextAudible(call);
    if (value.queue) call.program.append(steps);
    else call.run(steps);
    return { effect };
  },
});

async function fetchAndReplace(
  call: Call,
  { hook, statusHook }: { hook: HookInput; statusHook?: HookInput },
): Promise<{ at: number }> {
  try {
    const answer = await call.askRedirect(hook);
    const effect = nextAudible(call);
    call.turn('redirected', () => {
      if (statusHook !== undefined) call.conversation.setStatusHook(statusHook);
      if (answer.kind === 'nothing') call.program.skip('redirected to nothing');
      else if (answer.kind === 'empty') call.run([]);
      else if (answer.kind === 'other') refuseAnswer(call, badValue('the hook must answer with an array of verbs'));
      else if (answer.kind === 'invalid') refuseAnswer(call, answer.refusal);
      else call.applyAnswer(answer);
    });
    return await effect;
  } catch (error) {
    call.alert('error-updating-call', `call_hook: ${errorText(error)}`);
    throw error;
  }
}

/** The application stays as it was; the account and the application hear why (live-call-control.md 2.2). */
function refuseAnswer(call: Call, refusal: Refusal): void {
  call.conversation.refused(refusal);
  call.alert('error-updating-call', `call_hook: ${refusalText(refusal)}`);
}

/** When the far end hears the change: the next packet of a new prompt, or the end of what ran. */
function nextAudible(call: Call): Promise<{ at: number }> {
  return call.events
    .next(['play-started', 'verb-finished', 'ended'])
    .then((event) => ({ at: typeof event.packet_at === 'number' ? event.packet_at : event.at }));
}
