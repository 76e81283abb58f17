// config.transcribe: background transcription, below whatever verbs run (verbs.md 9).
import type { Refusal } from '../base/index.ts';
import { type Call, transcribe } from '../calls/index.ts';
import { type TranscribeOptions, transcribeRefusal } from './transcribe.ts';

/** A missing `enable` counts as false, and stops it. */
export type BackgroundTranscribe = TranscribeOptions;

export function backgroundTranscribeRefusal(input: BackgroundTranscribe | undefined): Refusal | undefined {
  const refusal = input?.enable ? transcribeRefusal(input) : undefined;
  return refusal && { ...refusal, path: `transcribe.${refusal.path}` };
}

/** Starts it, unless it runs; or stops it. */
export function configureTranscribe(call: Call, input: BackgroundTranscribe | undefined): void {
  if (!input) return;
  const running = call.parts.get('backgroundTranscription');
  if (!input.enable) return running?.stop();
  if (running || call.leg.ended) return;
  const scope = call.leg.scope.child('background transcribe');
  const transcribing = transcribe({
    session: call,
    input,
    verb: { name: 'transcribe' },
    legs: [input.channel === 2 ? { call, tag: 2, side: 'mouth' } : { call, tag: 1 }],
    scope,
    async send(hook, extra) {
      const answer = await call.conversation.ask('verb:hook', hook, call.payload(extra)).catch(() => undefined);
      if (answer) call.turn('transcript answered', () => call.applyAnswer(answer));
    },
  });
  call.parts.put('backgroundTranscription', { stop: () => void scope.close('disabled') }, scope);
  void transcribing.done.then(() => scope.close('over'));
}
