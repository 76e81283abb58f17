// amd of a call's own leg, beside its verbs: config.amd, and create-call's. A verb array that its hook answers with replaces the application.
import { type AmdNotice, amdEvent, type HookInput } from '../../apps/index.ts';
import type { Call } from '../call.ts';
import { detectMachine } from './detecting.ts';
import type { AmdInput } from './options.ts';

export function detectOnOwnLeg(call: Call, input: AmdInput, verb: { name: string; id?: string | undefined }): void {
  if (call.leg.ended) return;
  const id = verb.id === undefined ? {} : { verbId: verb.id };
  const send = (notice: AmdNotice): Promise<void> => ask(call, input.actionHook, { ...notice, ...id });
  detectMachine({ call, input, verb, scope: call.leg.scope, send });
}

async function ask(call: Call, hook: HookInput, notice: AmdNotice): Promise<void> {
  // A dialled leg that is asked whether it takes the call talks through its parent.
  const session = call.parent ?? call;
  // While the hook thinks, running out of verbs does not end the call.
  session.redirects.waiting++;
  // A failure has been noted and alerted.
  const answer = await call.conversation.ask('verb:hook', hook, amdEvent(session.facts, notice)).catch(() => undefined);
  session.turn('amd answered', () => {
    session.redirects.waiting--;
    if (answer) session.applyAnswer(answer);
    session.endIfIdle();
  });
}
