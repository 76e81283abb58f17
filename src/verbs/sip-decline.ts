// sip:decline: a final response to a call that has not been answered.
import { refuse } from '../base/index.ts';
import { defineVerb } from './define.ts';
import { headerText } from './headers.ts';

export const sipDecline = defineVerb<{ status: number; reason?: string; headers?: Record<string, string | number> }>({
  name: 'sip:decline',
  needs: 'unanswered',
  check: ({ status }) =>
    Number.isInteger(status) && status >= 300 && status <= 699
      ? undefined
      : refuse('verb-option', 'must be a final SIP status, 300 to 699', { path: 'status' }),
  run: async ({ status, reason, headers }, { call }) =>
    call.turn('decline verb', () =>
      call.decline(status, reason, { 'X-Reason': 'SIP Decline Verb', ...headerText(headers) }),
    ),
});
