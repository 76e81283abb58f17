// call_status: hang up an answered call, or refuse or cancel one that still rings.
import { type Refusal, refuse } from '../base/index.ts';
import { defineCommand } from './define.ts';
import { oneOf } from './refusals.ts';

type Wanted = 'completed' | 'no-answer';

export const callStatus = defineCommand<Wanted>({
  rest: 'call_status',
  ws: 'call:status',
  needs: 'nothing',
  summary:
    'completed hangs up an answered call; no-answer refuses an inbound call that rings, or cancels an outbound one.',
  schema: { type: 'string', enum: ['completed', 'no-answer'] },
  refuses: ['422 `completed` before the answer, `no-answer` after it'],
  examples: [{ call_status: 'completed' }, { call_status: 'no-answer' }],
  read: (value) => oneOf<Wanted>(value, ['completed', 'no-answer']),
  allowed: ({ call, leg }, wanted) => {
    if (wanted === 'completed' && !leg.answered) return incompatible(call.sid, 'it has not been answered');
    return wanted === 'no-answer' && leg.answered ? incompatible(call.sid, 'it has been answered') : undefined;
  },
  apply(target, wanted) {
    target.call.conclude(wanted === 'completed' ? {} : { refusal: { sipStatus: 503, status: 'no-answer' } });
    return { effect: Promise.resolve({ at: target.call.clock.now() }) };
  },
});

function incompatible(sid: string, why: string): Refusal {
  return refuse('call-state', `current call state is incompatible with requested action for call_sid ${sid}: ${why}`);
}
