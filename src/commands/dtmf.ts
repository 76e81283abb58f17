// dtmf: sends digits to the addressed leg: RFC 4733 where agreed, else INFO, else tones.
import { isObject, refuse } from '../base/index.ts';
import { defineCommand } from './define.ts';
import { badValue, needsAnswer, needsListener } from './refusals.ts';

interface Digits {
  digits: string;
  durationMs: number;
}

const defaultDurationMs = 250;
const mostDigits = 128;

export const dtmf = defineCommand<Digits>({
  rest: 'dtmf',
  ws: 'dtmf',
  needs: 'an answered call',
  summary:
    'Sends digits to the addressed leg, in order: as RFC 4733 events where agreed, else by SIP INFO where it takes that, else as tones.',
  schema: {
    type: 'object',
    anyOf: [{ required: ['digit'] }, { required: ['digits'] }],
    properties: {
      digit: { type: 'string', pattern: '^[0-9A-Da-d*#wW]{1,128}$', description: 'one or several' },
      digits: { type: 'string', pattern: '^[0-9A-Da-d*#wW]{1,128}$', description: 'the same by its other name' },
      duration: { type: 'number', minimum: 40, maximum: 10000, description: 'ms' },
    },
  },
  refuses: ['422 when the call has no audio and its far end takes no INFO, or when too many digits wait already'],
  examples: [{ dtmf: { digit: '5', duration: 250 } }, { dtmf: { digits: '12w34#' } }],
  read(value) {
    if (!isObject(value)) return badValue('must be an object with digit');
    const { duration = defaultDurationMs } = value;
    if (value.digit !== undefined && value.digits !== undefined) return badValue('is digit once more', 'digits');
    const named = value.digit === undefined && value.digits !== undefined ? 'digits' : 'digit';
    const given = value[named];
    const digits = typeof given === 'number' ? String(given) : given;
    if (typeof digits !== 'string' || !/^[0-9A-D*#w]+$/i.test(digits) || digits.length > mostDigits)
      return badValue(`must be 1 to ${mostDigits} digits of 0-9, A-D, * and #, and w or W for pauses`, named);
    if (typeof duration !== 'number' || !(duration >= 40 && duration <= 10_000))
      return badValue('must be 40 to 10000 ms', 'duration');
    return { digits, durationMs: duration };
  },
  allowed(target, { digits }) {
    const { keys } = target.leg;
    const refusal = needsAnswer(target) ?? (keys.inMedia ? needsListener(target) : undefined);
    if (refusal || keys.hasRoom(digits)) return refusal;
    return refuse('digits-full', 'too many digits wait for this leg already');
  },
  takesMedia: ({ leg }) => leg.keys.inMedia,
  apply({ leg }, { digits, durationMs }) {
    const { begun, sent } = leg.keys.send(digits, durationMs);
    return {
      effect: begun,
      rest: begun.then(
        () => sent,
        () => {},
      ),
    };
  },
});
