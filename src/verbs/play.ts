// play: plays files or tones.
import type { HookInput } from '../apps/index.ts';
import { type Refusal, refuse } from '../base/index.ts';
import type { AudioPlan } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { mostSources } from './limits.ts';
import { type LoopInput, loopCount, loopRefusal } from './loop.ts';
import { runPrompt } from './prompt.ts';

export interface PlayOptions {
  id?: string;
  url: string | string[];
  loop?: LoopInput;
  seekOffset?: number | string;
  timeoutSecs?: number | string;
  actionHook?: HookInput;
}

/** What can be fetched or made. */
export const playable = /^(https?|file|tone_stream|silence_stream):\/\/./;

export const play = defineVerb<PlayOptions>({
  name: 'play',
  example: { url: 'tone_stream://%(300,0,440)', actionHook: '/done' },
  needs: 'media',
  check({ url, loop, seekOffset, timeoutSecs }): Refusal | undefined {
    const urls = [url].flat();
    if (urls.length === 0 || urls.length > mostSources)
      return refuse('verb-option', `must be 1 to ${mostSources} URLs`, { path: 'url' });
    const bad = urls.findIndex((u) => !playable.test(u));
    if (bad >= 0)
      return refuse('verb-option', 'must be an http(s)://, file://, tone_stream:// or silence_stream:// URL', {
        path: Array.isArray(url) ? `url[${bad}]` : 'url',
      });
    if (!isAmount(seekOffset))
      return refuse('verb-option', 'must be a number of samples from 0', { path: 'seekOffset' });
    if (!isAmount(timeoutSecs))
      return refuse('verb-option', 'must be a number of seconds from 0', { path: 'timeoutSecs' });
    return loopRefusal(loop);
  },
  audio: async (options) => playOptionsPlan(options),
  async run(options, run) {
    const result = await runPrompt(run, async () => playOptionsPlan(options));
    if (!result || options.actionHook === undefined) return;
    const failed = result.reason === 'failed';
    await run.hook(options.actionHook, {
      ...(failed && { status: 'fail' }),
      reason: failed ? 'playFailed' : 'playCompleted',
      playbackSeconds: Math.floor(result.playedMs / 1000),
      playbackMilliseconds: Math.round(result.playedMs),
      playbackLastOffsetPos: result.lastOffsetSamples,
    });
  },
});

const isAmount = (value: number | string | undefined): boolean =>
  value === undefined || (value !== '' && Number(value) >= 0);

/** What a play plays. */
export function playOptionsPlan({ url, loop, seekOffset, timeoutSecs }: PlayOptions): AudioPlan {
  return {
    sources: [url].flat().map((u) => ({ kind: 'url', url: u })),
    loop: loopCount(loop),
    ...(Number(seekOffset) > 0 && { seekSamples: Number(seekOffset) }),
    ...(Number(timeoutSecs) > 0 && { timeoutMs: Number(timeoutSecs) * 1000 }),
  };
}
