// say: speaks text.
import { isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { AudioPlan, Call, SynthesizerInput } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { longestSay, mostSources } from './limits.ts';
import { type LoopInput, loopCount, loopRefusal } from './loop.ts';
import { runPrompt } from './prompt.ts';

export interface SayOptions {
  id?: string;
  text?: string | string[];
  stream?: boolean;
  loop?: LoopInput;
  synthesizer?: SynthesizerInput;
  disableTtsCache?: boolean;
}

/** Entries that are URLs are played as files (verbs.md 2). */
const isUrl = (text: string): boolean => /^(https?|file|silence_stream|tone_stream):\/\//.test(text);

export const say = defineVerb<SayOptions>({
  name: 'say',
  example: { text: 'Hello.' },
  needs: 'media',
  alsoAccepts: ['closeOnStreamEmpty'],
  check({ text, stream, loop }): Refusal | undefined {
    if (stream) return refuse('verb-later', 'streaming speech is not in this version; give text', { path: 'stream' });
    const texts = text === undefined ? [] : [text].flat();
    if (texts.length === 0 || texts.every((t) => t.trim() === ''))
      return refuse('verb-option', 'must have something to say', { path: 'text' });
    if (texts.length > mostSources)
      return refuse('verb-option', `must be at most ${mostSources} texts`, { path: 'text' });
    const long = texts.findIndex((t) => t.length > longestSay);
    if (long >= 0)
      return refuse('verb-option', `must be at most ${longestSay} characters`, {
        path: Array.isArray(text) ? `text[${long}]` : 'text',
      });
    return loopRefusal(loop);
  },
  audio: (options, call) => sayPlan(options, call),
  run: (options, run) => runPrompt(run, () => sayPlan(options, run.call)),
});

/** What a say speaks, with the voice it resolves to. */
export async function sayPlan(
  { text, loop, synthesizer, disableTtsCache }: SayOptions,
  call: Call,
): Promise<AudioPlan | Refusal> {
  const voice = await call.speech.choose(call, synthesizer);
  if (isRefusal(voice)) return voice;
  const noCache = disableTtsCache ?? call.speech.noCache;
  const texts = [text ?? []].flat().filter((t) => t.trim() !== '');
  return {
    sources: texts.map((t) =>
      isUrl(t) ? { kind: 'url', url: t } : { kind: 'say', text: t, synthesizer: voice, noCache },
    ),
    loop: loopCount(loop),
  };
}
