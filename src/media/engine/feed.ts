// Feed: what a port's far end hears of others: a bridge's other side, or a room's mix. Below prompts and whispers, which cover it.

export interface Feed {
  /** Writes the next frame at this rate. False: it is silence, and `frame` was not written. Asked once for each frame of the port. */
  read(frame: Int16Array, sampleRate: number): boolean;
  /** A frame time in which something else is sent: what was to be heard then never is. `frame` is there to be written. */
  pass?(frame: Int16Array, sampleRate: number): void;
}
