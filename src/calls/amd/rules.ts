// The rules by which a greeting is taken for a human's or a machine's (verbs.md 15), in the order in which they are asked.
import { countWords, digitsInARow, type Greeting } from './greeting.ts';
import { phraseIn, type VoicemailPhrases } from './voicemail.ts';

export interface RuleSettings {
  thresholdWordCount: number;
  /** 0: digits mean nothing. */
  digitCount: number;
  phrases: VoicemailPhrases;
}

/** Who answered, and what told. */
export type Finding =
  | { who: 'human'; reason: 'short greeting' }
  | { who: 'machine'; reason: 'hint'; hint: string }
  | { who: 'machine'; reason: 'digit count' | 'long greeting' };

type Rule = (greeting: Greeting, settings: RuleSettings) => Finding | undefined;

const knownPhrase: Rule = (greeting, { phrases }) => {
  const hint = phraseIn(greeting, phrases);
  return hint === undefined ? undefined : { who: 'machine', reason: 'hint', hint };
};

const manyDigits: Rule = (greeting, { digitCount }) =>
  digitCount > 0 && digitsInARow(greeting) >= digitCount ? { who: 'machine', reason: 'digit count' } : undefined;

/** Only once it is complete: each long greeting begins as a short one. */
const shortGreeting: Rule = (greeting, { thresholdWordCount }) =>
  greeting.isFinal && countWords(greeting) < thresholdWordCount
    ? { who: 'human', reason: 'short greeting' }
    : undefined;

const longGreeting: Rule = (greeting, { thresholdWordCount }) =>
  countWords(greeting) >= thresholdWordCount ? { who: 'machine', reason: 'long greeting' } : undefined;

const rules: readonly Rule[] = [knownPhrase, manyDigits, shortGreeting, longGreeting];

/** Undefined while it may still be either. */
export function judge(greeting: Greeting, settings: RuleSettings): Finding | undefined {
  for (const rule of rules) {
    const finding = rule(greeting, settings);
    if (finding) return finding;
  }
  return undefined;
}
