// What a dial does besides while two talk (verbs.md 5.8): keys looked for, gain, hold, REFER, the way of the media.

import type { AmdNotice } from '../../apps/index.ts';
import type { Scope } from '../../base/index.ts';
import {
  adult,
  type Bridge,
  type Call,
  detectMachine,
  readBoostDb,
  transcribe,
  type VerbRun,
} from '../../calls/index.ts';
import { nestListen } from '../listen.ts';
import { Capture } from './capture.ts';
import { watchHold } from './hold.ts';
import { capturesOf, type DialOptions } from './options.ts';

export interface Talk {
  run: VerbRun;
  leg: Call;
  bridge: Bridge;
  scope: Scope;
  /** Lets go of the leg, which goes on without the dial. */
  release(): Call | undefined;
}

export function addFeatures(options: DialOptions, talk: Talk): void {
  const { run, leg, bridge, scope } = talk;
  watchKeys(options, talk);
  takeRefer(options, talk);
  watchHold(options.onHoldHook, talk);
  hearTalk(options, talk);
  for (const track of options.dub ?? []) leg.dub.perform(track, run.call);
  const boost = options.boostAudioSignal === undefined ? undefined : readBoostDb(options.boostAudioSignal);
  if (typeof boost === 'number') void leg.leg.port?.setGain(boost);
  if (options.exitMediaPath && !options.anchorMedia)
    bridge.setPath('no-media').catch((error: unknown) => {
      if (!scope.closed) run.call.events.append('error', { what: 'exitMediaPath', reason: String(error) });
    });
}

/** Nested amd (of the leg), listen (of the caller, or with channel 2 of the leg) and transcribe (of both, each under its channel). */
function hearTalk(options: DialOptions, { run, leg, scope }: Talk): void {
  const { amd, listen, stream = listen, transcribe: input } = options;
  const { call, step } = run;
  const verb = { name: step.name, id: step.id };
  if (amd) {
    const send = (notice: AmdNotice): Promise<void> => run.hook(amd.actionHook, { ...notice });
    detectMachine({ call: leg, session: call, input: amd, verb, scope, send });
  }
  if (stream) nestListen(stream, { run, call: stream.channel === 2 ? leg : call, about: leg, scope });
  if (!input) return;
  const legs = [
    { call, tag: 1 as const },
    { call: leg, tag: 2 as const },
  ];
  transcribe({ session: call, input, verb, legs, scope });
}

function watchKeys({ dtmfCapture, dtmfHook }: DialOptions, { run, leg, scope }: Talk): void {
  if (dtmfHook === undefined) return;
  const { childCall, parentCall } = capturesOf(dtmfCapture);
  for (const [call, patterns] of [
    [leg, childCall],
    [run.call, parentCall],
  ] as const) {
    if (patterns.length === 0) continue;
    const capture = new Capture(patterns, run.call.clock);
    const hear = (digit: string): void => {
      const found = capture.hear(digit);
      // The payload is that leg's; the hook is the caller's application's.
      if (found !== undefined) run.call.conversation.tell(dtmfHook, call.payload({ dtmf: found }));
    };
    scope.defer(call.digits.listen(hear));
  }
}

/** verbs.md 5.9: a REFER of the leg replaces the caller's application; one of the caller makes the leg a call of its own. */
function takeRefer({ referHook }: DialOptions, { run, leg, scope, release }: Talk): void {
  if (referHook === undefined) return;
  const { call } = run;
  leg.parts.put(
    'refer',
    {
      hook: referHook,
      other: call,
      run(steps) {
        call.run(steps);
        return call;
      },
    },
    scope,
  );
  call.parts.put(
    'refer',
    {
      hook: referHook,
      other: leg,
      run(steps) {
        const released = release();
        if (!released) return call;
        released.turn('referred', () => adult(released, steps));
        return released;
      },
    },
    scope,
  );
}
