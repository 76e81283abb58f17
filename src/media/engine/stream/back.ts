// What comes back from a stream's server and is heard by the far end. Two ways (verbs.md 8.2): framed (playAudio), or raw and binary.
import type { Feed } from '../feed.ts';

export interface Back extends Feed {
  /** Binary audio. */
  audio(bytes: Uint8Array): void;
  /** The data of a `playAudio` message. */
  play(data: unknown): void;
  /** Everything that plays and waits is gone within a few ms (`killAudio`). */
  kill(): void;
  /** The data of a `mark` message: told when the audio before it has been played. */
  mark(name: string): void;
  clearMarks(): void;
  close(): void;
}
