// The first answer of a call's application: its stored verbs, or what it says to session:new.
import type { Payload } from '../../apps/index.ts';
import { errorText, isRefusal, refusalText } from '../../base/index.ts';
import type { Call } from '../call.ts';
import type { Step } from '../types.ts';

export type FirstAnswer = { steps: Step[] } | { refused: string };

/** Never rejects; what went wrong has been noted and alerted, `refused` says it in one line. */
export async function firstAnswer(
  call: Call,
  appJson: string | undefined,
  payload: () => Payload,
): Promise<FirstAnswer> {
  try {
    if (appJson !== undefined) return storedVerbs(call, appJson);
    const answer = await call.conversation.ask('session:new', undefined, payload(), { signal: call.leg.scope.signal });
    if (answer.kind === 'verbs') return { steps: answer.steps };
    return invalid(
      call,
      answer.kind === 'invalid' ? refusalText(answer.refusal) : 'the application answered with no verbs',
    );
  } catch (error) {
    if (call.ended) return { refused: 'the call is over' };
    call.events.append('program-refused', { reason: errorText(error) });
    return { refused: errorText(error) };
  }
}

function storedVerbs(call: Call, appJson: string): FirstAnswer {
  let json: unknown;
  try {
    json = JSON.parse(appJson);
  } catch (error) {
    return invalid(call, `app_json is not JSON: ${errorText(error)}`);
  }
  const steps = call.world.parse(json);
  return isRefusal(steps) ? invalid(call, refusalText(steps)) : { steps };
}

function invalid(call: Call, reason: string): FirstAnswer {
  call.events.append('program-refused', { reason });
  call.alert('invalid-app-payload', reason);
  return { refused: reason };
}
