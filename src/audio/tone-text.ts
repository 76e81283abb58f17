// Parsers of tone_stream:// and silence_stream:// (FreeSWITCH's TGML), as applications write them in play and say.
import { type Refusal, refuse } from '../base/index.ts';
import { MAX_TONE_FREQUENCIES, MAX_TONE_MS, MAX_TONE_SEGMENTS, MAX_TONE_TEXT } from './limits.ts';
import { dtmfFrequencies, type ToneProgram, type ToneStep } from './tones.ts';

const toneScheme = 'tone_stream://';
const silenceScheme = 'silence_stream://';

export const isToneUrl = (url: string): boolean => url.startsWith(toneScheme) || url.startsWith(silenceScheme);

/** Either scheme. Refusal `bad-tone` says what is wrong. */
export function parseToneUrl(url: string): ToneProgram | Refusal {
  if (url.length > MAX_TONE_TEXT) return bad(`a tone text has at most ${MAX_TONE_TEXT} characters`);
  if (url.startsWith(silenceScheme)) return parseSilence(url.slice(silenceScheme.length));
  if (url.startsWith(toneScheme)) return new ToneTextParser(url.slice(toneScheme.length)).parse();
  return bad('expected tone_stream:// or silence_stream://');
}

const bad = (reason: string): Refusal => refuse('bad-tone', reason);

/** `ms[,noise]`: -1 is for ever; noise is FreeSWITCH's divisor (larger is quieter), 0 or none is true silence. */
function parseSilence(text: string): ToneProgram | Refusal {
  const match = /^\s*(-1|\d{1,9})\s*(?:,\s*(-?\d{1,9})\s*)?$/.exec(text);
  if (!match) return bad('silence_stream:// wants milliseconds, as in silence_stream://1000');
  const ms = Number(match[1]);
  if (ms > MAX_TONE_MS) return bad(`silence_stream:// takes at most ${MAX_TONE_MS} ms; -1 is for ever`);
  const divisor = Number(match[2] ?? 0);
  const step: ToneStep = { onMs: 0, offMs: ms < 0 ? 1000 : ms, frequencies: [], levelDbm0: 0 };
  if (divisor > 0) step.noise = Math.max(1, Math.round(32_767 / divisor));
  return { steps: [step], loops: ms < 0 ? Number.POSITIVE_INFINITY : 1 };
}

/** TGML's own defaults: level of each sine in dBm0, 250 ms on and 62.5 ms off for digits without durations. */
class ToneTextParser {
  readonly #text: string;
  readonly #steps: ToneStep[] = [];
  #levelDbm0 = -7;
  #onMs = 250;
  #offMs = 62.5;
  #slope: { direction: 1 | -1; everyMs: number } | undefined;
  #slopeDb = 0;
  #repeat = 1;
  #loops = 1;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ToneProgram | Refusal {
    for (const part of this.#text.split(';')) {
      const refused = /^\s*(?:[a-zA-Z]+|[<>+])\s*=/.test(part) ? this.#setting(part) : this.#tones(part);
      if (refused) return refused;
      if (this.#steps.length > MAX_TONE_SEGMENTS) return bad(`a tone text has at most ${MAX_TONE_SEGMENTS} tones`);
    }
    if (this.#steps.length === 0) return bad('no tone in it; write %(on ms, off ms, Hz, ...) or a digit');
    return { steps: this.#steps, loops: this.#loops };
  }

  #setting(part: string): Refusal | undefined {
    const [name, text] = part.split('=', 2).map((s) => s.trim());
    const value = Number(text);
    if (text === '' || !Number.isFinite(value)) return bad(`${name} wants a number, not "${text}"`);
    if (name === 'v') this.#levelDbm0 = Math.min(0, Math.max(-63, value));
    else if (name === 'd') this.#onMs = clampMs(value);
    else if (name === 'w') this.#offMs = clampMs(value);
    else if (name === 'l') this.#repeat = Math.min(MAX_TONE_SEGMENTS, Math.max(1, Math.trunc(value)));
    else if (name === 'L' || name === 'loops' || name === 'loop') this.#loops = loopsOf(value);
    else if (name === '>' || name === '<')
      this.#slope = { direction: name === '>' ? -1 : 1, everyMs: Math.max(1, value) };
    else if (name === '+') this.#slopeDb = Math.abs(value);
    // Channels and rate are the player's business here.
    else if (name !== 'c' && name !== 'r') return bad(`unknown tone setting "${name}"`);
    return undefined;
  }

  #tones(part: string): Refusal | undefined {
    const token = /\s*(?:([%0-9A-Da-d*#])(?:\(([^)]*)\))?|(\S))\s*,?/gy;
    for (let match = token.exec(part); match; match = token.exec(part)) {
      const refused = match[3] === undefined ? this.#tone(match[1]!, match[2]) : bad(`unexpected "${match[3]}"`);
      if (refused) return refused;
    }
    return undefined;
  }

  #tone(key: string, list: string | undefined): Refusal | undefined {
    const numbers = list === undefined ? [] : list.split(',').map((s) => (s.trim() === '' ? Number.NaN : Number(s)));
    if (numbers.some((n) => !Number.isFinite(n))) return bad(`"${list}" must be numbers: (on ms, off ms, Hz, ...)`);
    if (key === '%' && numbers.length < 3) return bad('% wants (on ms, off ms, Hz, ...)');
    const frequencies = key === '%' ? numbers.slice(2).filter((hz) => hz > 0) : dtmfFrequencies(key)!;
    if (frequencies.length > MAX_TONE_FREQUENCIES) return bad(`a tone has at most ${MAX_TONE_FREQUENCIES} frequencies`);
    const step: ToneStep = {
      onMs: clampMs(numbers[0] ?? this.#onMs),
      offMs: clampMs(numbers[1] ?? this.#offMs),
      frequencies,
      // TGML averages the sines of one tone, so that many are no louder than one.
      levelDbm0: this.#levelDbm0 - 20 * Math.log10(Math.max(1, frequencies.length)),
    };
    if (this.#slope && this.#slopeDb > 0) {
      step.slope = { stepDb: this.#slope.direction * this.#slopeDb, everyMs: this.#slope.everyMs };
    }
    for (let i = 0; i < this.#repeat; i++) this.#steps.push(step);
    return undefined;
  }
}

const clampMs = (ms: number): number => Math.min(MAX_TONE_MS, Math.max(0, ms));

/** Zero and below are for ever, as FreeSWITCH documents -1. */
const loopsOf = (value: number): number => (value > 0 ? Math.max(1, Math.trunc(value)) : Number.POSITIVE_INFINITY);
