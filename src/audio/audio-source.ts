// What plays: a reader that fills frames, and a decoder that takes a file's bytes as they come.

/** Pull side. Mono. */
export interface AudioReader {
  readonly sampleRate: number;
  /** Fills `out` from the start; returns samples written. Fewer than asked means the end has come. */
  read(out: Int16Array): number;
}

/** Push side: a file in pieces of any size. Mono, at the file's own rate. */
export interface FileDecoder {
  /** Hz, known once the header has come. */
  readonly sampleRate: number | undefined;
  /** Samples that these bytes complete, possibly none. Throws a Fault `audio-format` when this is no such file. */
  decode(bytes: Uint8Array): Int16Array;
  /** The file is complete: the last samples. Throws a Fault `audio-format` when it held no audio at all. */
  end(): Int16Array;
  /** Frees what the decoder holds. */
  close(): void;
}
