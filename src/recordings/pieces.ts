// A recording as somebody listens to it: in pieces, so that hours of it take no memory.
import { readBytes } from './limits.ts';
import type { RecordingAudio } from './types.ts';

export interface Source {
  bytes: number;
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export function pieces({ bytes, read, close }: Source): RecordingAudio {
  return {
    bytes,
    async *read() {
      try {
        for (let at = 0; at < bytes; ) {
          const piece = await read(at, Math.min(readBytes, bytes - at));
          if (piece.length === 0) return;
          at += piece.length;
          yield piece;
        }
      } finally {
        await close();
      }
    },
    close,
  };
}
