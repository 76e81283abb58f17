// Playing: one audio plan on a call's leg, noted in the event log.
import type { PlaybackResult } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { logged } from '../events.ts';
import type { AudioPlan } from '../types.ts';

export interface Playing {
  readonly done: Promise<PlaybackResult>;
  stop(): void;
}

export interface SynthesisFacts {
  vendor: string;
  language: string;
  characters: number;
  elapsedMs: number;
  fromCache: boolean;
}

export interface PlayingOptions {
  layer: 'prompt' | 'whisper' | 'track';
  /** Which track, on that layer. */
  track?: string;
  /** Of this playback alone, dB. */
  gainDb?: number;
  /** The time of the first packet. */
  onStart?(at: number): void;
  onSynthesized?(facts: SynthesisFacts): void;
}

/** Starts a plan; undefined when the leg has no audio any more. */
export function playPlan(call: Call, plan: AudioPlan, options: PlayingOptions): Playing | undefined {
  const { layer, track, gainDb, onStart, onSynthesized } = options;
  const port = call.leg.port;
  if (!port || call.leg.ended) return undefined;
  const { sources, loop, seekSamples, timeoutMs } = plan;
  const playback = port.play(sources, {
    layer,
    ...(track !== undefined && { track }),
    ...(gainDb !== undefined && { gainDb }),
    loop,
    ...(seekSamples !== undefined && { seekSamples }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  const what = sources.map((s) => (s.kind === 'url' ? withoutSecrets(s.url) : `say: ${s.text.slice(0, 60)}`));
  playback.onEvent = (event) => {
    if (event.type === 'started') {
      call.events.append('play-started', { layer, ...(track !== undefined && { track }), what, packet_at: event.at });
      onStart?.(event.at);
    } else {
      const { type: _, ...facts } = event;
      call.events.append('speech-synthesized', logged(facts));
      onSynthesized?.(event);
    }
  };
  const gone = layer === 'prompt' ? call.parts.put('prompt', playback, call.leg.scope) : undefined;
  void playback.done.then((result) => {
    gone?.();
    noteResult(call, layer, what, result);
  });
  return { done: playback.done, stop: () => playback.stop() };
}

/** Without what opens the door: user and password, and a query, where signed addresses keep their signature. */
export const withoutSecrets = (url: string): string =>
  url.replace(/^((?:http|ws)s?:\/\/)[^/?#]*@/i, '$1').replace(/^((?:http|ws)s?:[^?#]*)\?.*$/is, '$1?…');

function noteResult(call: Call, layer: string, what: string[], result: PlaybackResult): void {
  const failure = result.fault && { code: result.fault.code, message: result.fault.message };
  call.events.append('play-finished', { layer, what, reason: result.reason, played_ms: result.playedMs, ...failure });
}
