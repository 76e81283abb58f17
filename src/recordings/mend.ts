// Mends a recording whose writer died: the header counts what is there, and half a frame at the end is cut off.
import { Fault, type Files, isFault } from '../base/index.ts';
import type { RecordingFacts } from '../calls/index.ts';

export interface Mended {
  durationMs: number;
  bytes: number;
}

/** Also says how long a whole one is. Rejects with a Fault `record-empty` when there is no audio, and `file-...`. */
export async function mend(files: Files, { path, format, sampleRate }: RecordingFacts): Promise<Mended> {
  const file = await files.open(path).catch((error: unknown) => {
    throw isFault(error) && error.code === 'file-missing' ? nothingThere() : error;
  });
  try {
    const size = await file.size();
    const { headerBytes, frameBytes, frameSamples } = shapes[format];
    const frames = Math.floor((size - headerBytes) / frameBytes);
    if (frames <= 0) throw nothingThere();
    const bytes = headerBytes + frames * frameBytes;
    if (format === 'wav') {
      if (bytes < size) await file.truncate(bytes);
      await file.write(4, uint32(bytes - 8));
      await file.write(40, uint32(bytes - headerBytes));
    }
    return {
      bytes: format === 'wav' ? bytes : size,
      durationMs: Math.round((frames * frameSamples * 1000) / sampleRate),
    };
  } finally {
    await file.close();
  }
}

/** As the engine writes them: 16 bit stereo; MP3 at a constant rate, whose players step over half a frame. */
const shapes = {
  wav: { headerBytes: 44, frameBytes: 4, frameSamples: 1 },
  mp3: { headerBytes: 0, frameBytes: 576, frameSamples: 576 },
} as const;

const uint32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

const nothingThere = (): Fault => new Fault('record-empty', 'nothing was recorded');
