// Feed: what a port's far end hears of others: a bridge's other side, or a room's mix. Below prompts and whispers, which cover it.

export interface Feed {
  /**
   * The next frame at this rate: `frame`, written, or one of the feed's own, which must not be changed. Undefined is silence. Asked once
   * for each frame of the port.
   */
  read(frame: Int16Array, sampleRate: number): Int16Array | undefined;
  /** A frame time in which something else is sent: what was to be heard then never is. `frame` is there to be written. */
  pass?(frame: Int16Array, sampleRate: number): void;
}
