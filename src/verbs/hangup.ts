// hangup: BYE with the headers given; an unanswered call is declined.
import { defineVerb } from './define.ts';
import { headersRefusal, headerText } from './headers.ts';

export const hangup = defineVerb<{ headers?: Record<string, string | number> }>({
  name: 'hangup',
  example: { headers: { 'X-A': 1 } },
  needs: 'none',
  check: ({ headers }) => headersRefusal(headers),
  run: async ({ headers }, { call }) => call.turn('hangup verb', () => call.hangup(undefined, headerText(headers))),
});
