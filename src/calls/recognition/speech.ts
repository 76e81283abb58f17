// The normalised speech object of hooks (verbs.md 1.8), and several results as one (speech.md 7.2).
import type { Transcript } from '../../media/client.ts';

/** `channelTag` 1 is this leg or the caller, 2 the callee. */
export function speechObject(transcript: Transcript, channelTag = 1): Record<string, unknown> {
  const { language, isFinal, alternatives, vendor } = transcript;
  return {
    language_code: language,
    channel_tag: channelTag,
    is_final: isFinal,
    alternatives,
    vendor,
  };
}

export const textOf = (transcript: Transcript): string => transcript.alternatives[0]?.transcript ?? '';

export const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;

const digitsOnly = /^\s*[\d\s]+[.,]?\s*$/;

/** Results of one turn as one: texts joined, confidence averaged, the vendor's events as a list. */
export function joinTranscripts(parts: readonly Transcript[]): Transcript | undefined {
  const last = parts.at(-1);
  if (!last || parts.length === 1) return last;
  let text = '';
  let afterDigits = false;
  for (const part of parts) {
    const said = textOf(part).trim();
    const digits = digitsOnly.test(said);
    const piece = digits ? said.replace(/[\s.,]/g, '') : said;
    if (piece === '') continue;
    text += text === '' || (afterDigits && digits) ? piece : ` ${piece}`;
    afterDigits = digits;
  }
  const confidence = parts.reduce((sum, part) => sum + (part.alternatives[0]?.confidence ?? 0), 0) / parts.length;
  return {
    ...last,
    isFinal: true,
    alternatives: [{ transcript: text, confidence }],
    vendor: { name: last.vendor.name, evt: parts.map((part) => part.vendor.evt) },
  };
}

/** Without the one punctuation mark that many vendors end a final with. */
export function withoutLastMark(transcript: Transcript): Transcript {
  const [first, ...others] = transcript.alternatives;
  if (!first) return transcript;
  return {
    ...transcript,
    alternatives: [{ ...first, transcript: first.transcript.replace(/[.,?!;:。、，]\s*$/, '') }, ...others],
  };
}
