// whisper: say or play to the addressed leg only, over whatever it hears; a running prompt pauses and goes on, a bridge is covered.
import { Fault, isObject, isRefusal, type Refusal, refusalText, refuse } from '../base/index.ts';
import type { Answer, Call, HookInput, Step } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { readHook } from './hook.ts';
import { badValue, joinPath, needsListener } from './refusals.ts';

type Whisper = { verbs: unknown[]; listed: boolean } | { hook: HookInput };

const speakers = new Set(['say', 'play']);
const most = 10;

export const whisper = defineCommand<Whisper>({
  rest: 'whisper',
  ws: 'whisper',
  summary:
    'Says or plays something to the addressed leg only, over what it hears; the verbs, or a hook that answers them. May stand beside another field.',
  schema: {
    oneOf: [
      { title: 'a say or play verb', type: 'object', additionalProperties: true },
      {
        title: `a list of 1 to ${most} of them`,
        type: 'array',
        items: { type: 'object', additionalProperties: true },
        minItems: 1,
        maxItems: most,
      },
      { title: 'a hook that answers them', type: 'string', minLength: 1 },
    ],
  },
  refuses: ['400 verbs other than say and play', '422 when too many whispers wait for this leg already'],
  needs: 'audio',
  examples: [
    { whisper: { verb: 'say', text: 'The caller is waiting.' } },
    { whisper: [{ verb: 'play', url: 'tone_stream://%(200,0,440)' }] },
    { whisper: 'https://example.com/whisper' },
  ],
  read(value) {
    if (typeof value === 'string' || isHookObject(value)) {
      const hook = readHook(value);
      return isRefusal(hook) ? hook : { hook };
    }
    const list = Array.isArray(value) ? value : [value];
    if (list.length === 0 || list.length > most) return badValue(`must be one to ${most} verbs`);
    const bad = list.findIndex((item) => !isObject(item) || !speakers.has(String(item.verb ?? Object.keys(item)[0])));
    return bad < 0
      ? { verbs: list, listed: Array.isArray(value) }
      : badValue('must be a say or play verb', Array.isArray(value) ? `[${bad}]` : undefined);
  },
  allowed(target, value) {
    if ('verbs' in value) {
      const steps = target.call.world.parse(value.verbs);
      if (isRefusal(steps)) return { ...steps, http: 400, path: pathIn(value, steps.path) };
    }
    if (target.call.whispers.full) return refuse('whispers-full', 'too many whispers wait for this leg already');
    return needsListener(target);
  },
  apply({ call }, value) {
    if ('hook' in value) return { effect: ask(call, value.hook) };
    const steps = call.world.parse(value.verbs);
    return isRefusal(steps) ? {} : { effect: call.whispers.speak(steps) };
  },
});

/** The verbs' path in the update. */
function pathIn({ listed }: { listed: boolean }, path = ''): string {
  const [, index = '', rest = ''] = /^(\[\d+\])(.*)$/.exec(path) ?? [];
  return joinPath('whisper', listed ? index + rest : rest.slice(1));
}

const isHookObject = (value: unknown): boolean => isObject(value) && value.verb === undefined && 'url' in value;

async function ask(call: Call, hook: HookInput): Promise<{ at: number }> {
  const answer = await call.conversation.ask('verb:hook', hook, call.payload());
  if (call.ended) throw new Fault('call-gone', 'the call has ended');
  const steps = stepsIn(call, answer);
  if (!isRefusal(steps)) return call.whispers.speak(steps);
  call.conversation.refused(steps);
  throw new Fault('whisper-invalid', refusalText(steps));
}

/** As in the update itself: a list of verbs, or one alone. */
function stepsIn(call: Call, answer: Answer): Step[] | Refusal {
  if (answer.kind === 'invalid') return answer.refusal;
  const steps = answer.kind === 'other' && isObject(answer.value) ? call.world.parse([answer.value]) : undefined;
  if (isRefusal(steps)) return steps;
  if (steps) return whispered(steps);
  return answer.kind === 'verbs'
    ? whispered(answer.steps)
    : refuse('no-verbs', 'the hook answered with nothing to whisper');
}

function whispered(steps: Step[]): Step[] | Refusal {
  const bad = steps.findIndex((step) => !speakers.has(step.name));
  if (bad >= 0 || steps.length > most)
    return refuse('verb-not-here', `only say and play, ${most} at most, can be whispered`, {
      path: `[${Math.max(0, bad)}]`,
    });
  return steps;
}
