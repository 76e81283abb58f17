// sip:decline: a final response to a call that has not been answered.
import { refuse } from '../base/index.ts';
import { defineVerb } from './define.ts';
import { headersRefusal, headerText } from './headers.ts';
import { longestLine } from './limits.ts';

export const sipDecline = defineVerb<{ status: number; reason?: string; headers?: Record<string, string | number> }>({
  name: 'sip:decline',
  example: { status: 486 },
  needs: 'unanswered',
  check({ status, reason = '', headers }) {
    if (!(Number.isInteger(status) && status >= 300 && status <= 699))
      return refuse('verb-option', 'must be a final SIP status, 300 to 699', { path: 'status' });
    if (reason.length > longestLine)
      return refuse('verb-option', `must be at most ${longestLine} characters`, { path: 'reason' });
    return headersRefusal(headers);
  },
  run: async ({ status, reason, headers }, { call }) =>
    call.turn('decline verb', () =>
      call.conclude({
        reason: 'SIP Decline Verb',
        headers: headerText(headers),
        refusal: { sipStatus: status, ...(reason !== undefined && { sipReason: reason }) },
      }),
    ),
});
