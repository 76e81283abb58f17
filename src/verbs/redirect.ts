// redirect: asks another hook for the verbs to run from here on; the base of later relative hooks moves with it.
import type { HookInput } from '../apps/index.ts';
import { Fault, refusalText } from '../base/index.ts';
import { defineVerb } from './define.ts';

export const redirect = defineVerb<{ actionHook: HookInput; statusHook?: HookInput }>({
  name: 'redirect',
  example: { actionHook: '/done' },
  needs: 'none',
  async run({ actionHook, statusHook }, { call, scope }) {
    if (statusHook !== undefined) call.conversation.setStatusHook(statusHook);
    const answer = await call.askRedirect(actionHook, { rebase: true, signal: scope.signal });
    if (scope.closed) return;
    if (answer.kind === 'invalid') {
      call.conversation.refused(answer.refusal);
      throw new Fault(
        'redirect-invalid',
        `the redirect hook answered with an application that cannot run: ${refusalText(answer.refusal)}`,
      );
    }
    call.applyAnswer(answer);
  },
});
