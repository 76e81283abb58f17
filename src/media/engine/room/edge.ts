// Edges: one slot of a voice fading in, fading out, or dying away after its end. Five milliseconds: no click, and at once for the ear.

import { rising } from '../stages/fade.ts';

/** pcm[from..] as a slot that fades in or out, into out[to..]. */
export function fadeSlot(
  pcm: Int16Array,
  from: number,
  slot: { out: Int16Array; to: number; samples: number; rises: boolean },
): void {
  const { out, to, samples, rises } = slot;
  const curve = rising(samples);
  for (let i = 0; i < samples; i++) out[to + i] = Math.round(pcm[from + i]! * curve[rises ? i : samples - 1 - i]!);
}

/** What follows a voice that ends with pcm[..end), should nothing else: its end mirrored, fading. It meets the end, so nothing clicks. */
export function echoSlot(pcm: Int16Array, end: number, slot: { out: Int16Array; to: number; samples: number }): void {
  const { out, to, samples } = slot;
  const curve = rising(samples);
  for (let i = 0; i < samples; i++) out[to + i] = Math.round(pcm[end - 1 - i]! * curve[samples - 1 - i]!);
}
