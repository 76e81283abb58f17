// transcribe: what is said on this leg goes to a hook, until the verb is ended (verbs.md 10).
import { type Refusal, refuse } from '../base/index.ts';
import { type TranscribeInput, transcribe as transcribeLegs } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { recognizerRefusal } from './gather/options.ts';

export interface TranscribeOptions extends TranscribeInput {
  /** Only in config. */
  enable?: boolean;
}

export const transcribe = defineVerb<TranscribeOptions>({
  name: 'transcribe',
  example: { transcriptionHook: '/done', recognizer: { vendor: 'test' } },
  needs: 'media',
  check: transcribeRefusal,
  async run(options, run) {
    const { call, scope, step } = run;
    await transcribeLegs({
      session: call,
      input: options,
      verb: { name: step.name, id: step.id },
      // Channel 2 of a leg alone is what its far end hears.
      legs: [options.channel === 2 ? { call, tag: 2, side: 'mouth' } : { call, tag: 1 }],
      scope,
      send: (hook, extra) => run.hook(hook, extra),
    }).done;
  },
});

/** Also of a transcribe that is nested; paths are relative to it. */
export function transcribeRefusal({ recognizer, channel }: TranscribeInput): Refusal | undefined {
  if (channel !== undefined && channel !== 1 && channel !== 2)
    return refuse('verb-option', 'must be 1 or 2', { path: 'channel' });
  return recognizerRefusal(recognizer);
}
