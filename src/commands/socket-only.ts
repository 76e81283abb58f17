// What the socket has beyond the updates of a live call (live-call-control.md 2.16): a config verb at once, and a new call.
import { Fault, isObject, isRefusal, type Refusal, refusalText } from '../base/index.ts';
import { type Call, runBeside, type Step } from '../calls/index.ts';
import { type Applied, defineSocketCommand, type Target } from './define.ts';
import { badValue, needsMedia, within } from './refusals.ts';

export const socketConfig = defineSocketCommand<Record<string, unknown>>({
  ws: 'config',
  summary: 'Runs a config verb at once, beside the verb that runs.',
  schema: { title: 'the options of a config verb', type: 'object', additionalProperties: true },
  socketExamples: [{ boostAudioSignal: -6 }, { onHoldMusic: 'tone_stream://%(500,0,440)' }],
  refuses: ['options that config would refuse', 'options that change audio, while the call has none'],
  readSocket: (data) => (isObject(data) ? data : badValue('must be the options of a config verb')),
  allowed(target, options) {
    const steps = configSteps(target, options);
    if (isRefusal(steps)) return within('config', { ...steps, path: steps.path?.replace(/^\[0\]\.config\.?/, '') });
    return steps.some(({ needs }) => needs === 'media')
      ? needsMedia({ ...target, leg: target.session.leg })
      : undefined;
  },
  apply(target, options): Applied {
    const steps = configSteps(target, options);
    return isRefusal(steps) ? {} : { effect: configure(target.session, steps) };
  },
});

const configSteps = ({ session }: Target, options: Record<string, unknown>): Step[] | Refusal =>
  session.world.parse([{ ...options, verb: 'config' }]);

async function configure(call: Call, steps: Step[]): Promise<{ at: number }> {
  await runBeside(call, steps);
  return { at: call.clock.now() };
}

export const socketDial = defineSocketCommand<Record<string, unknown>>({
  ws: 'dial',
  summary:
    "Places a new call of the account, as POST Calls does; relative hooks belong to this application's server. A call that cannot be placed is told with jambonz:error.",
  schema: { title: 'the body of POST Calls', type: 'object', additionalProperties: true },
  socketExamples: [{ from: '+15551230000', to: { type: 'sip', sipUri: 'sip:carol@127.0.0.1' }, call_hook: '/called' }],
  readSocket: (data) => (isObject(data) ? data : badValue('must be the body of a new call')),
  allowed: () => undefined,
  apply: ({ session }, body): Applied => ({ effect: placeFrom(session, body) }),
});

/** Resolves when its INVITE is on the way. */
async function placeFrom(call: Call, body: Record<string, unknown>): Promise<{ at: number }> {
  const { accountSid } = call.facts;
  const placed = await call.world.createCall(accountSid, {
    ...body,
    ...absolute(call, 'call_hook', body.call_hook),
    ...absolute(call, 'call_status_hook', body.call_status_hook),
  });
  if (!isRefusal(placed)) return { at: call.clock.now() };
  const details = refusalText(placed);
  call.conversation.notify('jambonz:error', { msg: 'the call of a dial command could not be placed', details });
  throw new Fault(placed.code, details);
}

/** What is no hook is left for who reads the body to refuse. */
function absolute(call: Call, name: string, hook: unknown): Record<string, unknown> {
  const url = isObject(hook) ? hook.url : hook;
  const resolved =
    typeof url === 'string' ? call.conversation.resolve({ ...(isObject(hook) && hook), url }) : undefined;
  return resolved ? { [name]: resolved } : {};
}
