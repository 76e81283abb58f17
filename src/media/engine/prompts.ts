// Prompts: sources turned into clips, each once for all calls that play it. HTTP freshness honoured, memory bounded.
import { isToneUrl } from '../../audio/index.ts';
import { type Clock, Fault, type Log, type Network } from '../../base/index.ts';
import type { Speech } from '../../speech/index.ts';
import { promptCacheBytes, promptCacheEntries } from '../limits.ts';
import type { AudioSource } from '../types.ts';
import type { AudioFiles } from './audio-files.ts';
import type { Clip } from './clip.ts';
import { loadFile } from './sources/file.ts';
import { loadHttp } from './sources/http.ts';
import { loadSpeech } from './sources/say.ts';
import { loadTone } from './sources/tone.ts';

/** How a `say` was made, for the event log. */
export interface SynthesisNote {
  vendor: string;
  language: string;
  characters: number;
  elapsedMs: number;
  fromCache: boolean;
}

/** A clip and for how long it may be used again. */
export interface Prompt {
  clip: Clip;
  /** Clock time until which nobody need be asked whether it is still right; 0 for never to be kept. */
  freshUntil: number;
  /** What lets the owner say that it is still right. */
  validator?: { etag?: string; lastModified?: string; version?: string };
  note?: SynthesisNote;
}

export interface PromptWorld {
  clock: Clock;
  network: Pick<Network, 'http'>;
  files: AudioFiles;
  speech: Speech | undefined;
  log: Log;
}

/** Loads a source at a rate; `old` may be given back, renewed, when it is still right. */
type Load = (sampleRate: number, old: Prompt | undefined) => Promise<Prompt>;

export class Prompts {
  readonly #world: PromptWorld;
  readonly #limitBytes: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, Prompt>();
  readonly #loading = new Map<string, Promise<Prompt>>();

  constructor(world: PromptWorld, limitBytes = promptCacheBytes) {
    this.#world = world;
    this.#limitBytes = limitBytes;
  }

  /** Rejects with a Fault `play-*`, `http-*` or `tts-*`. */
  async get(source: AudioSource, sampleRate: number): Promise<Prompt> {
    if (source.kind === 'say' && source.noCache) return this.#load(source)(sampleRate, undefined);
    const key = `${sampleRate} ${keyOf(source)}`;
    const kept = this.#kept.get(key);
    if (kept && kept.freshUntil > this.#world.clock.now()) {
      this.#touch(key, kept);
      return kept;
    }
    const shared = this.#loading.get(key);
    if (shared) return shared;
    const loading = this.#load(source)(sampleRate, kept).then((prompt) => this.#keep(key, prompt));
    this.#loading.set(key, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(key);
    }
  }

  #load(source: AudioSource): Load {
    const world = this.#world;
    if (source.kind === 'say') return (rate) => loadSpeech(world, source, rate);
    const { url } = source;
    if (isToneUrl(url)) return (rate) => loadTone(world, url, rate);
    if (/^https?:/i.test(url)) return (rate, old) => loadHttp(world, source, { sampleRate: rate, old });
    if (/^file:/i.test(url)) return (rate, old) => loadFile(world, url, { sampleRate: rate, old });
    return () =>
      Promise.reject(
        new Fault('play-format', 'this address cannot be played; use http, https, file, tone_stream or silence_stream'),
      );
  }

  #touch(key: string, prompt: Prompt): void {
    this.#kept.delete(key);
    this.#kept.set(key, prompt);
  }

  #keep(key: string, prompt: Prompt): Prompt {
    this.#kept.delete(key);
    if (prompt.freshUntil === 0) return prompt;
    this.#kept.set(key, reused(prompt));
    // Clips may still be growing, so the sum is taken anew; a full walk is some hundred entries per new prompt.
    let bytes = 0;
    for (const { clip } of this.#kept.values()) bytes += clip.bytes;
    for (const [oldest, { clip }] of this.#kept) {
      if (bytes <= this.#limitBytes && this.#kept.size <= promptCacheEntries) break;
      this.#kept.delete(oldest);
      bytes -= clip.bytes;
    }
    return prompt;
  }
}

/** What the next one who plays it is told: it came from the cache, at once. */
const reused = (prompt: Prompt): Prompt =>
  prompt.note ? { ...prompt, note: { ...prompt.note, fromCache: true, elapsedMs: 0 } } : prompt;

/** Everything that changes the sound, and who may hear it. */
function keyOf(source: AudioSource): string {
  if (source.kind === 'url') return JSON.stringify([source.url, source.username, source.password]);
  return JSON.stringify([source.text, source.synthesizer]);
}
