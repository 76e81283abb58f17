// Two phones that a dial has joined, for tests of the way their media goes.
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { assertHears, type Callee, calledHz, callerHz, type DialScene, dialScene, sidOf } from './dialled.ts';
import type { Json } from './scene.ts';

export interface Talk {
  s: DialScene;
  caller: PhoneCall;
  bob: Callee;
  /** The update's answer, when it has taken effect. */
  go(path: string, sid?: string): Promise<{ status: number; reason?: string; body?: Json }>;
}

export async function talk(more: Json = {}, before: Json[] = [], seed = 1): Promise<Talk> {
  const s = await dialScene({}, { seed });
  const bob = await s.callee();
  s.answers['/'] = [
    ...before,
    { verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done', ...more },
  ];
  const caller = await s.dial();
  await s.run(1_000);
  const go: Talk['go'] = (path, sid = sidOf(caller)) => s.updateSid(sid, { media_path: path }, true);
  return { s, caller, bob, go };
}

export async function end({ s, caller }: Talk): Promise<void> {
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
}

export async function bothHear(t: Talk): Promise<void> {
  await t.s.run(600);
  assertHears(t.s, t.caller, { [calledHz]: 'loud' });
  assertHears(t.s, t.bob.call(), { [callerHz]: 'loud' });
}
