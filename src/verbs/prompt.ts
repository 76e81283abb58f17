// A prompt: what say and play do, alone or nested in a gather. Plays a plan, tells the application and the alerts.
import { isRefusal, type Refusal } from '../base/index.ts';
import { type AudioPlan, type PlaybackResult, type Playing, playPlan, type VerbRun } from '../calls/index.ts';

/** Plays until done or the verb is ended. Undefined when there was nothing to hear it; failures are alerted here. */
export async function runPrompt(
  run: VerbRun,
  makePlan: () => Promise<AudioPlan | Refusal>,
): Promise<PlaybackResult | undefined> {
  const plan = await makePlan();
  if (run.scope.closed) return undefined;
  if (isRefusal(plan)) {
    speechError(run, plan.reason, 'no-tts');
    return undefined;
  }
  const playing = startPrompt(run, plan);
  if (!playing) return undefined;
  const takeBack = run.scope.defer(() => {
    playing.stop();
    run.status('kill-playback');
  });
  const result = await playing.done;
  takeBack();
  if (result.reason === 'failed') playFailure(run, result);
  else if (!run.scope.closed) run.status('stop-playback');
  return result;
}

/** Starts the plan on the prompt layer with the status events of verbs.md 1.7. */
export function startPrompt(run: VerbRun, plan: AudioPlan): Playing | undefined {
  let synthesized = 0;
  return playPlan(run.call, plan, {
    layer: 'prompt',
    onStart: () => run.status('start-playback'),
    onSynthesized: ({ vendor, language, characters, elapsedMs, fromCache }) => {
      if (synthesized++ < plan.sources.length) {
        run.status('synthesized-audio', {
          vendor,
          language,
          characters,
          elapsedTime: Math.round(elapsedMs),
          servedFromCache: fromCache,
        });
      }
    },
  });
}

/** One failure, said to the account (alert) and to the application's socket (jambonz:error). */
export function playFailure(run: VerbRun, result: PlaybackResult): void {
  const message = result.fault?.message ?? 'the audio could not be played';
  if (result.fault?.code.startsWith('tts')) return speechError(run, message, 'tts-failure');
  run.call.alert('play-url-notfound', message);
}

/** No voice, or a voice that failed. */
export function speechError(run: VerbRun, details: string, alert: string): void {
  const id = run.step.id === undefined ? {} : { id: run.step.id };
  run.call.alert(alert, details);
  run.call.conversation.notify('jambonz:error', {
    msg: 'TTS error',
    details,
    verb: run.step.name,
    ...id,
    failover: 'not available',
  });
}
