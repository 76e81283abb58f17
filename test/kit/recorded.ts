// Recordings read back, not by our own decoders where it matters: both channels of WAV and MP3 files.
import assert from 'node:assert/strict';
import { MPEGDecoder } from 'mpg123-decoder';

export interface Channels {
  left: Int16Array;
  right: Int16Array;
}

/** Of a 16 bit stereo WAV whose header must count what is there. */
export function channels(file: Uint8Array): Channels {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  assert.equal(Buffer.from(file.subarray(0, 4)).toString(), 'RIFF');
  assert.equal(view.getUint16(22, true), 2, 'two channels');
  const samples = view.getUint32(40, true) / 4;
  assert.equal(file.length, 44 + 4 * samples, 'the header counts what is there');
  assert.equal(view.getUint32(4, true), file.length - 8);
  const side = (offset: number): Int16Array =>
    Int16Array.from({ length: samples }, (_, i) => view.getInt16(44 + 4 * i + offset, true));
  return { left: side(0), right: side(2) };
}

export async function decodeMp3(file: Uint8Array): Promise<Channels> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  const { channelData } = decoder.decode(file);
  decoder.free();
  const [left, right] = channelData.map((floats) => Int16Array.from(floats, (x) => Math.round(x * 32_767)));
  return { left: left!, right: right! };
}
