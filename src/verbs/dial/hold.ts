// onHoldHook: while one of the two holds the call, the other hears what the hook answers (verbs.md 5.8).
import type { HookInput } from '../../apps/index.ts';
import type { Scope } from '../../base/index.ts';
import { type Call, runSide, soundVerbs } from '../../calls/index.ts';
import { holdRoundMs } from '../limits.ts';
import type { Talk } from './features.ts';

export function watchHold(hook: HookInput | undefined, { run, leg, scope }: Talk): void {
  if (hook === undefined) return;
  for (const [holder, held] of [
    [run.call, leg],
    [leg, run.call],
  ] as const) {
    let sound: Scope | undefined;
    holder.parts.put(
      'hold',
      {
        onHold(on, by) {
          void sound?.close('no longer on hold');
          sound = on ? scope.child('on hold') : undefined;
          if (sound) void play(hook, { session: run.call, held, scope: sound, by });
        },
      },
      scope,
    );
  }
}

interface Held {
  session: Call;
  held: Call;
  scope: Scope;
  by: { from: string | undefined; to: string | undefined };
}

/** The hook's verbs, and when they are over the hook is asked again, until the hold ends. */
async function play(hook: HookInput, { session, held, scope, by }: Held): Promise<void> {
  await runSide({
    call: held,
    asking: session,
    scope,
    hook,
    payload: () => session.payload({ holdDetail: by }),
    allowed: soundVerbs,
    firstMs: 0,
    everyMs: holdRoundMs,
  });
}
