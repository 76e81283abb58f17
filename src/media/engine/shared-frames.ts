// Shared frames: audio that several far ends hear as it is. It is never written again, and encoded once for all of them.
import type { Encoder } from '../../audio/index.ts';

/** What each shared frame is in the codecs it has been asked for. */
const payloads = new WeakMap<Int16Array, Map<Encoder, Uint8Array>>();

/** Marks a frame that is whole, and whoever holds it may go on holding it. */
export function shared(pcm: Int16Array): Int16Array {
  payloads.set(pcm, new Map());
  return pcm;
}

/** The payload of a shared frame, by an encoder that keeps no state; undefined: the frame is somebody's own. */
export function sharedPayload(pcm: Int16Array, encoder: Encoder, bytes: number): Uint8Array | undefined {
  const made = payloads.get(pcm);
  if (!made) return undefined;
  let payload = made.get(encoder);
  if (!payload) {
    payload = new Uint8Array(bytes);
    encoder.encode(pcm, payload);
    made.set(encoder, payload);
  }
  return payload;
}
