// Rendered speech in memory: least recently used goes first when the bytes are full.
import { MEMORY_ENTRY_PART } from './limits.ts';
import type { SpeechAudio } from './types.ts';

export class MemoryCache {
  readonly #limitBytes: number;
  // A Map keeps insertion order; an entry that is used moves to the end.
  readonly #entries = new Map<string, SpeechAudio>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): SpeechAudio | undefined {
    const audio = this.#entries.get(key);
    if (!audio) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, audio);
    return audio;
  }

  put(key: string, audio: SpeechAudio): void {
    if (audio.pcm.byteLength > this.#limitBytes * MEMORY_ENTRY_PART) return;
    this.#drop(key);
    this.#entries.set(key, audio);
    this.#bytes += audio.pcm.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.pcm.byteLength ?? 0;
    this.#entries.delete(key);
  }
}
