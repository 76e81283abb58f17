// Where a restored port's output goes on: after everything the dead worker can have sent.

import type { Address } from '../base/index.ts';
import type { AgreedMedia } from '../sdp/index.ts';
import type { Checkpoint, OutputState } from './channel.ts';
import { restoreJumpPackets } from './limits.ts';

/** `now`: when the new worker begins. Time goes on in the timestamps, and the sequence skips what may have been sent. */
export function resumeState(
  checkpoint: (Checkpoint & { at: number }) | undefined,
  media: AgreedMedia,
  now: number,
): { output?: OutputState; latched?: Address } {
  if (!checkpoint) return {};
  const { output, latched, at } = checkpoint;
  const packets = Math.ceil(Math.max(0, now - at) / media.ptimeMs) + restoreJumpPackets;
  const units = (packets * media.ptimeMs * media.clockRate) / 1000;
  return {
    output: {
      ssrc: output.ssrc,
      sequence: (output.sequence + packets) & 0xffff,
      timestamp: (output.timestamp + units) % 2 ** 32,
    },
    ...(latched ? { latched } : {}),
  };
}
