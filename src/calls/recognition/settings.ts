// Recognizer settings of a call: the application's defaults, changed by config, overridden by a verb (verbs.md 1.8, speech.md 2).
import { isObject } from '../../base/index.ts';
import type { SpeechFields } from '../types.ts';

export type Hint = string | { phrase: string; boost?: number };

/** A verb's or config's `recognizer` object. The value 'default' means inherit. Times are seconds. */
export interface RecognizerInput {
  vendor?: string;
  label?: string;
  language?: string;
  fallbackVendor?: string;
  fallbackLabel?: string;
  fallbackLanguage?: string;
  hints?: Hint[];
  hintsBoost?: number;
  altLanguages?: string[];
  interim?: boolean;
  singleUtterance?: boolean;
  asrTimeout?: number;
  asrDtmfTerminationDigit?: string;
  fastRecognitionTimeout?: number;
  minConfidence?: number;
  vad?: VoiceInput;
  /** What vendors understand: `customOptions`, `punctuation`, … */
  [option: string]: unknown;
}

/** How a voice is told from a noise: how long it lasts. The rest is for detectors that are not ours. */
export interface VoiceInput {
  voiceMs?: number;
  [option: string]: unknown;
}

/** Who listens: a vendor, whose credential, in which language. */
export interface Listener {
  vendor: string | undefined;
  label: string | undefined;
  language: string | undefined;
}

/** A verb's recognizer after all defaults. */
export interface ResolvedRecognizer {
  primary: Listener;
  fallback: Listener | undefined;
  /** The whole object, merged. */
  options: RecognizerInput;
}

interface Level {
  primary: Listener;
  fallback: Listener;
  options: RecognizerInput;
}

export class RecognizerSettings {
  readonly #application: Level;
  #session: Level;
  /** config.notifySttLatency: hooks tell how long results took. */
  measured = false;
  /** config.vad: so long somebody must speak to barge in without a word, ms. */
  voiceMs = 250;
  /** A verb has changed over to the fallback: verbs without a recognizer of their own begin there (speech.md 4). */
  #fellBack = false;

  constructor(application: SpeechFields, useFallback: boolean) {
    const of = (prefix: 'speech' | 'fallback_speech'): Listener => ({
      vendor: application[`${prefix}_recognizer_vendor`] ?? undefined,
      label: application[`${prefix}_recognizer_label`] ?? undefined,
      language: application[`${prefix}_recognizer_language`] ?? undefined,
    });
    const nobody: Listener = { vendor: undefined, label: undefined, language: undefined };
    this.#application = { primary: of('speech'), fallback: useFallback ? of('fallback_speech') : nobody, options: {} };
    this.#session = this.#application;
  }

  configure(input: RecognizerInput): void {
    this.#session = merge(this.#application, input);
    this.#fellBack = false;
  }

  reset(): void {
    this.#session = this.#application;
    this.#fellBack = false;
  }

  fellBack(): void {
    this.#fellBack = true;
  }

  resolve(input: RecognizerInput | undefined): ResolvedRecognizer {
    if (input) this.#fellBack = false;
    const { primary, fallback, options } = input ? merge(this.#session, input) : this.#session;
    const spare =
      fallback.vendor === undefined ? undefined : { ...fallback, language: fallback.language ?? primary.language };
    if (spare && this.#fellBack) return { primary: spare, fallback: undefined, options };
    return { primary, fallback: spare, options };
  }
}

const given = (value: string | undefined): value is string => value !== undefined && value !== 'default';

function merge(base: Level, input: RecognizerInput): Level {
  const primary: Listener = {
    vendor: given(input.vendor) ? input.vendor : base.primary.vendor,
    // Its label counts even when absent: then the credential without one is meant.
    label: input.label === 'default' ? base.primary.label : input.label,
    language: given(input.language) ? input.language : base.primary.language,
  };
  const named = given(input.fallbackVendor);
  const fallback: Listener = {
    vendor: named ? input.fallbackVendor : base.fallback.vendor,
    label: named || given(input.fallbackLabel) ? input.fallbackLabel : base.fallback.label,
    language: given(input.fallbackLanguage) ? input.fallbackLanguage : named ? undefined : base.fallback.language,
  };
  return { primary, fallback, options: mergeOptions(base.options, input) };
}

/** Missing values are filled, arrays added (the verb's first), vendors' objects merged; what the verb says wins. */
function mergeOptions(base: RecognizerInput, input: RecognizerInput): RecognizerInput {
  const merged: RecognizerInput = { ...base };
  for (const [name, value] of Object.entries(input)) {
    const inherited = base[name];
    if (value === undefined) continue;
    if (Array.isArray(value) && Array.isArray(inherited)) merged[name] = [...new Set([...value, ...inherited])];
    else if (isObject(value) && isObject(inherited)) merged[name] = { ...inherited, ...value };
    else merged[name] = value;
  }
  return merged;
}
