// Where a port's output begins, and where a restored one goes on: after everything the dead worker can have sent.
import { type Address, type Random, randomInt, randomUint32 } from '../../base/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import type { Checkpoint, OutputState } from '../channel.ts';
import { restoreJumpPackets } from '../limits.ts';

/** Chosen here and not by the worker, so that another worker can go on from the first packet. RFC 3550 5.1. */
export const newOutput = (random: Random): OutputState => ({
  ssrc: randomUint32(random),
  sequence: randomInt(random, 0x8000),
  timestamp: randomUint32(random),
});

/** `now`: when the new worker begins. Time goes on in the timestamps, and the sequence skips what may have been sent. */
export function resumeState(
  checkpoint: Pick<Checkpoint, 'output' | 'latched'> & { at: number },
  media: AgreedMedia,
  now: number,
): { output: OutputState; latched?: Address } {
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
