// Bridge: two calls that hear each other, as a dial or a queue made them.
import type { Call } from './call.ts';

export type MediaPath = 'full-media' | 'partial-media' | 'no-media';

/** A bridge, seen from one of its two calls. */
export interface BridgePart {
  readonly other: Call;
  /** True on the call whose verb made the bridge (dial, dequeue). */
  readonly owner: boolean;
  readonly path: MediaPath;
  /** Resolves when both legs' audio goes the new way. */
  setPath(path: MediaPath): Promise<{ at: number }>;
}
