// Verdicts: what is said of who answered, as transcripts, beeps and timers come (verbs.md 15). Knows no clock and no call.
import type { AmdNotice } from '../../apps/index.ts';
import { countWords, type Greeting } from './greeting.ts';
import { judge, type RuleSettings } from './rules.ts';

/** Named as the contract's timers. */
export type AmdTimer = 'noSpeech' | 'decision' | 'tone' | 'greetingCompletion';
export type AmdTimers = Record<AmdTimer, number>;

export interface AmdSettings extends RuleSettings {
  /** ms. */
  timers: AmdTimers;
}

/** After a beep the greeting is over so soon, ms. */
const afterBeepMs = 1_000;

export type AmdHappening =
  /** The recognizer hears; until then silence means nothing. */
  | { what: 'listening' }
  | ({ what: 'transcript' } & Greeting)
  | { what: 'beep'; frequencyHz: number; varianceHz2: number }
  | { what: 'expired'; timer: AmdTimer }
  /** Nobody can listen. */
  | { what: 'failed'; reason: string }
  | { what: 'stopped' };

export interface Consequence {
  /** To be told, in this order. */
  tell: AmdNotice[];
  /** Timers that begin now, anew when they run already; false: they end. */
  timers: Partial<Record<AmdTimer, number | false>>;
  /** Nothing more will come of it. */
  over: boolean;
}

const nothing: Consequence = { tell: [], timers: {}, over: false };
const end = (...tell: AmdNotice[]): Consequence => ({
  tell: [...tell, { type: 'amd_stopped' }],
  timers: {},
  over: true,
});

const expiry: Record<AmdTimer, AmdNotice> = {
  noSpeech: { type: 'amd_no_speech_detected' },
  decision: { type: 'amd_decision_timeout' },
  tone: { type: 'amd_tone_timeout' },
  greetingCompletion: { type: 'amd_machine_stopped_speaking' },
};

export class Verdicts {
  readonly #settings: AmdSettings;
  #listening = false;
  #machine = false;
  #beeped = false;

  constructor(settings: AmdSettings) {
    this.#settings = settings;
  }

  begin(): Consequence {
    const { decision, tone } = this.#settings.timers;
    return { ...nothing, timers: { decision, tone } };
  }

  hear(happening: AmdHappening): Consequence {
    switch (happening.what) {
      case 'listening':
        return this.#listens();
      case 'transcript':
        return this.#transcript(happening);
      case 'beep':
        return this.#beep(happening);
      case 'expired':
        return end(expiry[happening.timer]);
      case 'failed':
        return end({ type: 'amd_error', reason: happening.reason });
      case 'stopped':
        return end();
    }
  }

  /** Once: another recognizer may follow. */
  #listens(): Consequence {
    if (this.#listening) return nothing;
    this.#listening = true;
    return { ...nothing, timers: { noSpeech: this.#settings.timers.noSpeech } };
  }

  /** One without a word is no speech, and no human's. */
  #transcript(greeting: Greeting): Consequence {
    if (countWords(greeting) === 0) return nothing;
    if (this.#machine) return { ...nothing, timers: { greetingCompletion: this.#completionMs } };
    const finding = judge(greeting, this.#settings);
    if (!finding) return { ...nothing, timers: { noSpeech: false } };
    const { who, ...why } = finding;
    const heard = { ...why, greeting: greeting.text.trim(), language: greeting.language };
    if (who === 'human') return end({ type: 'amd_human_detected', ...heard });
    this.#machine = true;
    return {
      tell: [{ type: 'amd_machine_detected', ...heard }],
      timers: { noSpeech: false, decision: false, greetingCompletion: this.#completionMs },
      over: false,
    };
  }

  /** One is told; with it, what a machine says is nearly over. */
  #beep({ frequencyHz, varianceHz2 }: { frequencyHz: number; varianceHz2: number }): Consequence {
    if (this.#beeped) return nothing;
    this.#beeped = true;
    return {
      tell: [
        {
          type: 'amd_tone_detected',
          frequency: Math.round(frequencyHz),
          variance: Math.round(varianceHz2 * 100) / 100,
        },
      ],
      timers: { tone: false, ...(this.#machine && { greetingCompletion: this.#completionMs }) },
      over: false,
    };
  }

  get #completionMs(): number {
    const { greetingCompletion } = this.#settings.timers;
    return this.#beeped ? Math.min(greetingCompletion, afterBeepMs) : greetingCompletion;
  }
}
