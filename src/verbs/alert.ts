// alert: lets an unanswered caller's phone ring in a given way (180 with Alert-Info) and tells the account.
import { refuse } from '../base/index.ts';
import { defineVerb } from './define.ts';
import { longestLine } from './limits.ts';

export const alert = defineVerb<{ message: string }>({
  name: 'alert',
  example: { message: 'ring' },
  needs: 'none',
  check: ({ message }) =>
    message.length <= longestLine
      ? undefined
      : refuse('verb-option', `must be at most ${longestLine} characters`, { path: 'message' }),
  run: async ({ message }, { call }) => {
    call.leg.ring({ 'Alert-Info': message });
    call.alert('alert-from-application', message);
  },
});
