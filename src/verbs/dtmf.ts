// dtmf: sends digits to the far end, in order.
import { errorText, isFault, refuse } from '../base/index.ts';
import { defineVerb } from './define.ts';
import { longestDigitMs, mostDigits } from './limits.ts';

const defaultDurationMs = 500;

export const dtmf = defineVerb<{ dtmf: string; duration?: number }>({
  name: 'dtmf',
  example: { dtmf: '1', duration: 100 },
  needs: 'media',
  check({ dtmf: digits, duration = defaultDurationMs }) {
    if (!/^[0-9A-D*#wW]+$/i.test(digits))
      return refuse('verb-option', 'must be digits 0-9, A-D, * or #, and w or W for pauses', { path: 'dtmf' });
    if (digits.length > mostDigits)
      return refuse('verb-option', `must be at most ${mostDigits} digits`, { path: 'dtmf' });
    if (duration < 40 || duration > longestDigitMs)
      return refuse('verb-option', `must be 40 to ${longestDigitMs} ms`, { path: 'duration' });
    return undefined;
  },
  async run({ dtmf: digits, duration = defaultDurationMs }, { call, scope }) {
    try {
      await call.leg.keys.send(digits, duration).sent;
    } catch (error) {
      // On hold, or with the media worker gone, digits cannot be sent; that is no reason to end the call.
      if (!isFault(error)) throw error;
      // A call that is over hears no more of it.
      if (scope.closed) return;
      call.events.append('error', { what: 'dtmf was not sent', reason: errorText(error) });
    }
  },
});
