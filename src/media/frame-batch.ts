// Frames of one turn go as one message: a message between processes costs more than all that is in it.
import type { ChannelEnd, Frame } from './channel.ts';

/** Sends what one turn of the loop, promises included, gives it; nothing waits for the next turn. */
export function batchFrames(send: (frames: Frame[]) => void): ChannelEnd['send'] {
  let waiting: Frame[] = [];
  return (frame) => {
    waiting.push(frame);
    if (waiting.length > 1) return;
    // Runs when the promises of this turn have settled.
    process.nextTick(() => {
      const frames = waiting;
      waiting = [];
      send(frames);
    });
  };
}

/** Hands each frame of a message to the end's listener. */
export function unbatchFrames(end: ChannelEnd): (frames: unknown) => void {
  return (frames) => {
    for (const frame of frames as Frame[]) end.onFrame(frame);
  };
}
