// Speech as a clip: the speech room renders (and caches) it, here it takes the leg's rate.
import { resampleInTurns } from '../../../audio/index.ts';
import { Fault, isFault } from '../../../base/index.ts';
import type { AudioSource } from '../../types.ts';
import { Clip } from '../clip.ts';
import type { Prompt, PromptWorld } from '../prompts.ts';

/** Rendered speech of one text is kept by both rooms; a second copy at the leg's rate lives as long as it is in use. */
const freshMs = 60_000;

export async function loadSpeech(
  world: PromptWorld,
  source: Extract<AudioSource, { kind: 'say' }>,
  sampleRate: number,
): Promise<Prompt> {
  const { speech, clock } = world;
  const { text, synthesizer, noCache } = source;
  if (!speech) throw new Fault('tts-unknown-vendor', 'no speech is available on this server');
  const spoken = await speech.speak(synthesizer, text, { noCache: noCache ?? false }).catch((error: unknown) => {
    throw isFault(error) ? error : new Fault('tts-failed', 'the speech could not be made', { cause: error });
  });
  // In turns: a minute of speech at once would hold up every other leg for as long as a packet.
  const pcm = await resampleInTurns(spoken.pcm, { from: spoken.sampleRate, to: sampleRate }, clock);
  return {
    clip: Clip.of(pcm, sampleRate),
    freshUntil: noCache ? 0 : clock.now() + freshMs,
    note: {
      vendor: synthesizer.vendor,
      language: synthesizer.language,
      characters: text.length,
      elapsedMs: spoken.elapsedMs,
      fromCache: spoken.fromCache,
    },
  };
}
